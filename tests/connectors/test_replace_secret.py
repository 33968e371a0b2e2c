"""A new secret is tried before it replaces the old one, which is kept for a day, one click away."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from audit.models import Event
from connectors.actions.draft_connector import draft_connector
from connectors.actions.record_health import record_failure
from connectors.actions.replace_secret import SecretNotTaken, replace_secret
from connectors.actions.save_connection import save_connection
from connectors.actions.switch_secret_back import switch_secret_back
from connectors.errors import UpstreamRefusedCredential
from connectors.models import Connector
from harriet.lib.secret import Secret
from harriet.people.models import AccessToken, Notice
from tests.servers.moody import Server
from tests.stage.cast import Cast
from tests.stage.connectors import Connecting
from vault.actions.change_schedule import change_schedule
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
    before = client.get(here).content.decode()
    assert "Rotate secret" in before and "Switch without a working test" not in before
    entered = {"type": "bearer", "secret": NEW, "place": "header"}
    page = client.post(here, entered)
    assert page.status_code == 400
    assert "nothing was changed" in page.content.decode() and NEW not in page.content.decode()
    assert "Switch without a working test" in page.content.decode(), "as a second step"
    assert in_use(crm) == OLD
    said = client.post(here, {**entered, "untested": "on"}, follow=True).content.decode()
    assert in_use(crm) == NEW
    assert "untested, and the server does not work with it" in said and "callout ok" not in said
    assert "kept until tomorrow" in said and "Switch back to it" in said
    said = client.post(reverse("connectors:switch_back", args=[crm.pk]), follow=True).content.decode()
    assert in_use(crm) == OLD and "the server works with it" in said


def test_the_vault_leads_to_the_same_form(client: Client, crm: Connector, cast: Cast) -> None:
    client.force_login(cast.alice)
    page = client.get(reverse("vault:list")).content.decode()
    assert "Rotate secret" in page and f"{reverse('connectors:authentication', args=[crm.pk])}#rotate" in page
    client.force_login(cast.bob)
    assert "Rotate secret" not in client.get(reverse("vault:list")).content.decode()


def test_green_is_said_of_what_was_seen_to_work(client: Client, crm: Connector, server: Server, cast: Cast) -> None:
    client.force_login(cast.alice)
    here = reverse("connectors:authentication", args=[crm.pk])
    kept = {"type": "bearer", "place": "header", "name": "Authorization", "template": "Bearer {{secret}}"}
    said = client.post(here, kept, follow=True).content.decode()
    assert "stayed as it was" in said and CredentialVersion.objects.count() == 1
    server.token = NEW
    said = client.post(here, {**kept, "secret": NEW}, follow=True).content.decode()
    assert "The new secret is in use, and the server works with it." in said and "kept until tomorrow" in said
    server.token = OLD
    server.is_broken = True
    said = client.post(reverse("connectors:switch_back", args=[crm.pk]), follow=True).content.decode()
    assert in_use(crm) == OLD, "at once: calls may be failing"
    assert "callout ok" not in said and "does not work with it" in said


def test_the_first_secret_of_a_working_connector_is_tried_as_well(
    client: Client, connect: Connecting, server: Server, cast: Cast
) -> None:
    open_one = connect("open")
    client.force_login(cast.alice)
    here = reverse("connectors:authentication", args=[open_one.pk])
    server.token = "another"
    page = client.post(here, {"type": "bearer", "secret": NEW, "in_use": "0"})
    assert page.status_code == 400 and "no secret is saved" in page.content.decode()
    assert credential_of(open_one.pk) is None
    server.token = NEW
    client.post(here, {"type": "bearer", "secret": NEW, "in_use": "0"})
    assert in_use(open_one) == NEW


def test_signing_in_with_nothing_is_tried_before_the_secret_goes(
    client: Client, crm: Connector, server: Server, cast: Cast
) -> None:
    """It takes the place of what calls are made with, too."""
    client.force_login(cast.alice)
    here = reverse("connectors:authentication", args=[crm.pk])
    page = client.post(here, {"type": "none"})
    assert page.status_code == 400 and "nothing was changed" in page.content.decode()
    assert in_use(crm) == OLD
    server.token = ""
    said = client.post(here, {"type": "none"}, follow=True).content.decode()
    assert credential_of(crm.pk) is None and "Harriet signs in with nothing now" in said


def test_another_type_with_another_secret_is_tried_as_it_would_be_sent(
    client: Client, crm: Connector, server: Server, cast: Cast
) -> None:
    client.force_login(cast.alice)
    here = reverse("connectors:authentication", args=[crm.pk])
    entered = {"type": "basic", "username": "harriet", "secret": NEW}
    assert client.post(here, entered).status_code == 400
    assert server.seen[-1]["Authorization"].startswith("Basic ") and in_use(crm) == OLD
    credential = credential_of(crm.pk)
    assert credential is not None and credential.type == "bearer"


def test_a_draft_s_right_secret_is_not_lost_to_a_wrong_one(client: Client, cast: Cast, server: Server) -> None:
    alice = cast.actor(cast.alice)
    draft = draft_connector(cast.acme, slug="crm", name="CRM", actor=alice)
    save_connection(draft, url=server.url, allow_internal=True, actor=alice)
    client.force_login(cast.alice)
    here, server.token = reverse("connectors:setup_authentication", args=[draft.pk]), OLD
    client.post(here, {"type": "bearer", "secret": OLD})
    page = client.post(here, {"type": "bearer", "secret": NEW})
    assert page.status_code == 400 and "the saved secret is still in use" in page.content.decode()
    assert in_use(draft) == OLD


def test_two_who_rotate_at_once_do_not_undo_each_other(
    client: Client, crm: Connector, server: Server, cast: Cast
) -> None:
    client.force_login(cast.alice)
    here = reverse("connectors:authentication", args=[crm.pk])
    seen = {"type": "bearer", "in_use": "1"}
    server.token = NEW
    client.post(here, {**seen, "secret": NEW})
    server.token = "sk-third-1234567890"
    page = client.post(here, {**seen, "secret": "sk-third-1234567890"})
    assert page.status_code == 400 and "has just changed this secret" in page.content.decode()
    assert in_use(crm) == NEW
    back = reverse("connectors:switch_back", args=[crm.pk])
    client.post(back, {"version": "1", "in_use": "2"})
    assert in_use(crm) == OLD
    assert client.post(back, {"version": "1", "in_use": "2"}).status_code == 400, "pressed twice"
    assert in_use(crm) == OLD


def test_the_same_secret_again_keeps_the_way_back(crm: Connector, server: Server, cast: Cast) -> None:
    alice = cast.actor(cast.alice)
    server.token = NEW
    replace_secret(crm, type="bearer", secret=Secret(NEW), actor=alice)
    replace_secret(crm, type="bearer", secret=Secret(NEW), rotate_every_days=30, actor=alice)
    assert CredentialVersion.objects.count() == 2
    credential = credential_of(crm.pk)
    assert credential is not None and credential.rotate_every_days == 30
    switch_secret_back(crm, actor=alice)
    assert in_use(crm) == OLD


def test_after_two_wrong_ones_the_right_one_is_still_within_reach(crm: Connector, server: Server, cast: Cast) -> None:
    alice = cast.actor(cast.alice)
    for wrong in ("sk-wrong-1234567890", "sk-wrong-2234567890"):
        replace_secret(crm, type="bearer", secret=Secret(wrong), is_untested=True, actor=alice)
    switch_secret_back(crm, number=1, in_use=3, actor=alice)
    assert in_use(crm) == OLD
    with pytest.raises(CredentialNotFound):
        switch_secret_back(crm, number=99, actor=alice)


def test_when_calls_fail_after_a_switch_the_admin_is_led_back(
    client: Client, crm: Connector, server: Server, cast: Cast
) -> None:
    alice = cast.actor(cast.alice)
    replace_secret(crm, type="bearer", secret=Secret(NEW), is_untested=True, actor=alice)
    crm.refresh_from_db()
    record_failure(crm, UpstreamRefusedCredential("The server refused the credential (401)."))
    notice = Notice.objects.get(user=cast.alice)
    assert "the one before is kept until" in notice.text and "switch back to it" in notice.text
    assert notice.path == reverse("connectors:authentication", args=[crm.pk])
    client.force_login(cast.alice)
    page = client.get(reverse("connectors:detail", args=[crm.pk])).content.decode()
    assert "switch back to it under Authentication" in page and "Switch back or rotate" in page


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
    change_schedule(cast.acme, crm.pk, owner=cast.bob, rotate_every_days=30, actor=cast.actor(cast.alice))
    client.put(here, {**entered, "untested": True}, content_type="application/json", headers=bearer)
    assert in_use(crm) == NEW
    credential = credential_of(crm.pk)
    assert credential is not None and (credential.owner, credential.rotate_every_days) == (cast.bob, 30)
    client.post(reverse("api:connector_switch_back", args=[crm.pk]), headers=bearer)
    assert in_use(crm) == OLD
    assert AccessToken.objects.count() == 1


def test_none_in_its_place_can_be_undone_as_well(client: Client, crm: Connector, server: Server, cast: Cast) -> None:
    client.force_login(cast.alice)
    here = reverse("connectors:authentication", args=[crm.pk])
    server.token = ""
    said = client.post(here, {"type": "none"}, follow=True).content.decode()
    assert "Harriet signs in with nothing now, and the server works with it. The one before is kept until" in said
    assert credential_of(crm.pk) is None and sealed_credential(crm.organization_id, crm.pk) is None
    assert f">{crm.name}<" not in client.get(reverse("vault:list")).content.decode().split("<main")[1]
    assert "No secret in use" in said and "Switch back to it" in said
    assert verify_vault().problems == [] and forget_replaced() == 0
    server.token = OLD
    said = client.post(reverse("connectors:switch_back", args=[crm.pk]), {"version": "1", "in_use": "0"}, follow=True)
    assert in_use(crm) == OLD and "the server works with it" in said.content.decode()
    assert verify_vault().problems == []
    replace_secret(crm, type="none", secret=None, is_untested=True, actor=cast.actor(cast.alice))
    CredentialVersion.objects.update(replaced_at=Now() - timedelta(days=1, minutes=1))
    forget_replaced()
    assert not CredentialVersion.objects.exists(), "after a day nothing is left of it"
    assert verify_vault().problems == [] and Event.objects.filter(code="credential.deleted").count() == 1
