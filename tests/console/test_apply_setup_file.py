"""A set-up file is applied, changed, applied again and exported; a token is issued on the command line."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from audit.models import Event
from connectors.models import Connector, Profile, Tool
from harriet.people.models import AccessToken, Device, Group, Membership, Organization
from harriet.people.tokens import hash_token
from tests.servers.moody import Server, prompt, tool
from vault.models import CredentialVersion
from vault.queries import credential_of

pytestmark = pytest.mark.django_db

SECRET = "crm-secret-41b0"
ISSUE = """{"organization": {"slug": "acme", "name": "Acme"}, "groups": ["sales"],
 "people": [{"email": "member@acme.test", "role": "member", "groups": ["sales"]}],
 "connectors": [{"slug": "crm", "name": "CRM", "kind": "native", "url": "http://127.0.0.1:9000/mcp",
   "allow_internal": true, "authentication": {"type": "bearer", "secret": {"env": "CRM_TOKEN"}},
   "tools": {"*": {"enabled": true, "groups": ["sales"]}, "send_mail": {"requires_confirmation": true},
             "delete_all": {"enabled": false}}}],
 "profiles": [{"slug": "work", "name": "Work", "groups": ["sales"], "connectors": ["crm"], "prefix": false}]}"""

Apply = Callable[[Any], str]


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    running.token = SECRET
    yield running
    running.stop()


@pytest.fixture
def example(server: Server, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The example, with the address of a server that runs."""
    monkeypatch.setenv("CRM_TOKEN", SECRET)
    setup = json.loads(ISSUE)
    setup["connectors"][0]["url"] = server.url
    return setup


@pytest.fixture
def apply(tmp_path: Path) -> Apply:
    def run(setup: Any) -> str:
        file = tmp_path / "setup.json"
        file.write_bytes(setup if isinstance(setup, bytes) else json.dumps(setup).encode())
        return command("apply", str(file))

    return run


def command(*arguments: str) -> str:
    """What it prints; with what it printed before it failed in the error's notes."""
    out = StringIO()
    try:
        call_command(*arguments, stdout=out)
    except CommandError as error:
        error.add_note(out.getvalue())
        raise
    return out.getvalue()


def marks(said: str) -> set[str]:
    """The first words of the lines: created, changed, left, FAILED."""
    return {line.split()[0] for line in said.splitlines()}


def refused(apply: Apply, setup: Any) -> str:
    """Everything that a failing run says."""
    with pytest.raises(CommandError) as caught:
        apply(setup)
    return "\n".join([str(caught.value), *caught.value.__notes__])


def test_what_is_connected_is_approved_unless_reviewers_are_to_look(apply: Apply, example: Any, tmp_path: Path) -> None:
    file = tmp_path / "reviewed.json"
    file.write_text(json.dumps(example))
    assert "It waits for review (" in command("apply", str(file), "--review")
    assert Connector.objects.get().review == "needs_review"
    assert "review of crm: approved" in apply(example)
    assert Connector.objects.get().review == "approved"
    assert "review.approved" in set(Event.objects.values_list("code", flat=True))


def test_the_example_creates_then_leaves(apply: Apply, example: Any) -> None:
    said = apply(example)
    for what in ("organization acme", "group sales", "person member@acme.test", "connector crm", "profile work"):
        assert f"created  {what}\n" in said
    assert marks(said) == {"created", "changed"} and SECRET not in said
    connector = Connector.objects.get()
    assert (connector.state, connector.health, connector.allow_internal) == ("active", "up", True)
    tools = {found.name: found for found in Tool.objects.all()}
    assert {name: found.is_enabled for name, found in tools.items()} == {
        "list_contacts": True,
        "send_mail": True,
        "delete_all": False,
    }
    assert tools["send_mail"].requires_confirmation and not tools["list_contacts"].requires_confirmation
    assert all(
        [str(row.group and row.group.slug) for row in found.permissions.all()] == ["sales"] for found in tools.values()
    )
    assert [str(found) for found in Profile.objects.get().connectors.all()] == ["CRM"]
    member = Membership.objects.get(user__email="member@acme.test")
    assert (member.role, [group.slug for group in member.groups.all()]) == ("member", ["sales"])

    before = set(Event.objects.values_list("id", flat=True))
    assert marks(apply(example)) == {"left"}
    assert {event.code for event in Event.objects.exclude(id__in=before)} <= {"connector.synced"}
    assert CredentialVersion.objects.count() == 1


