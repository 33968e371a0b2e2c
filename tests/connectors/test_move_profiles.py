"""A company that had profiles before there were trust levels goes on as it did, in sight and for a while."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from connectors.models import AutonomousScope, Connector, Profile, Tool
from tests.stage.cast import Cast
from tests.stage.connectors import connector, tool
from tests.stage.profiles import profile

pytestmark = pytest.mark.django_db(transaction=True)


def test_profiles_of_before_are_autonomous_within_a_scope_that_ends(committed_cast: Cast) -> None:
    crm = connector(committed_cast.acme, "http://127.0.0.1:9/mcp")
    for risk in ("read_only", "moderate", "dangerous", "unknown"):
        tool(crm, {"name": f"is_{risk}"}, committed_cast.sales, risk_proposed=risk)
    tool(crm, {"name": "asks_first"}, committed_cast.sales, risk_proposed="unknown", requires_confirmation=True)
    work = profile(committed_cast.acme, crm, groups=[committed_cast.sales])
    latest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    try:
        MigrationExecutor(connection).migrate([("connectors", "0020_call_limits")])
    finally:
        MigrationExecutor(connection).migrate(latest)
    assert Profile.objects.get(pk=work.pk).trust == "autonomous"
    scope = AutonomousScope.objects.get()
    assert (scope.profile_id, scope.classes) == (work.pk, ["moderate"])
    assert [one.name for one in scope.tools.all()] == ["is_unknown"]
    assert Connector.objects.get().review == "approved"
    assert Tool.objects.count() == 5
