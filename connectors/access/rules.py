"""Who may call which tool, and the sentence for a call that is refused, such as that the tool is quarantined: pure
rules over plain facts, the same for the gateway and for every page.

A tool may be called when all of it holds: the caller is active ∧ the profile is theirs ∧ the connector is active and
approved in review ∧ the
tool is offered, not quarantined and enabled ∧ the profile contains it ∧ a group or role of the caller is allowed.
Each answer carries the one sentence that names the rule which decided.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from connectors.access.grantees import role_label
from connectors.models import EVERYONE, Connector, Tool
from harriet.lib.sentences import some_of

LONGEST_NAME = 60
"""Model APIs refuse tool names beyond 64, and some clients hide those beyond 60."""

MOST_NAMED = 10
"""Groups and roles in a sentence: it stands in every row of a page."""

_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]")


@dataclass(frozen=True, slots=True)
class Verdict:
    is_allowed: bool
    reason: str


@dataclass(frozen=True, slots=True)
class ToolFacts:
    tool_id: UUID
    name: str
    """As sentences call it: "send_mail", "greet (prompt)", "reading resources"."""
    connector_id: UUID
    connector_name: str
    connector_state: str
    """`Connector.State`; anything but active refuses."""
    state: str
    """`Tool.State`; anything but pinned refuses."""
    is_enabled: bool
    connector_review: str = Connector.Standing.APPROVED
    """`Connector.Standing`; anything but approved refuses."""
    groups: Mapping[UUID, str] = field(default_factory=dict)
    """The groups that may call it: id → name, for the sentence."""
    roles: frozenset[str] = frozenset()
    """The roles that may call it; `EVERYONE` stands for each active member."""


@dataclass(frozen=True, slots=True)
class CallerFacts:
    label: str
    is_active: bool
    role: str | None
    """None for an integration key, which is nobody's: neither roles nor "everyone" include it, only its groups."""
    group_ids: frozenset[UUID] = frozenset()
    membership_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class ProfileFacts:
    profile_id: UUID
    name: str
    connector_ids: frozenset[UUID] = frozenset()
    tool_ids: frozenset[UUID] = frozenset()
    group_ids: frozenset[UUID] = frozenset()
    membership_ids: frozenset[UUID] = frozenset()


def may_call(tool: ToolFacts, caller: CallerFacts, profile: ProfileFacts) -> Verdict:
    """Whether this caller may call this tool through this profile, and the rule that decides."""
    for refusal in (may_open(profile, caller), _is_offered(tool), _is_in(profile, tool)):
        if not refusal.is_allowed:
            return refusal
    return is_permitted(tool, caller)


def each_rule(tool: ToolFacts, caller: CallerFacts, profile: ProfileFacts) -> tuple[Verdict, ...]:
    """All that `may_call` asks, in its order, also what comes after the rule that decides: for whoever mends it."""
    return may_open(profile, caller), _is_offered(tool), _is_in(profile, tool), is_permitted(tool, caller)


def may_open(profile: ProfileFacts, caller: CallerFacts) -> Verdict:
    """Whether the profile is one of the caller's."""
    if not caller.is_active:
        return _inactive(caller)
    if caller.membership_id is not None and caller.membership_id in profile.membership_ids:
        return Verdict(True, f"{caller.label} is named in the profile {profile.name}.")
    if caller.group_ids & profile.group_ids:
        return Verdict(True, f"A group of {caller.label} has the profile {profile.name}.")
    return Verdict(False, f"{caller.label} is neither named in the profile {profile.name} nor in one of its groups.")


def shown_name(connector_slug: str, tool_name: str, has_prefix: bool) -> str:
    """The name that clients see: letters they all accept, at most 60; what had to be cut or replaced ends in a hash."""
    whole = f"{connector_slug}_{tool_name}" if has_prefix else tool_name
    safe = _UNSAFE.sub("_", whole)
    if safe == whole and len(safe) <= LONGEST_NAME:
        return safe
    mark = hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{safe[: LONGEST_NAME - 9]}_{mark}"