def test_a_changed_file_changes_just_that(apply: Apply, example: Any) -> None:
    apply(example)
    example["people"][0]["role"] = "approver"
    example["connectors"][0]["tools"]["delete_all"] = {"enabled": True, "requires_confirmation": True}
    example["profiles"][0]["prefix"] = True
    said = apply(example).splitlines()
    assert [line for line in said if not line.startswith("left")] == [
        "changed  person member@acme.test",
        "changed  tool crm/delete_all",
        "changed  profile work",
    ]
    assert Membership.objects.get().role == "approver"
    assert Tool.objects.get(name="delete_all").is_enabled
    assert Profile.objects.get().has_prefix


def test_checks_of_arguments_are_as_the_file_says_and_stay_when_it_is_silent(apply: Apply, example: Any) -> None:
    apply(example)
    example["connectors"][0]["checks_arguments"] = True
    assert "changed  connector crm" in apply(example)
    assert "changed" not in apply(example)
    del example["connectors"][0]["checks_arguments"]
    assert "changed" not in apply(example)
    assert Connector.objects.get().checks_arguments
    assert json.loads(command("export", "--organization", "acme"))["connectors"][0]["checks_arguments"] is True


def test_another_secret_is_a_new_version(
    apply: Apply, example: Any, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply(example)
    server.token = "rotated-secret-93"
    monkeypatch.setenv("CRM_TOKEN", server.token)
    assert "changed  connector crm\n" in apply(example)
    assert CredentialVersion.objects.filter(is_current=True).get().number == 2
    example["connectors"][0]["authentication"] |= {"owner": "member@acme.test", "rotate_every_days": 30}
    assert "changed  connector crm\n" in apply(example)
    credential = credential_of(Connector.objects.get().pk)
    assert credential is not None and (str(credential.owner), credential.rotate_every_days) == ("member@acme.test", 30)
    assert CredentialVersion.objects.count() == 2
    assert marks(apply(example)) == {"left"}


def test_a_secret_that_the_server_refuses_changes_nothing(
    apply: Apply, example: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply(example)
    monkeypatch.setenv("CRM_TOKEN", "mistyped-secret-77")
    said = refused(apply, example)
    assert "nothing was changed" in said and "mistyped-secret-77" not in said
    assert CredentialVersion.objects.count() == 1


def test_whoever_says_so_replaces_a_secret_without_a_try(
    apply: Apply, example: Any, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply(example)
    server.is_broken = True
    monkeypatch.setenv("CRM_TOKEN", "for-tomorrow-77")
    refused(apply, example)
    assert CredentialVersion.objects.count() == 1
    example["connectors"][0]["authentication"]["untested"] = True
    refused(apply, example)  # its tools can't be read now
    assert CredentialVersion.objects.count() == 2
    server.is_broken, server.token = False, "for-tomorrow-77"
    example["connectors"][0]["authentication"] = {"type": "none"}
    assert "nothing was changed" in refused(apply, example), "it can't do without"
    assert CredentialVersion.objects.count() == 2


def test_a_moved_connector_asks_for_its_secret_before_it_moves(apply: Apply, example: Any, server: Server) -> None:
    apply(example)
    example["connectors"][0]["url"] = server.url + "/other-tenant"
    secret = example["connectors"][0]["authentication"].pop("secret")
    assert "Its address is another one than its secret was saved for" in refused(apply, example)
    crm = Connector.objects.get()
    assert crm.url == server.url and credential_of(crm.pk) is not None
    example["connectors"][0]["authentication"]["secret"] = secret
    apply(example)
    assert Connector.objects.get().url.endswith("/other-tenant")
    assert Event.objects.filter(code="credential.deleted").count() == 1


def test_tools_that_come_and_go(apply: Apply, example: Any, server: Server) -> None:
    apply(example)
    server.tools = [*server.tools[:2], tool("archive")]
    said = refused(apply, example)
    assert "changed  tools of crm: " in said and "changed  tool crm/archive" in said
    assert "FAILED   tool crm/delete_all: The server does not offer it." in said
    assert Tool.objects.get(name="archive").is_enabled


def test_prompts_and_resources_beside_tools(apply: Apply, example: Any, server: Server) -> None:
    server.prompts, server.has_resources = [prompt("greet"), prompt("send_mail")], True
    crm, work = example["connectors"][0], example["profiles"][0]
    crm["prompts"] = {"*": {"enabled": True, "groups": ["sales"]}, "send_mail": {"enabled": False}}
    crm["resources"] = {"enabled": True, "roles": ["everyone"]}
    work |= {"connectors": [], "tools": ["crm/send_mail"], "prompts": ["crm/greet"], "resources": ["crm"]}
    work |= {"progressive": True, "hold_seconds": 40}
    said = apply(example)
    assert "changed  prompt crm/greet\n" in said and "changed  resources of crm\n" in said
    enabled = set(Tool.objects.filter(is_enabled=True).values_list("kind", "name"))
    assert enabled >= {("prompt", "greet"), ("resources", "resources"), ("tool", "send_mail")}
    assert ("prompt", "send_mail") not in enabled
    profile = Profile.objects.get()
    assert {(one.kind, one.name) for one in profile.tools.all()} == {
        ("tool", "send_mail"),
        ("prompt", "greet"),
        ("resources", "resources"),
    }
    assert profile.is_progressive and marks(apply(example)) == {"left"}
    written = json.loads(command("export", "--organization", "acme"))
    assert written["connectors"][0]["resources"]["roles"] == ["everyone"]
    kept = ("tools", "prompts", "resources", "progressive", "hold_seconds")
    assert {name: written["profiles"][0][name] for name in kept} == {name: work[name] for name in kept}
    assert marks(apply(written)) == {"left"}


def test_what_the_server_does_not_offer_is_named(apply: Apply, example: Any, server: Server) -> None:
    server.prompts = [prompt("greet")]
    example["connectors"][0] |= {"prompts": {"send_mail": {"enabled": True}}, "resources": {"enabled": True}}
    example["profiles"][0] |= {"tools": ["crm/send_mail", "crm/gone"], "connectors": []}
    said = refused(apply, example)
    assert "FAILED   prompt crm/send_mail: The server does not offer it." in said
    assert "FAILED   tool crm/gone in the profile work: There is no such tool." in said
    assert [tool.name for tool in Profile.objects.get().tools.all()] == ["send_mail"], "the profile has the rest"


def test_resources_of_a_server_that_has_none_are_noted(apply: Apply, example: Any, server: Server) -> None:
    example["connectors"][0]["resources"] = {"enabled": True, "roles": ["everyone"]}
    example["profiles"][0]["resources"] = ["crm"]
    said = apply(example)
    assert "note     resources of crm: The server offers none, so there is nothing to set.\n" in said
    assert "note     resources of crm in the profile work: Harriet knows of none there.\n" in said
    assert "created  profile work\n" in said and "FAILED" not in said
    server.has_resources = True
    assert "changed  resources of crm\n" in apply(example)


def test_what_was_left_out_or_mended_is_named_with_its_reason(apply: Apply, example: Any, server: Server) -> None:
    odd = {"name": "delete_all", "inputSchema": {"type": "array"}}
    loose = {"name": "loose", "description": 5, "inputSchema": {"properties": None}}
    server.tools = [*server.tools[:2], odd, loose]
    said = refused(apply, example)
    reason = (
        "The tool “delete_all” was left out: its inputSchema is of type “array”, though arguments are always an object."
    )
    assert f"note     crm: {reason}\n" in said
    assert f"FAILED   tool crm/delete_all: {reason}" in said
    assert "note     crm: The tool “loose” was mended: its description was a number, and is text now; " in said
    assert "changed  tool crm/loose\n" in said
    server.tools = [*server.tools[:2], *({**odd, "name": f"odd_{number}"} for number in range(150))]
    del example["connectors"][0]["tools"]["delete_all"]
    said = apply(example)
    assert said.count("was left out: ") == 20
    assert "note     crm: Left out: 130 more; the connector's page shows them.\n" in said


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("color",), "red", "unknown field `color`"),
        (("connectors", 0, "kind"), "soap", "`$.connectors[0].kind`"),
        (("connectors", 0, "authentication", "secret"), "plain-text-secret", "`$.connectors[0].authentication.secret`"),
        (("connectors", 0, "tools", "*", "groups"), ["nobody"], 'Tool "*" of connector "crm" names the group "nobody"'),
        (("people", 0, "groups"), ["nobody"], 'member@acme.test names the group "nobody"'),
        (("profiles", 0, "connectors"), ["erp"], 'Profile "work" names the connector "erp"'),
        (("groups", 0), "The Sales!", 'Group "The Sales!": A short name has'),
        (("organization", "slug"), "", 'Organization "": A short name has'),
    ],
)
def test_a_wrong_file_is_refused_whole(
    apply: Apply, example: Any, place: tuple[Any, ...], value: Any, said: str
) -> None:
    put(example, place, value)
    message = refused(apply, example)
    assert said in message and "plain-text-secret" not in message
    assert not Organization.objects.exists()


