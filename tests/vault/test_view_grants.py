"""Admins see how every connected account stands, renew one to see whether it works, and end it; never a token."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from harriet.people.models import Membership
from tests.servers.token_endpoint import TokenEndpoint, said
from tests.stage.cast import Cast
from tests.stage.oauth import make_client, make_grant
from vault.actions.refresh_grants import UNUSED_FOR, due_grants, refresh_grants
from vault.models import OAuthClient, OAuthGrant

pytestmark = pytest.mark.django_db


@pytest.fixture
def grant(cast: Cast, client_: OAuthClient, endpoint: TokenEndpoint) -> OAuthGrant:
    return make_grant(cast, client_, cast.dana, endpoint.first_token())


@pytest.fixture
def alice(cast: Cast, client: Client) -> Client:
    client.force_login(cast.alice)
    return client


def due(grant: OAuthGrant) -> OAuthGrant:
    OAuthGrant.objects.filter(pk=grant.pk).update(next_refresh_at=timezone.now())
    return grant


def test_the_list_says_how_each_stands(alice: Client, grant: OAuthGrant) -> None:
    page = alice.get(reverse("vault:grants"))
    assert page.status_code == 200
    text = page.content.decode()
    assert "dana@acme.test" in text
    assert "dana@provider.example" in text
    assert "at-first" not in text
    assert "No connected account fits" in alice.get(reverse("vault:grants"), {"show": "again"}).content.decode()
    OAuthGrant.objects.update(state="unknown", state_reason="outcome_unknown")
    found = alice.get(reverse("vault:grants"), {"show": "unknown", "q": "dana"}).content.decode()
    assert "Outcome unknown" in found
    detail = alice.get(reverse("vault:grant", args=[grant.pk])).content.decode()
    assert "A renewal was interrupted" in detail
    for said_there in ("Outcome unknown", "Next renewal", "Last answer", "Connected.", "dana@provider.example"):
        assert said_there in detail, "also without a script, where no panel opens beside the list"
    assert "Renew now" not in detail


def test_an_admin_renews_one_and_hears_what_the_provider_says(
    alice: Client, grant: OAuthGrant, endpoint: TokenEndpoint
) -> None:
    renew = reverse("vault:renew_grant", args=[grant.pk])
    assert "Example ID renewed it just now." in alice.post(renew, follow=True).content.decode()
    endpoint.answers = lambda form: said(503, error="temporarily_unavailable")
    assert "It was not renewed. The provider said temporarily_unavailable." in (
        alice.post(renew, follow=True).content.decode()
    )
    endpoint.answers = endpoint.strict
    assert "renewed it just now" in alice.post(renew, follow=True).content.decode(), "asked for: no pause is kept"
    assert len(endpoint.forms) == 3


def test_an_admin_ends_one(alice: Client, grant: OAuthGrant) -> None:
    page = alice.post(reverse("vault:disconnect_grant", args=[grant.pk]), follow=True).content.decode()
    assert "Disconnected: its tokens are erased here." in page
    grant.refresh_from_db()
    assert (grant.state, grant.sealed_access, grant.sealed_refresh) == ("revoked", None, None)
    assert Event.objects.filter(code="oauth.disconnected").count() == 1


@pytest.mark.parametrize("name", ["vault:renew_grant", "vault:disconnect_grant"])
def test_nobody_else_does(cast: Cast, client: Client, grant: OAuthGrant, name: str) -> None:
    for user in (cast.dana, cast.charlie):
        client.force_login(user)
        assert client.post(reverse(name, args=[grant.pk])).status_code in {403, 404}
    grant.refresh_from_db()
    assert (grant.state, grant.generation) == ("active", 1)


def test_what_is_due_is_renewed_ahead_of_time(grant: OAuthGrant, endpoint: TokenEndpoint) -> None:
    assert not due_grants().exists()
    OAuthGrant.objects.update(next_refresh_at=timezone.now() + timedelta(seconds=40))
    assert list(due_grants()) == [grant]


def test_nobody_renews_for_people_who_left_or_what_nobody_uses(cast: Cast, grant: OAuthGrant) -> None:
    due(grant)
    assert due_grants().count() == 1
    Membership.objects.filter(user=cast.dana).update(is_active=False)
    assert not due_grants().exists()
    Membership.objects.filter(user=cast.dana).update(is_active=True)
    OAuthGrant.objects.update(granted_at=F("granted_at") - UNUSED_FOR - timedelta(days=1))
    assert not due_grants().exists()
    OAuthGrant.objects.update(last_used_at=timezone.now())
    assert due_grants().count() == 1
    OAuthClient.objects.update(retry_at=timezone.now() + timedelta(minutes=1))
    assert not due_grants().exists()


@pytest.mark.django_db(transaction=True)
def test_a_turn_renews_all_that_is_due_once(committed_cast: Cast, endpoint: TokenEndpoint) -> None:
    cast = committed_cast
    endpoint.answers = endpoint.strict
    client = make_client(cast.acme, endpoint.url)
    for user in (cast.dana, cast.bob, cast.alice):
        due(make_grant(cast, client, user, endpoint.first_token()))
    endpoint.forms.clear()
    assert refresh_grants() == 3
    assert refresh_grants() == 0
    assert len(endpoint.forms) == 3
    assert set(OAuthGrant.objects.values_list("generation", "state")) == {(2, "active")}
