"""Every event declares what it holds: what doesn't fit is refused when Harriet starts, and all of it is documented."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any, TypedDict
from uuid import UUID

import pytest
from django.core.management import call_command

from approvals.events import ActionApproved
from audit.actor import SYSTEM, Actor, Label
from audit.event_body import Frame, NewEvent, compose
from audit.events import CALL_INTENT, CALL_OUTCOME, AuditRowsSetAside, CallHeld, CallRefused
from audit.vocabulary.declaration import AuditEvent, declare_call, kind_of, known_kinds
from connectors.events import ConnectorChanged, ConnectorHealthChanged, ConnectorSynced, ToolRenamed, ToolSet
from harriet.people.events import TokenRevoked
from vault.events import CredentialSaved, CredentialScheduleChanged

ROOT = Path(__file__).resolve().parents[2]
APPS = ("harriet", "connectors", "vault", "approvals", "audit")
ALICE = Actor("person", UUID(int=1), "alice@acme.test")
DANA, CRM, SEARCH, TICKET = (
    Label(UUID(int=number), name) for number, name in ((2, "dana@acme.test"), (3, 'CRM "x"'), (4, "search"), (5, "#7"))
)
ACME, REQUEST = UUID(int=8), UUID(int=9)


def declare(code: str, sentence: str, description: str = "Nothing happened.", **fields: Any) -> None:
    """As a module with such a class is imported."""
    body = {
        "code": code,
        "sentence": sentence,
        "__doc__": description,
        "__annotations__": fields,
        "__module__": __name__,
    }
    type("Declared", (AuditEvent,), body)


@pytest.mark.parametrize(
    ("sentence", "fields"),
    [
        ("{actor} paused {conector}.", {"connector": Label}),
        ("{actor} paused {connector.label}.", {"connector": Label}),
        ("{actor} paused {connector!r}.", {"connector": Label}),
        ("{actor} paused it{because}.", {"connector": Label}),
        ("{caller} paused it.", {"connector": Label}),
        ("The call {result}.", {"connector": Label}),
        ("{actor} paused {0}.", {"connector": Label}),
    ],
)
def test_a_sentence_names_what_its_event_holds(sentence: str, fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="for which the event declares no field"):
        declare("story.misspelt", sentence, **fields)
    assert kind_of("story.misspelt") is None


@pytest.mark.parametrize(
    "fields",
    [
        {"connector": str},
        {"reason": int},
        {"conector": Label},
        {"size": int},
        {"size": Annotated[object, "what JSON has no form for"]},
        {"details": Annotated[str, "a name that is taken"]},
        {"actor": Annotated[str, "who"]},
    ],
)
def test_a_field_says_what_it_holds(fields: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        declare("story.untold", "{actor} did something.", **fields)
    assert kind_of("story.untold") is None


def test_codes_are_declared_once_and_described() -> None:
    with pytest.raises(ValueError, match="twice"):
        declare(CALL_INTENT, "Something else.")
    with pytest.raises(ValueError, match=r"noun\.verb"):
        declare("Not a code", "Something else.")
    with pytest.raises(ValueError, match="docstring"):
        declare("story.told", "Something else.", "")
    with pytest.raises(ValueError, match="declares no field"):
        declare_call("story.call", "{caller} {size}.", "A call.", details=TypedDict("Details", {}))


@pytest.mark.parametrize("fields", [{"changes": "enabled"}, {"connectr": CRM, "tool": SEARCH, "changes": "enabled"}])
def test_an_event_without_its_fields_is_none(fields: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        ToolSet(**fields)


K = {"actor": ALICE, "organization_id": ACME, "request_id": REQUEST}
_ALICE = '{"actor":{"id":"00000000-0000-0000-0000-000000000001","kind":"person","label":"alice@acme.test"},"at":…,'
_CRM = '"connector":{"id":"00000000-0000-0000-0000-000000000003","label":"CRM \\"x\\""},'
_DANA = '"person":{"id":"00000000-0000-0000-0000-000000000002","label":"dana@acme.test"},'
_ACME = '"id":…,"organization":"00000000-0000-0000-0000-000000000008",'
_REQUEST = '"request":"00000000-0000-0000-0000-000000000009"'
_TOOL = ',"tool":{"id":"00000000-0000-0000-0000-000000000004","label":"search"}'
_TICKET = ',"ticket":{"id":"00000000-0000-0000-0000-000000000005","label":"#7"}'


@pytest.mark.parametrize(
    ("happened", "stored"),
    [
        (
            CredentialSaved(connector=CRM, credential="c", version=2, key_version=1, digest="ab", sent={"type": "b"}),
            '"code":"credential.saved",' + _CRM + '"details":{"credential":"c","digest":"ab","key_version":1,'
            '"sent":{"type":"b"},"version":2},' + _ACME + _REQUEST,
        ),
        (
            CredentialScheduleChanged(connector=CRM, credential="c", owner=None, rotate_every_days=None),
            '"code":"credential.schedule_changed",' + _CRM
            + '"details":{"credential":"c","owner":null,"rotate_every_days":null},' + _ACME + _REQUEST,
        ),
        (
            ConnectorChanged(connector=CRM, fields="name"),
            '"code":"connector.changed",' + _CRM + '"details":{"fields":"name"},' + _ACME + _REQUEST,
        ),
        (
            ConnectorChanged(connector=CRM, fields="address", url="https://x.example/ü"),
            '"code":"connector.changed",' + _CRM
            + '"details":{"fields":"address","url":"https://x.example/ü"},' + _ACME + _REQUEST,
        ),
        (
            ConnectorHealthChanged(connector=CRM, health="Up", reason=""),
            '"code":"connector.health_changed",' + _CRM + '"details":{"health":"Up"},' + _ACME + _REQUEST,
        ),
        (
            ConnectorSynced(connector=CRM, summary="Nothing.", refused=[], mended=["a"]),
            '"code":"connector.synced",' + _CRM + '"details":{"mended":["a"],"refused":[],"summary":"Nothing."},'
            + _ACME + _REQUEST,
        ),
        (
            TokenRevoked(token="t", person=None, device=None),
            '"code":"token.revoked","details":{"token":"t"},' + _ACME + _REQUEST,
        ),
        (
            ToolRenamed(connector=CRM, tool=SEARCH, old="o"),
            '"code":"tool.renamed",' + _CRM + '"details":{"old":"o"},' + _ACME + _REQUEST + _TOOL,
        ),
        (
            CallHeld(person=DANA, client="", connector=CRM, tool=SEARCH, ticket=TICKET, decision="hold", reason="r."),
            '"code":"call.held",' + _CRM + '"decision":"hold",' + _ACME + _DANA + '"reason":"r.",' + _REQUEST
            + _TICKET + _TOOL,
        ),
        (
            ActionApproved(person=DANA, client="C", connector=CRM, tool=SEARCH, ticket=TICKET, decision="run"),
            '"client":"C","code":"action.approved",' + _CRM + '"decision":"run",' + _ACME + _DANA + _REQUEST
            + _TICKET + _TOOL,
        ),
        (
            CallRefused(
                person=None, device=None, client="", connector=CRM, tool=None, profile=SEARCH, reason="no",
                asked_for="x", method="resources/read", uri="x",
            ),
            '"code":"call.refused",' + _CRM
            + '"decision":"refuse","details":{"asked_for":"x","method":"resources/read","uri":"x"},' + _ACME
            + '"profile":{"id":"00000000-0000-0000-0000-000000000004","label":"search"},"reason":"no",' + _REQUEST,
        ),
        (
            AuditRowsSetAside(reason="R", count=1, rows=["a"], claimed=ACME),
            '"code":"audit.rows_set_aside",'
            '"details":{"claimed":"00000000-0000-0000-0000-000000000008","count":1,"rows":["a"]},' + _ACME
            + '"reason":"R",' + _REQUEST,
        ),
    ],
    ids=lambda value: value.code if isinstance(value, AuditEvent) else "",
)  # fmt: skip
def test_what_is_stored_is_the_same_text_for_ever(happened: AuditEvent, stored: str) -> None:
    """Seals and MACs are over these bytes; exports are compared with them."""
    assert text_of(compose(happened, **K)) == _ALICE + stored + "}"


def test_an_outcome_is_stored_as_ever() -> None:
    frame = Frame(organization_id=ACME, actor=SYSTEM, person=DANA, tool=SEARCH)
    event = frame.event(CALL_OUTCOME, {"intent": REQUEST}, outcome="unknown", reason="H", request_id=REQUEST)
    assert text_of(event) == (
        '{"actor":{"id":null,"kind":"system","label":"Harriet"},"at":…,"code":"call.outcome",'
        '"details":{"intent":"00000000-0000-0000-0000-000000000009"},'
        + _ACME + '"outcome":"unknown",' + _DANA + '"reason":"H",' + _REQUEST + _TOOL + "}"
    )  # fmt: skip


def text_of(event: NewEvent) -> str:
    """Without its id and its time, which are new each time."""
    text = event.body.decode().replace(f'"id":"{event.id}"', '"id":…')
    return re.sub(r'"at":"[^"]+"', '"at":…', text)


def test_every_event_is_documented_field_by_field() -> None:
    """docs/audit-events.md is what `manage.py audit codes --fields` says, in a process that has only just started."""
    command = [sys.executable, "manage.py", "audit", "codes", "--fields"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    document = ROOT / "docs" / "audit-events.md"
    assert told.stdout == document.read_bytes(), f"Run: manage.py audit codes --fields > {document.relative_to(ROOT)}"
    text = told.stdout.decode()
    assert all(f"### `{kind.code}`" in text for kind in known_kinds())


def test_codes_alone_are_a_table_of_one_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("audit", "codes")
    head, rule, *lines = capsys.readouterr().out.splitlines()
    assert (head, rule) == ("| Code | Meaning |", "|---|---|")
    assert lines == [f"| `{kind.code}` | {kind.description} |" for kind in known_kinds()]


def test_adding_an_event_touches_three_places() -> None:
    """Its class in an app's events.py, the action that records it, and the document, which the story above reads."""
    sources = [path for app in APPS for path in (ROOT / app).rglob("*.py") if path.name != "events.py"]
    text = "\n".join(path.read_text() for path in sources)
    declared = [kind for kind in every_subclass(AuditEvent) if "code" in vars(kind) and kind.__module__ != __name__]
    assert {kind.__module__.rpartition(".")[2] for kind in declared} == {"events"}
    unrecorded = [kind.__name__ for kind in declared if not re.search(rf"\b{kind.__name__}\b[(,]", text)]
    assert not unrecorded, "Nothing records these."
    assert {kind.code for kind in declared} | {CALL_INTENT, CALL_OUTCOME} == {kind.code for kind in known_kinds()}


def every_subclass(base: type[AuditEvent]) -> list[type[AuditEvent]]:
    return [found for subclass in base.__subclasses__() for found in (subclass, *every_subclass(subclass))]