def put(setup: Any, place: tuple[Any, ...], value: Any) -> None:
    *way, last = place
    for step in way:
        setup = setup[step]
    setup[last] = value


def test_one_thing_stands_in_the_file_once(apply: Apply, example: Any) -> None:
    for part in ("connectors", "profiles", "people"):
        double = copy.deepcopy(example)
        double[part] *= 2
        assert "is in the file twice" in refused(apply, double)


@pytest.mark.parametrize("raw", [b"", b"{", b'{"organization": "\xff"}', b"[1]", b'{"organization": {"slug": "a"}}'])
def test_what_is_no_set_up_file(apply: Apply, raw: bytes) -> None:
    assert "The set-up file is not" in refused(apply, raw)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        command("apply", str(tmp_path / "none.json"))


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("people", 0, "role"), "king", "FAILED   person member@acme.test: "),
        (("people", 0, "email"), "member", "FAILED   person member: Give a whole e-mail address"),
        (("connectors", 0, "url"), "ftp://crm.test", "FAILED   connector crm: "),
        (("connectors", 0, "allow_internal"), False, "FAILED   connector crm: "),
        (
            ("connectors", 0, "authentication", "secret"),
            {"env": "NOT_SET"},
            "FAILED   connector crm: The environment variable NOT_SET, which should hold a secret, is not set.",
        ),
        (
            ("connectors", 0, "authentication", "secret"),
            {"file": "/nowhere"},
            "FAILED   connector crm: The secret's file /nowhere cannot be read: No such file or directory.",
        ),
        (("connectors", 0, "authentication"), {"type": "bearer"}, "FAILED   connector crm: No secret is saved yet"),
        (("connectors", 0, "authentication", "owner"), "x@acme.test", "FAILED   connector crm: The credential's owner"),
        (("profiles", 0, "people"), ["x@acme.test"], "FAILED   profile work: x@acme.test is not among the people"),
    ],
)
def test_a_part_that_fails_is_named_and_mended(
    apply: Apply, example: Any, place: tuple[Any, ...], value: Any, said: str
) -> None:
    broken = copy.deepcopy(example)
    put(broken, place, value)
    message = refused(apply, broken)
    assert said in message and "mend the lines that say FAILED" in message and SECRET not in message
    assert "created  organization acme" in message, "the rest was done"
    assert "FAILED" not in apply(example)
    assert marks(apply(example)) == {"left"}


