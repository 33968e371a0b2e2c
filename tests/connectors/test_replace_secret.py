"""A new secret is tried before it replaces the old one, which is kept for a day, one click away."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from audit.models import Event
from connectors.actions.replace_secret import SecretNotTaken, replace_secret
from connectors.actions.switch_secret_back import switch_secret_back
from connectors.models import Connector
from harriet.lib.secret import Secret
from harriet.people.models import AccessToken
from tests.servers.moody import Server
from tests.stage.cast import Cast
from tests.stage.connectors import Connecting
from vault.actions.forget_replaced import forget_replaced
from vault.errors import CredentialNotFound
from vault.models import CredentialVersion
from vault.open import opener_for
from vault.queries import credential_of, sealed_credential
from vault.verify import verify_vault

OLD, NEW = "sk-old-1234567890", "sk-new-1234567890"
BEARER = {"in": "header", "name": "Authorization", "template": "Bearer {{secret}}"}


@pytest.fixture
def crm(connect: Connecting, server: Server) -> Connector:
    connector = connect(secret=OLD)
    server.token = OLD
    return connector


def in_use(connector: Connector) -> str:
    sealed = sealed_credential(connector.organization_id, connector.pk)
    assert sealed is not None
    _, secret = opener_for(connector.organization_id).revealed(sealed)
    return secret.reveal()


def test_a_secret_that_the_server_refuses_changes_nothing(crm: Connector, cast: Cast) -> None:
    with pytest.raises(SecretNotTaken, match="nothing was changed") as refused:
        replace_secret(crm, type="bearer", secret=Secret("sk-mistyped-12345"), actor=cast.actor(cast.alice))
    assert "sk-mistyped" not in refused.value.message
    assert in_use(crm) == OLD
    assert CredentialVersion.objects.count() == 1
    crm.refresh_from_db()
    assert crm.health != Connector.Health.NEEDS_ADMIN, "a secret that isn't used says nothing about the connector"


def test_one_that_works_replaces_it_and_can_be_undone(crm: Connector, server: Server, cast: Cast) -> None:
    alice = cast.actor(cast.alice)
    server.token = NEW
    findings = replace_secret(crm, type="bearer", secret=Secret(NEW), rotate_every_days=30, actor=alice)
    assert all(finding.kind == "ok" for finding in findings)
    assert in_use(crm) == NEW
    revision = Connector.objects.get(pk=crm.pk).revision
    switch_secret_back(crm, actor=alice)
    assert in_use(crm) == OLD
    assert Connector.objects.get(pk=crm.pk).revision > revision, "approvals for the other secret are void"
    switch_secret_back(crm, actor=alice)
    assert in_use(crm) == NEW
    assert verify_vault().problems == []
    assert Event.objects.filter(code="credential.switched_back").count() == 2


def test_what_was_sent_in_another_way_goes_back_in_that_way(crm: Connector, server: Server, cast: Cast) -> None:
    alice = cast.actor(cast.alice)
    elsewhere = {"in": "query", "name": "key"}
    replace_secret(crm, type="bearer", secret=Secret(NEW), placement=elsewhere, is_untested=True, actor=alice)
    switch_secret_back(crm, actor=alice)
    credential = credential_of(crm.pk)
    assert credential is not None and credential.placement == BEARER
    assert in_use(crm) == OLD
    assert verify_vault().problems == []


def test_after_a_day_the_old_one_is_gone(crm: Connector, server: Server, cast: Cast) -> None:
    alice = cast.actor(cast.alice)
    server.token = NEW
    replace_secret(crm, type="bearer", secret=Secret(NEW), actor=alice)
    assert forget_replaced() == 0
    replaced = CredentialVersion.objects.filter(is_current=False)
    replaced.update(replaced_at=Now() - timedelta(days=1, minutes=1))
    with pytest.raises(CredentialNotFound, match="no longer kept"):
        switch_secret_back(crm, actor=alice)
    assert forget_replaced() == 1
    assert bytes(replaced.get().sealed) == b""
    assert forget_replaced() == 0
    assert verify_vault().problems == []
    assert in_use(crm) == NEW
    assert Event.objects.filter(code="credential.old_forgotten").count() == 1


def test_the_page_says_why_and_offers_both_ways(client: Client, crm: Connector, server: Server, cast: Cast) -> None:
    client.force_login(cast.alice)
    here = reverse("connectors:authentication", args=[crm.pk])
    entered = {"type": "bearer", "secret": NEW, "place": "header"}
    page = client.post(here, entered)
    assert page.status_code == 400
    assert "nothing was changed" in page.content.decode() and NEW not in page.content.decode()
    assert in_use(crm) == OLD
    client.post(here, {**entered, "untested": "on"})
    assert in_use(crm) == NEW
    assert "Switch back to it" in client.get(here).content.decode()
    client.post(reverse("connectors:switch_back", args=[crm.pk]))
    assert in_use(crm) == OLD


def test_the_api_tries_it_first_as_well(client: Client, crm: Connector, cast: Cast) -> None:
    from harriet.people.actions.issue_personal_token import issue_personal_token

    _, token = issue_personal_token(
        cast.acme, cast.alice, name="script", expires_in_days=1, actor=cast.actor(cast.alice)
    )
    bearer = {"Authorization": f"Bearer {token.reveal()}"}
    here = reverse("api:connector_authentication", args=[crm.pk])
    entered = {"type": "bearer", "secret": NEW}
    refused = client.put(here, entered, content_type="application/json", headers=bearer)
    assert refused.status_code == 400 and "nothing was changed" in refused.content.decode()
    assert in_use(crm) == OLD
    client.put(here, {**entered, "untested": True}, content_type="application/json", headers=bearer)
    assert in_use(crm) == NEW
    client.post(reverse("api:connector_switch_back", args=[crm.pk]), headers=bearer)
    assert in_use(crm) == OLD
    assert AccessToken.objects.count() == 1
