"""The form of a set-up file. It may grow, but what is valid today stays valid."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from connectors.transports.base import NATIVE
from connectors.transports.kinds import checked_kind
from harriet.lib.errors import Problem
from harriet.lib.secret import Secret
from harriet.people.names import clean_slug
from vault.types.base import Input
from vault.types.registry import NO_CREDENTIAL_TYPE, Entered, all_inputs, choices_with_none, entered

RiskClass = Literal["read_only", "moderate", "dangerous", "unknown"]
DecidersWord = Literal["approvers", "requester", "two_people"]
WorkflowState = Literal["draft", "active", "off"]
TrustLevel = Literal["manual", "supervised", "autonomous"]


class SetupFileError(Problem):
    """The file says something that cannot be applied; the message names the place."""


class OrganizationPart(msgspec.Struct, forbid_unknown_fields=True):
    slug: str
    name: str


class PersonPart(msgspec.Struct, forbid_unknown_fields=True):
    email: str
    role: str = "member"
    groups: list[str] = []
    name: str = ""


class SecretPart(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Where the secret is read from when the file is applied; the file never holds it."""

    env: str = ""
    file: str = ""

    def read(self) -> Secret:
        if bool(self.env) == bool(self.file):
            raise SetupFileError('A secret names one source: {"env": "NAME"} or {"file": "PATH"}.')
        if self.env:
            value = os.environ.get(self.env, "")
            if not value:
                raise SetupFileError(f"The environment variable {self.env}, which should hold a secret, is not set.")
            return Secret(value)
        try:
            return Secret(Path(self.file).read_text(encoding="utf-8").removesuffix("\n"))
        except OSError as error:
            raise SetupFileError(f"The secret's file {self.file} cannot be read: {error.strerror}.") from None
        except ValueError:
            raise SetupFileError(f"The secret's file {self.file} is not UTF-8 text.") from None


def _allowed(one: Input) -> Any:
    """The values that an input may have in a file: "" for what is left out."""
    return Literal[("", *(value for value, _ in one.choices))] if one.choices else str


if TYPE_CHECKING:
    AuthenticationType = str

    class _Asked(msgspec.Struct):
        type: AuthenticationType = NO_CREDENTIAL_TYPE
        secret: SecretPart | None = None
else:  # what the types of credential ask for isn't known before they are read
    AuthenticationType = Literal[tuple(code for code, _ in choices_with_none())]
    _Asked = msgspec.defstruct(
        "_Asked",
        [
            ("type", AuthenticationType, NO_CREDENTIAL_TYPE),
            ("secret", SecretPart | None, None),
            *((one.name, _allowed(one), msgspec.field(name=one.key, default="")) for one in all_inputs()),
        ],
        forbid_unknown_fields=True,
        omit_defaults=True,
    )


class AuthenticationPart(_Asked, forbid_unknown_fields=True, omit_defaults=True):
    """A type of credential, or none, and what it asks for by the keys of its inputs; left out, they are what the type
    usually means."""

    owner: str = ""
    rotate_every_days: int | None = None
    untested: bool = False
    """A secret that replaces another is saved without asking the server, for one that is down at the moment."""

    @property
    def entered(self) -> Entered:
        return entered(all_inputs(), {one.name: getattr(self, one.name) for one in all_inputs()})


