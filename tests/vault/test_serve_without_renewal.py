"""A provider gives nothing to renew a token with, or one that is over at once: it serves as long as it can, whoever
connected it is asked once, and nobody is asked again and again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse

from harriet.lib.secret import Secret
from harriet.people.models import Membership, Notice
from tests.servers.token_endpoint import TokenEndpoint, said
from tests.stage.cast import Cast
from tests.stage.connectors import connector
from tests.stage.oauth import RESOURCE, make_grant
from vault.actions.refresh_grants import refresh_grants
from vault.errors import NeedsConsent, NeedsOperator, NotNow
from vault.models import OAuthClient, OAuthGrant
from vault.oauth.lifetimes import NO_END
from vault.oauth.tokens import access_token, sealed_access
from vault.oauth.turned_down import turned_down
from vault.stored import SealedCredential

pytestmark = pytest.mark.django_db


def aged(grant: OAuthGrant, days: float) -> OAuthGrant:
    back = timedelta(days=days)
    names = ("access_expires_at", "next_refresh_at", "answered_at", "granted_at")
    OAuthGrant.objects.filter(pk=grant.pk).update(**{name: F(name) - back for name in names})
    if grant.access_expires_at == NO_END:
        OAuthGrant.objects.filter(pk=grant.pk).update(access_expires_at=NO_END)
    grant.refresh_from_db()
    return grant


def told(cast: Cast) -> list[str]:
    return list(Notice.objects.filter(user=cast.dana, settled_at=None).values_list("text", flat=True))


def endless(cast: Cast, client: OAuthClient) -> OAuthGrant:
    """As a GitHub OAuth app, Notion and Slack without rotation answer: no expires_in, no refresh_token."""
    return make_grant(cast, client, cast.dana, None, expires_in=None)


def test_a_token_without_an_end_serves_for_months(cast: Cast, client_: OAuthClient, endpoint: TokenEndpoint) -> None:
    grant = aged(endless(cast, client_), 200)
    refresh_grants()
    assert access_token(grant.pk).token == Secret("at-first")
    assert endpoint.forms == [] and told(cast) == []
    alice = Client()
    alice.force_login(cast.alice)
    page = alice.get(reverse("vault:grant", args=[grant.pk])).content.decode()
    assert "so it is used until a server refuses it" in page and "the provider named no end" in page
    assert "9998" not in page and "9999" not in page


def test_one_with_an_end_asks_its_person_once(cast: Cast, client_: OAuthClient) -> None:
    """expires_in 3600 and no refresh_token."""
    grant = aged(make_grant(cast, client_, cast.dana, None), 0.5)
    for _ in range(3):
        with pytest.raises(NeedsConsent) as problem:
            access_token(grant.pk)
        assert problem.value.reason == "expired"
    refresh_grants()
    grant.refresh_from_db()
    assert (grant.state, grant.state_reason) == ("needs_consent", "expired")
    (text,) = told(cast)
    assert "has ended, and the provider gave nothing to renew it with" in text
    make_grant(cast, client_, cast.dana, None)
    assert told(cast) == [] and access_token(grant.pk).token == Secret("at-first")


def test_beat_says_so_before_a_call_needs_it(cast: Cast, client_: OAuthClient) -> None:
    grant = aged(make_grant(cast, client_, cast.dana, None), 0.5)
    Membership.objects.filter(user=cast.dana).update(is_active=False)
    refresh_grants()
    assert told(cast) == [], "whoever left hears nothing"
    Membership.objects.filter(user=cast.dana).update(is_active=True)
    refresh_grants(), refresh_grants()
    grant.refresh_from_db()
    assert grant.state == "needs_consent" and len(told(cast)) == 1


def test_a_shared_one_that_ended_is_an_admins_business(cast: Cast, client_: OAuthClient) -> None:
    grant = aged(make_grant(cast, client_, None, None), 0.5)
    with pytest.raises(NeedsOperator):
        access_token(grant.pk)
    assert told(cast) == []
    assert Notice.objects.filter(user=cast.alice, settled_at=None).count() == 1


@pytest.mark.parametrize("is_invalid", [True, False])
def test_a_server_refuses_what_nothing_renews(cast: Cast, client_: OAuthClient, is_invalid: bool) -> None:
    """401 with error="invalid_token" ends it; 401 without a word asks too, and ends nothing."""
    grant, of = endless(cast, client_), connector(cast.acme, "https://crm.example/mcp")
    fields = {"resource": RESOURCE, "scopes": ""}
    sealed = SealedCredential(
        cast.acme.pk, of.pk, of.pk, "CRM", "oauth_user", 1, fields, 1, b"", oauth_client_id=client_.pk
    )
    access = sealed_access(grant.pk)
    assert turned_down(sealed, access, is_invalid=is_invalid) is None, "another one would be refused alike"
    aged(grant, 1)
    for _ in range(2):
        problem = turned_down(sealed, access, is_invalid=is_invalid)
        if problem is not None:
            assert isinstance(problem, NeedsConsent) and problem.connector_id == of.pk
    grant.refresh_from_db()
    assert grant.state == ("needs_consent" if is_invalid else "active")
    assert len(told(cast)) == int(is_invalid)
    if is_invalid:
        make_grant(cast, client_, cast.dana, None)
        assert turned_down(sealed, access, is_invalid=True) is None, "connected anew meanwhile"


def test_what_can_be_renewed_is_not_ended_by_a_server(cast: Cast, client_: OAuthClient) -> None:
    grant = aged(make_grant(cast, client_, cast.dana, "rt-first"), 0.02)
    of = connector(cast.acme, "https://crm.example/mcp")
    sealed = SealedCredential(cast.acme.pk, of.pk, of.pk, "CRM", "oauth_user", 1, {}, 1, b"")
    assert turned_down(sealed, sealed_access(grant.pk), is_invalid=True) is None


def test_tokens_that_are_over_at_once_are_not_asked_for_again_and_again(
    cast: Cast, client_: OAuthClient, endpoint: TokenEndpoint
) -> None:
    """expires_in 1, from a provider that needs longer than that to answer."""
    endpoint.answers = lambda form: said(after=1.2, access_token="at-short", token_type="Bearer", expires_in=1)
    grant = aged(make_grant(cast, client_, cast.dana, "rt-first"), 1)
    with pytest.raises(NotNow):
        access_token(grant.pk)
    assert len(endpoint.forms) == 2
    grant.refresh_from_db()
    assert grant.last_answer == "The provider's tokens end before they can be used."
    assert (grant.state, grant.lease_owner) == ("active", None) and told(cast) == []


def test_a_token_of_a_minute_is_renewed_and_used(cast: Cast, client_: OAuthClient, endpoint: TokenEndpoint) -> None:
    endpoint.answers = lambda form: said(access_token="at-minute", token_type="Bearer", expires_in=60)
    grant = aged(make_grant(cast, client_, cast.dana, "rt-first"), 1)
    for _ in range(3):
        assert access_token(grant.pk).token == Secret("at-minute")
    assert len(endpoint.forms) == 1