def shown_uri(connector_slug: str, uri: str, has_prefix: bool) -> str:
    """The address that clients see. With a prefix the slug becomes part of the scheme, which may have a plus sign."""
    return f"{_scheme(connector_slug)}+{uri}" if has_prefix else uri


def split_uri(shown: str, slugs: Iterable[str]) -> tuple[str | None, str]:
    """The connector that an address with a prefix names, and its address there."""
    mark, _, uri = shown.partition("+")
    return next((slug for slug in slugs if _scheme(slug) == mark), None), uri


def _scheme(slug: str) -> str:
    """Schemes begin with a letter (RFC 3986)."""
    return slug if slug[:1].isalpha() else f"c-{slug}"


def _inactive(caller: CallerFacts) -> Verdict:
    return Verdict(False, f"The access of {caller.label} is switched off.")


_NOT_OFFERED: tuple[tuple[Callable[[ToolFacts], bool], str], ...] = (
    (lambda tool: tool.connector_state == Connector.State.DRAFT, "{connector} is still a draft."),
    (lambda tool: tool.connector_state != Connector.State.ACTIVE, "{connector} is paused."),
    (lambda tool: tool.connector_review == Connector.Standing.BLOCKED, "{connector} was blocked in review."),
    (
        lambda tool: tool.connector_review == Connector.Standing.CHANGES,
        "{connector} waits for changes that its review asks for.",
    ),
    (lambda tool: tool.connector_review != Connector.Standing.APPROVED, "{connector} waits for review."),
    (lambda tool: tool.state == Tool.State.REMOVED, "{connector} no longer offers {tool}."),
    (
        lambda tool: tool.state != Tool.State.PINNED,
        "The definition of {tool} changed at the server; it is quarantined until an admin accepts the change.",
    ),
    (lambda tool: not tool.is_enabled, "{tool} is not enabled."),
)


def _is_offered(tool: ToolFacts) -> Verdict:
    for is_so, sentence in _NOT_OFFERED:
        if is_so(tool):
            return Verdict(False, sentence.format(connector=tool.connector_name, tool=tool.name))
    return Verdict(True, f"{tool.name} is enabled.")


def _is_in(profile: ProfileFacts, tool: ToolFacts) -> Verdict:
    if tool.connector_id in profile.connector_ids or tool.tool_id in profile.tool_ids:
        return Verdict(True, f"The profile {profile.name} contains {tool.name}.")
    return Verdict(False, f"The profile {profile.name} does not contain {tool.name}.")


def is_permitted(tool: ToolFacts, caller: CallerFacts) -> Verdict:
    """Whether one of the caller's groups or roles is allowed, whatever else decides."""
    shared = caller.group_ids & tool.groups.keys()
    if shared:
        names = sorted(tool.groups[group] for group in shared)
        return Verdict(True, f"{tool.name} is allowed for the group {names[0]}.")
    if caller.role is not None and caller.role in tool.roles:
        return Verdict(True, f"{tool.name} is allowed for the role {role_label(caller.role)}.")
    if caller.role is not None and EVERYONE in tool.roles:
        return Verdict(True, f"{tool.name} is allowed for everyone.")
    return Verdict(False, _not_permitted(tool, caller))


def _not_permitted(tool: ToolFacts, caller: CallerFacts) -> str:
    if not tool.groups and not tool.roles:
        return f"{tool.name} is enabled, but for no group and no role, so nobody may call it."
    allowed = [f"the group {name}" for name in sorted(tool.groups.values())]
    allowed += [_role_words(role) for role in sorted(tool.roles)]
    return f"{tool.name} is allowed for {some_of(allowed, MOST_NAMED)}; {caller.label} is not among them."


def _role_words(role: str) -> str:
    return "every member" if role == EVERYONE else f"the role {role_label(role)}"
