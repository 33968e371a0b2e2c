"""What client sessions learned before their model moved to the gateway is known after the upgrade."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from harriet.gateway.models import ClientSession
from harriet.people.models import AccessToken
from harriet.start.migrating import changing_one_model_each
from tests.stage.office import Office

pytestmark = pytest.mark.django_db(transaction=True)


def test_rows_stay_when_the_model_moves(office: Office) -> None:
    session_id, token_id = UUID(int=7), AccessToken.objects.values_list("pk", flat=True)[0]
    executor = MigrationExecutor(connection)
    latest = executor.loader.graph.leaf_nodes()
    with changing_one_model_each():
        try:
            before = executor.migrate([("gateway", None)])
            old = before.apps.get_model("connectors", "ClientSession")
            old.objects.create(id=session_id, token_id=token_id, log_level="error")
        finally:
            MigrationExecutor(connection).migrate(latest)
    assert ClientSession.objects.get(pk=session_id).log_level == "error"
