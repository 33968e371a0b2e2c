"""What a provider refuses of one person's connection is not said of all: others go on, and admins hear of it once."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from connectors.access.load import load
from harriet.gateway.steps.caller_words import for_caller
from harriet.lib.secret import Secret
from harriet.people.models import Notice, User
from tests.servers.token_endpoint import Form, Reply, TokenEndpoint, said
from tests.stage.cast import Cast
from tests.stage.connectors import connector
from tests.stage.oauth import give_secret, make_grant
from tests.vault.test_renew_grant import expire, later
from vault.actions.save_oauth_client import replace_client_secret
from vault.errors import NeedsOperator, NeedsOperatorForOne, NotNow
from vault.models import OAuthClient
from vault.oauth.tokens import access_token

pytestmark = pytest.mark.django_db


@pytest.fixture
def client_(client_: OAuthClient) -> OAuthClient:
    return give_secret(client_)


def told(user: User) -> list[str]:
    return list(Notice.objects.filter(user=user, settled_at=None).values_list("text", flat=True))


@pytest.mark.parametrize("code", ["invalid_scope", "invalid_request", "unauthorized_client", "admin_policy_enforced"])
def test_while_others_are_renewed_the_registration_is_not_at_fault(
    cast: Cast, client_: OAuthClient, endpoint: TokenEndpoint, code: str
) -> None:
    bobs, danas, alices = (
        make_grant(cast, client_, user, endpoint.first_token()) for user in (cast.bob, cast.dana, cast.alice)
    )
    refused = {token for token in endpoint.families.values() if token}
    access_token(expire(bobs).pk)
    refused -= {endpoint.forms[0]["refresh_token"]}

    def answers(form: Form) -> Reply:
        return said(400, error=code) if form["refresh_token"] in refused else endpoint.strict(form)

    endpoint.answers = answers
    expire(danas), expire(alices)
    for one in (danas, alices, danas, later(danas, 400)):
        with pytest.raises(NeedsOperatorForOne) as problem:
            access_token(one.pk)
    client_.refresh_from_db()
    assert (client_.problem, client_.retry_at) == ("", None)
    assert access_token(expire(bobs).pk).generation == 3, "Bob's calls go on"
    (text,) = told(cast.alice)
    assert "refuses to renew some of its connections" in text and code in text
    assert told(cast.dana) == told(cast.bob) == []
    crm = connector(cast.acme, "https://crm.example/mcp")
    row = load(cast.acme.pk).connectors[crm.id]
    assert for_caller(problem.value, row).startswith("CRM does not renew your access at the moment")
    browser = Client()
    browser.force_login(cast.alice)
    page = browser.get(reverse("vault:grant", args=[danas.pk])).content.decode()
    assert "Needs an admin" in page and f"The provider said {code}." in page
    endpoint.answers = endpoint.strict
    assert access_token(later(danas, 400).pk).generation == 2
    danas.refresh_from_db()
    assert (danas.state, danas.state_reason) == ("active", "")


def test_what_is_about_the_client_is_about_all(cast: Cast, client_: OAuthClient, endpoint: TokenEndpoint) -> None:
    bobs = make_grant(cast, client_, cast.bob, endpoint.first_token())
    access_token(expire(bobs).pk)
    endpoint.answers = lambda form: said(401, error="invalid_client")
    danas = expire(make_grant(cast, client_, cast.dana, endpoint.first_token()))
    with pytest.raises(NeedsOperator):
        access_token(danas.pk)
    client_.refresh_from_db()
    assert client_.problem == "The provider said invalid_client."


def test_once_the_secret_is_entered_anew_calls_go_at_once(
    cast: Cast, client_: OAuthClient, endpoint: TokenEndpoint
) -> None:
    grant = expire(make_grant(cast, client_, cast.dana, endpoint.first_token()))
    endpoint.answers = lambda form: said(401, error="invalid_client")
    with pytest.raises(NeedsOperator):
        access_token(grant.pk)
    endpoint.answers = endpoint.strict
    replace_client_secret(client_, Secret("another-secret"), actor=cast.actor(cast.alice))
    assert access_token(grant.pk).generation == 2, "and not five minutes later"


def test_what_fails_for_days_is_told_to_admins_once(cast: Cast, client_: OAuthClient, endpoint: TokenEndpoint) -> None:
    """500 with server_error, as some answer for a refresh token that is dead: nobody's business, and never over."""
    grant = expire(make_grant(cast, client_, cast.dana, endpoint.first_token()))
    endpoint.answers = lambda form: said(500, error="server_error")
    with pytest.raises(NotNow):
        access_token(grant.pk)
    assert told(cast.alice) == []
    for _ in range(3):
        with pytest.raises(NotNow):
            access_token(later(grant, 2 * 86400).pk)
    (text,) = told(cast.alice)
    assert "no more for over a day" in text and told(cast.dana) == []
    endpoint.answers = endpoint.strict
    assert access_token(later(grant, 86400).pk).generation == 2
    assert told(cast.alice) == []
