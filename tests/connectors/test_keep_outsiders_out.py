"""Every page and API route of connectors and profiles × ids of Acme, as Charlie and as nobody."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from connectors.actions.create_profile import create_profile
from connectors.models import ArgumentRule, AutonomousScope, BulkChange, Connector, Profile, Tool
from connectors.pages.urls import connector_urls, profile_urls
from harriet.lib.secret import Secret
from harriet.people.models import Membership, User
from tests.stage.cast import Cast
from tests.stage.connectors import Connecting
from tests.stage.oauth import RESOURCE, make_client, make_grant
from vault.actions.save_credential import save_credential
from vault.models import OAuthGrant


def dana_signs_in(cast: Cast, connector: Connector) -> OAuthGrant:
    """Its calls are made with accounts of people's own, and Dana has connected hers."""
    client = make_client(cast.acme, "https://id.example/token")
    save_credential(
        cast.acme,
        connector.pk,
        connector.name,
        type="oauth_user",
        secret=Secret(""),
        placement={"issuer": client.issuer, "resource": RESOURCE, "scopes": ""},
        owner=cast.alice,
        rotate_every_days=None,
        oauth_client=client,
        actor=cast.actor(cast.alice),
    )
    return make_grant(cast, client, cast.dana, "refresh")


def addresses(connector: Connector, profile: Profile, alice: User, grant: OAuthGrant) -> list[str]:
    bulk = BulkChange.objects.create(organization=connector.organization, connector=connector, made_by=alice)
    tool = connector.tools.get(name="send_mail")
    rule = ArgumentRule.objects.create(organization=connector.organization, connector=connector, expression="true")
    ids = {"pk": connector.pk, "tool_pk": tool.pk, "bulk_pk": bulk.pk, "grant_id": grant.pk, "rule_pk": rule.pk}
    member = Membership.objects.get(user=alice, organization=connector.organization)
    scope = AutonomousScope.objects.create(organization=connector.organization, profile=profile, expires_at=now())
    of_profile = {"pk": profile.pk, "what": "people", "member_pk": member.pk, "scope_pk": scope.pk}
    found = []
    for patterns, prefix, known in (
        (connector_urls[0], "connectors", ids),
        (profile_urls[0], "profiles", of_profile),
    ):
        for pattern in patterns:
            wanted = {name: known[name] for name in pattern.pattern.converters}
            if wanted:
                found.append(reverse(f"{prefix}:{pattern.name}", kwargs=wanted))
    return found


def test_foreign_ids_do_not_exist(client: Client, cast: Cast, connect: Connecting) -> None:
    connector = connect.synced()
    profile = create_profile(cast.acme, slug="work", name="Work", connectors=[connector], actor=cast.actor(cast.alice))
    grant = dana_signs_in(cast, connector)
    found = addresses(connector, profile, cast.alice, grant)
    assert len(found) > 25
    for method in ("get", "post"):
        for address in found:
            client.logout()
            assert getattr(client, method)(address).status_code == 302, address
            client.force_login(cast.charlie)
            assert getattr(client, method)(address).status_code in {404, 405}, (method, address)
    connector.refresh_from_db()
    grant.refresh_from_db()
    assert connector.state == "active" and Profile.objects.exists() and grant.state == OAuthGrant.State.ACTIVE
    assert not Tool.objects.filter(is_enabled=True).exists()


def test_a_tool_is_found_only_below_its_connector(client: Client, cast: Cast, connect: Connecting) -> None:
    crm, erp = connect.synced("crm"), connect("erp")
    client.force_login(cast.alice)
    address = reverse("connectors:tool", args=[erp.pk, crm.tools.first().pk])  # type: ignore[union-attr]
    assert client.get(address).status_code == 404


def test_charlies_lists_are_empty(client: Client, cast: Cast, connect: Connecting) -> None:
    connect.synced()
    client.force_login(cast.charlie)
    for name in ("connectors:list", "profiles:list"):
        page = client.get(reverse(name)).content.decode()
        assert "CRM" not in page


def test_the_api_keeps_to_its_organization(client: Client, cast: Cast, connect: Connecting) -> None:
    connector = connect.synced()
    client.force_login(cast.charlie)
    tool = connector.tools.get(name="send_mail")
    for address in (f"connectors/{connector.pk}/", f"connectors/{connector.pk}/tools/", f"tools/{tool.pk}/"):
        assert client.get(f"/api/v1/{address}").status_code == 404
    assert client.get("/api/v1/connectors/").json()["results"] == []