def test_a_server_that_is_down(apply: Apply, example: Any, server: Server) -> None:
    server.is_broken = True
    message = refused(apply, example)
    assert "FAILED   sync of crm: " in message and "does not offer" not in message
    server.is_broken = False
    assert "changed  tools of crm: " in apply(example)
    assert marks(apply(example)) == {"left"}


def test_an_export_holds_no_secret_and_is_applied_again(apply: Apply, example: Any) -> None:
    apply(example)
    written = command("export", "--organization", "acme")
    assert SECRET not in written and "CRM_TOKEN" not in written
    assert marks(apply(written.encode())) == {"left"}
    exported = json.loads(written)
    sends = {"enabled": True, "groups": ["sales"], "roles": [], "requires_confirmation": True}
    assert exported["connectors"][0]["tools"]["send_mail"] == sends
    exported["connectors"][0]["authentication"]["rotate_every_days"] = 60
    assert "changed  connector crm\n" in apply(exported)
    exported["connectors"][0]["authentication"] |= {"in": "query", "name": "key", "template": "{{secret}}"}
    assert 'add "secret"' in refused(apply, exported)
    exported["organization"]["slug"] = "branch"
    exported["connectors"][0]["authentication"] = example["connectors"][0]["authentication"]
    assert "created  connector crm\n" in apply(exported)
    assert Group.objects.filter(slug="sales").count() == 2


