"""“Try it”: an admin's call from the connector's page, through the same gate and into the same log."""

from __future__ import annotations

import pytest

from audit.models import Event
from connectors.models import Tool, ToolPermission
from harriet.gateway.try_it import try_tool
from harriet.lib.json.canonical import NotRepresentable
from harriet.people.actors import actor_of
from harriet.people.errors import NotAllowed
from tests.stage.credentials import SECRET
from tests.stage.office import Office
from tests.stage.processes import Upstream

pytestmark = pytest.mark.django_db(transaction=True)


def test_alice_tries_a_tool_that_she_may_call(office: Office, upstream: Upstream) -> None:
    ToolPermission.objects.create(tool_id=office.tool_id("leak"), role="owner")
    found = try_tool(office.tool_id("leak"), b'{"form": "raw"}', actor=actor_of(office.cast.alice))
    assert (found.verdict, found.error) == ("run", "")
    assert "[redacted]" in found.result_json
    assert SECRET not in found.result_json
    assert "role Owner" in found.reason
    assert list(Event.objects.filter(code__startswith="call.").values_list("code", flat=True)) == [
        "call.intent",
        "call.outcome",
    ]


def test_what_she_may_not_call_is_refused_with_the_rule(office: Office, upstream: Upstream) -> None:
    found = try_tool(office.tool_id("echo"), b'{"text": "x"}', actor=actor_of(office.cast.alice))
    assert found.verdict == "refuse"
    assert "Sales" in found.error
    assert upstream.calls == []


def test_a_tool_that_needs_confirmation_sends_nothing(office: Office, upstream: Upstream) -> None:
    ToolPermission.objects.create(tool_id=office.tool_id("echo"), role="owner")
    Tool.objects.filter(name="echo").update(requires_confirmation=True)
    found = try_tool(office.tool_id("echo"), b'{"text": "x"}', actor=actor_of(office.cast.alice))
    assert found.verdict == "hold"
    assert upstream.calls == []


def test_only_who_manages_connectors_may_try(office: Office) -> None:
    with pytest.raises(NotAllowed):
        try_tool(office.tool_id("echo"), b"{}", actor=actor_of(office.cast.dana))
    with pytest.raises(NotRepresentable):
        try_tool(office.tool_id("echo"), b'{"a": 1, "a": 2}', actor=actor_of(office.cast.alice))


def test_wrong_arguments_are_named_where_the_connector_asks_for_checks(office: Office) -> None:
    office.checks_arguments()
    ToolPermission.objects.create(tool_id=office.tool_id("echo"), role="owner")
    found = try_tool(office.tool_id("echo"), b'{"text": 5}', actor=actor_of(office.cast.alice))
    assert "schema" in found.error