class ToolPart(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What is left out (None) is left as it is."""

    enabled: bool | None = None
    groups: list[str] | None = None
    roles: list[str] | None = None
    requires_confirmation: bool | None = None
    risk: RiskClass | None = None


class IdentityPart(msgspec.Struct, forbid_unknown_fields=True):
    kind: str = "none"
    header: str = ""
    attribute: str = ""
    refuses_local: bool = True


class RulePart(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A rule on the arguments of calls; the place in the list is its place."""

    condition: str
    told: str
    """What people are told, by which the rule is known."""
    effect: Literal["hold", "refuse"] = "hold"
    tool: str = ""
    """The one tool that it is of; empty for all of the connector's."""
    on: bool = True


class ScopePart(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What an autonomous profile lets run, and until when."""

    name: str
    reason: str
    expires_at: Annotated[datetime, msgspec.Meta(tz=True)]
    tools: list[str] = []
    """As <connector slug>/<tool name>."""
    classes: list[Literal["moderate"]] = []
    condition: str = ""


class ConnectorPart(msgspec.Struct, forbid_unknown_fields=True):
    slug: str
    name: str
    url: str
    kind: str = NATIVE
    description: str = ""
    allow_internal: bool = False
    checks_arguments: bool | None = None
    """Whether calls are checked against the tools' schemas before they leave; left out, it stays as it is."""
    deciders: DecidersWord | None = None
    """Who decides on its held calls; left out, it stays as it is."""
    identity: IdentityPart | None = None
    """What the server is told of who calls; left out, it stays as it is."""
    authentication: AuthenticationPart = msgspec.field(default_factory=AuthenticationPart)
    tools: dict[str, ToolPart] = {}
    prompts: dict[str, ToolPart] = {}
    resources: ToolPart = msgspec.field(default_factory=ToolPart)
    """All of them together."""
    rules: list[RulePart] | None = None
    """On the arguments of calls; left out, they stay as they are."""

    def wishes_for(self, tool_name: str) -> ToolPart:
        """What the file says of one tool: the line for "*", overridden by the tool's own."""
        return _wishes(self.tools, tool_name)

    def wishes_for_prompt(self, name: str) -> ToolPart:
        return _wishes(self.prompts, name)


def _wishes(parts: dict[str, ToolPart], wanted: str) -> ToolPart:
    everyone, own = parts.get("*", ToolPart()), parts.get(wanted, ToolPart())
    names = ToolPart.__struct_fields__
    return ToolPart(**{name: getattr(everyone if getattr(own, name) is None else own, name) for name in names})


class ProfilePart(msgspec.Struct, forbid_unknown_fields=True):
    slug: str
    name: str
    description: str = ""
    groups: list[str] = []
    people: list[str] = []
    connectors: list[str] = []
    tools: list[str] = []
    """Single tools as <connector slug>/<tool name>."""
    prompts: list[str] = []
    """Single prompts as <connector slug>/<prompt name>."""
    resources: list[str] = []
    """Connectors of which the profile has the resources, though not the whole connector."""
    prefix: bool = False
    progressive: bool = False
    trust: TrustLevel | None = None
    """Left out, it stays as it is: Supervised for a new profile."""
    hold_seconds: int | None = None
    """None for what the organization says."""
    scopes: list[ScopePart] | None = None
    """Of an autonomous profile; left out, they stay as they are."""


class LimitPart(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """How often somebody may call, or something may be called."""

    kind: Literal["person", "device", "agent", "key", "tool", "connector"]
    of: str = ""
    """An e-mail address, <e-mail address>/<device>, the name of an agent or a shared key, <connector slug>/<tool name>,
    a connector's slug; left out, each of the kind."""
    counts: Literal["calls", "writes"] = "calls"
    per_minute: int | None = None
    per_day: int | None = None
    at_limit: Literal["refuse", "hold"] = "refuse"


class WorkflowPart(msgspec.Struct, forbid_unknown_fields=True):
    slug: str
    name: str
    profile: str
    """Short name of the profile whose tools it calls."""
    description: str = ""
    inputs: list[dict[str, Any]] = []
    steps: list[dict[str, Any]] = []
    """As docs/workflows.md has them; a tool is <connector slug>/<tool name>."""
    state: WorkflowState = "draft"


class SetupFile(msgspec.Struct, forbid_unknown_fields=True):
    organization: OrganizationPart
    groups: list[str] = []
    people: list[PersonPart] = []
    connectors: list[ConnectorPart] = []
    profiles: list[ProfilePart] = []
    limits: list[LimitPart] = []
    workflows: list[WorkflowPart] = []


def read(raw: bytes) -> SetupFile:
    """Parse and check a set-up file; raises SetupFileError naming the place that is wrong."""
    try:
        setup = msgspec.json.decode(raw.decode("utf-8-sig"), type=SetupFile)
    except UnicodeDecodeError as error:
        raise SetupFileError(f"The set-up file is not UTF-8 text: see its byte {error.start}.") from None
    except msgspec.ValidationError as error:
        raise SetupFileError(f"The set-up file is not in the form that docs/setup-file.md shows: {error}.") from None
    except msgspec.DecodeError as error:
        raise SetupFileError(f"The set-up file is not JSON: {error}.") from None
    _check_slugs(setup)
    _check_names(setup)
    _check_kinds(setup)
    _check_profiles(setup)
    return setup


def write(setup: SetupFile) -> bytes:
    names = SetupFile.__struct_fields__
    return b"".join(write_parts((name, getattr(setup, name)) for name in names))


def write_parts(parts: Iterable[tuple[str, Any]]) -> Iterator[bytes]:
    """The file, piece by piece: a list is written entry by entry, so that what is long is never held as a whole."""
    yield b"{"
    for place, (name, part) in enumerate(parts):
        yield b"%b\n  %b: " % (b"," if place else b"", msgspec.json.encode(name))
        if isinstance(part, list | Iterator):
            yield from _entries(part)
        else:
            yield _indented(part, 1)
    yield b"\n}\n"


def _entries(part: Iterable[Any]) -> Iterator[bytes]:
    is_empty = True
    for entry in part:
        yield b"%b\n    %b" % (b"[" if is_empty else b",", _indented(entry, 2))
        is_empty = False
    yield b"[]" if is_empty else b"\n  ]"


def _indented(part: Any, depth: int) -> bytes:
    """A line break within a text is escaped, so each that is left is one of the form."""
    return msgspec.json.format(msgspec.json.encode(part), indent=2).replace(b"\n", b"\n" + b"  " * depth)


def _check_slugs(setup: SetupFile) -> None:
    """Each is a short name and stands in the file once: two parts for one thing would undo each other at every run."""
    connectors, profiles = setup.connectors, setup.profiles
    _check_each("Organization", [setup.organization.slug], 50)
    _check_each("Group", list(dict.fromkeys(setup.groups)), 50)
    _check_each("Connector", [connector.slug for connector in connectors], 40)
    _check_each("Profile", [profile.slug for profile in profiles], 50)
    _check_each("Workflow", [workflow.slug for workflow in setup.workflows], 50)
    _refuse_twice("Person", [person.email.strip().lower() for person in setup.people])


def _check_kinds(setup: SetupFile) -> None:
    for place, connector in enumerate(setup.connectors):
        try:
            checked_kind(connector.kind)
        except Problem as problem:
            raise SetupFileError(
                "The set-up file is not in the form that docs/setup-file.md shows: "
                f"{problem.message.removesuffix('.')} - at `$.connectors[{place}].kind`."
            ) from None


def _check_each(kind: str, slugs: list[str], longest: int) -> None:
    for slug in slugs:
        try:
            clean_slug(slug, longest=longest)
        except Problem as problem:
            raise SetupFileError(f'{kind} "{slug}": {problem.message}') from None
    _refuse_twice(kind, slugs)


def _refuse_twice(kind: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise SetupFileError(f'{kind} "{name}" is in the file twice. Make one of the two.')


def _check_names(setup: SetupFile) -> None:
    """Every group and connector that is named must be in the file, so that nothing is half applied."""
    groups, connectors = set(setup.groups), {connector.slug for connector in setup.connectors}
    for place, named in _named_groups(setup):
        for name in named:
            if name not in groups:
                raise SetupFileError(f'{place} names the group "{name}", which is not in the file\'s "groups".')
    for profile in setup.profiles:
        single = [path.partition("/")[0] for path in (*profile.tools, *profile.prompts, *profile.resources)]
        for slug in [*profile.connectors, *single]:
            if slug not in connectors:
                raise SetupFileError(
                    f'Profile "{profile.slug}" names the connector "{slug}", which is not in the file.'
                )


def _check_profiles(setup: SetupFile) -> None:
    profiles = {profile.slug for profile in setup.profiles}
    for workflow in setup.workflows:
        if workflow.profile not in profiles:
            raise SetupFileError(
                f'Workflow "{workflow.slug}" names the profile "{workflow.profile}", which is not in the file.'
            )


def _named_groups(setup: SetupFile) -> list[tuple[str, list[str]]]:
    people: list[tuple[str, list[str]]] = [(f"{person.email}", person.groups) for person in setup.people]
    profiles = [(f'Profile "{profile.slug}"', profile.groups) for profile in setup.profiles]
    return [*people, *profiles, *(named for connector in setup.connectors for named in _groups_in(connector))]


def _groups_in(connector: ConnectorPart) -> list[tuple[str, list[str]]]:
    of = f'of connector "{connector.slug}"'
    return [
        *((f'Tool "{name}" {of}', tool.groups or []) for name, tool in connector.tools.items()),
        *((f'Prompt "{name}" {of}', prompt.groups or []) for name, prompt in connector.prompts.items()),
        (f'"resources" {of}', connector.resources.groups or []),
    ]