def test_workflows_come_from_the_file_and_go_back_into_it(apply: Apply, example: Any) -> None:
    step = {"name": "send", "kind": "call", "tool": "crm/send_mail", "arguments": {"to": "=inputs.to"}}
    to = {"name": "to", "label": "To", "type": "text", "required": True}
    part = {"slug": "offer", "name": "Send an offer", "profile": "work", "description": "", "state": "active"}
    example["workflows"] = [part | {"inputs": [to], "steps": [step]}]
    assert "created  workflow offer\n" in apply(example)
    assert "left     workflow offer\n" in apply(example)
    assert json.loads(command("export", "--organization", "acme"))["workflows"] == example["workflows"]
    example["workflows"][0]["state"] = "off"
    assert "changed  workflow offer\n" in apply(example)
    step["tool"] = "crm/send_post"
    assert "which is not there" in refused(apply, example)
    example["workflows"][0]["profile"] = "nobody"
    assert "which is not in the file" in refused(apply, example)


def test_an_export_of_nobody() -> None:
    with pytest.raises(CommandError, match='There is no organization "nobody"'):
        command("export", "--organization", "nobody")


def test_a_token_and_nothing_else(apply: Apply, example: Any) -> None:
    apply(example)
    chosen = ("--organization", "acme", "--person", "member@acme.test", "--profile", "work", "--device", "Laptop")
    printed = command("issue_token", *chosen)
    token = printed.removesuffix("\n")
    assert token.startswith("hrt_dev_") and not set(token) & set(" \n")
    row = AccessToken.objects.get()
    assert bytes(row.token_hash) == hash_token(token) and row.profile_id == Profile.objects.get().pk
    assert token not in " ".join(Event.objects.values_list("body", flat=True))
    assert command("issue_token", *chosen) != printed
    assert Device.objects.count() == 1, "the same device, another token"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"--person": "x@acme.test"}, "x@acme.test does not belong to an organization"),
        ({"--organization": "globex"}, "does not belong to an organization"),
        ({"--profile": "play"}, 'There is no profile "play" in Acme.'),
        ({"--days": "0"}, "A token lasts between 1 and 366 days."),
    ],
)
def test_a_token_for_nobody(apply: Apply, example: Any, wrong: dict[str, str], said: str) -> None:
    apply(example)
    right = {"--organization": "acme", "--person": "member@acme.test", "--profile": "work"}
    with pytest.raises(CommandError, match=said.replace("(", r"\(")):
        command("issue_token", *[word for pair in (right | wrong).items() for word in pair])
    assert not AccessToken.objects.exists()


def test_what_waits_is_applied_exported_and_left_as_it_is(apply: Apply, example: Any) -> None:
    crm, work = example["connectors"][0], example["profiles"][0]
    crm["tools"]["delete_all"] = {"enabled": True, "risk": "moderate"}
    rule = {"condition": "has(args.text) && args.text == 'all'", "told": "Not to all.", "tool": "send_mail"}
    crm["rules"] = [rule, {"condition": "caller.role == 'member'", "told": "Members wait.", "on": False}]
    until = (timezone.now() + timedelta(days=2)).isoformat()
    scope = {"name": "Night", "reason": "Nightly.", "expires_at": until, "tools": ["crm/delete_all"]}
    work |= {"trust": "autonomous", "scopes": [scope, scope | {"name": "Old", "expires_at": "2020-01-01T00:00:00Z"}]}
    said = apply(example)
    assert "created  rule of crm: Not to all.\n" in said and "created  scope of work: Night\n" in said
    assert "note     scope of work: Old: It is over by now" in said
    again = apply(example)
    assert "created" not in again and "changed" not in again
    written = json.loads(command("export", "--organization", "acme"))
    assert [one["told"] for one in written["connectors"][0]["rules"]] == ["Not to all.", "Members wait."]
    assert written["profiles"][0]["trust"] == "autonomous"
    assert [one["name"] for one in written["profiles"][0]["scopes"]] == ["Night"]
    crm["rules"], work["scopes"] = [rule | {"effect": "refuse"}], [scope | {"condition": "client.name == 'Claude'"}]
    said = apply(example)
    assert "changed  rule of crm: Not to all.\n" in said and "rule of crm: Members wait. (deleted)" in said
    assert "changed  scope of work: Night\n" in said
    del crm["rules"], work["scopes"], work["trust"]
    assert "changed" not in apply(example)
    work["scopes"] = []
    assert "scope of work: Night (ended)" in apply(example)
