"""What one kind of credential, or one set of scopes, was granted is never taken for another's, nor ended with it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harriet.gateway.steps.access import key_of
from harriet.lib.secret import Secret
from harriet.people.models import User
from tests.servers.token_endpoint import Form, Reply, TokenEndpoint, said
from tests.stage.cast import Cast
from tests.stage.connectors import connector
from tests.stage.oauth import RESOURCE, give_secret, make_client, make_grant
from vault.actions.agree_to_delegation import agree_to_delegation
from vault.actions.end_grant import end_grant
from vault.actions.touch_used import touch_accounts
from vault.errors import NeedsConsent, NeedsOperator
from vault.models import Credential, OAuthClient, OAuthGrant
from vault.oauth.shared import prepare
from vault.oauth.tokens import SealedAccess
from vault.oauth.whose import access_for
from vault.open import opener_for
from vault.stored import SealedCredential

pytestmark = pytest.mark.django_db


@pytest.fixture
def client_(cast: Cast, endpoint: TokenEndpoint) -> OAuthClient:
    endpoint.forms.clear()
    endpoint.answers = by_scope
    return give_secret(make_client(cast.acme, endpoint.url))


def by_scope(form: Form) -> Reply:
    """The token says for which scopes it was given."""
    token = f"at-{form['grant_type']}-{form.get('scope', 'none').replace(' ', '+')}"
    return said(access_token=token, token_type="Bearer", expires_in=3600)


def signs_in(client: OAuthClient, type_: str, scopes: str = "", **placement: str) -> SealedCredential:
    """As the gateway knows it."""
    fields = {"resource": RESOURCE, "scopes": scopes, **placement}
    of = connector(client.organization, f"https://crm.example/{type_}/{scopes or 'none'}", slug=f"{type_}-{scopes}")
    made = Credential.objects.create(
        organization=client.organization, connector_id=of.pk, name=of.name, type=type_, placement=fields
    )
    Credential.objects.filter(pk=made.pk).update(oauth_client=client)
    return SealedCredential(
        client.organization_id, of.pk, made.pk, of.name, type_, 1, fields, 1, b"", oauth_client_id=client.pk
    )


def kept(sealed: SealedCredential) -> Credential:
    return Credential.objects.select_related("oauth_client__organization").get(pk=sealed.credential_id)


def opened(access: SealedAccess, client: OAuthClient) -> Secret:
    return access.opened(opener_for(client.organization_id))


def test_an_account_that_alice_signed_in_with_is_not_harriets_own(cast: Cast, client_: OAuthClient) -> None:
    """The same registration and resource, once with client credentials, once with a shared account."""
    own, shared = signs_in(client_, "oauth_client", "read"), signs_in(client_, "oauth_shared", "read")
    assert opened(access_for(own, None), client_) == Secret("at-client_credentials-read")
    with pytest.raises(NeedsOperator):
        access_for(shared, None)
    of_alice = make_grant(cast, client_, None, "rt-first", access=Secret("at-of-the-account"))
    assert opened(access_for(shared, None), client_) == Secret("at-of-the-account")
    assert opened(access_for(own, None), client_) == Secret("at-client_credentials-read")
    assert key_of(own, cast.dana.pk) != key_of(shared, cast.dana.pk), "nor in the gateway's memory"
    end_grant(of_alice, actor=cast.actor(cast.alice))
    with pytest.raises(NeedsOperator):
        access_for(shared, None)
    assert opened(access_for(own, None), client_) == Secret("at-client_credentials-read")


def test_harriets_own_account_ends_alone(cast: Cast, client_: OAuthClient) -> None:
    own, shared = signs_in(client_, "oauth_client", "read"), signs_in(client_, "oauth_shared", "read")
    make_grant(cast, client_, None, "rt-first", access=Secret("at-of-the-account"))
    access = access_for(own, None)
    end_grant(OAuthGrant.objects.get(pk=access.grant_id), actor=cast.actor(cast.alice))
    with pytest.raises(NeedsOperator):
        access_for(own, None)
    assert opened(access_for(shared, None), client_) == Secret("at-of-the-account")


def test_an_integration_key_never_gets_a_shared_account_of_another_connector(cast: Cast, client_: OAuthClient) -> None:
    shared, of_people = signs_in(client_, "oauth_shared"), signs_in(client_, "oauth_user")
    make_grant(cast, client_, None, "rt-first", access=Secret("at-of-the-account"))
    assert key_of(shared, None) != key_of(of_people, None)
    with pytest.raises(NeedsConsent):
        access_for(of_people, None)


def test_two_connectors_with_other_scopes_each_have_their_token(
    cast: Cast, client_: OAuthClient, endpoint: TokenEndpoint
) -> None:
    """At a provider that knows no resources both are asked for with resource none: by turns, one request each."""
    reads = signs_in(client_, "oauth_client", "read", resource="none")
    writes = signs_in(client_, "oauth_client", "write", resource="none")
    for _ in range(3):
        assert opened(access_for(reads, None), client_) == Secret("at-client_credentials-read")
        assert opened(access_for(writes, None), client_) == Secret("at-client_credentials-write")
    assert len(endpoint.forms) == 2


def test_other_scopes_of_the_only_connector_take_the_place_of_the_old(cast: Cast, client_: OAuthClient) -> None:
    reads = signs_in(client_, "oauth_client", "read")
    first = access_for(reads, None)
    mine = kept(reads)
    mine.placement = {**reads.placement, "scopes": "read write"}
    mine.save()
    prepare(mine, actor=cast.actor(cast.alice))
    again = access_for(replace(reads, placement=mine.placement), None)
    assert again.grant_id == first.grant_id and OAuthGrant.objects.count() == 1
    assert opened(again, client_) == Secret("at-client_credentials-read+write")


def test_what_a_call_used_is_noted_with_that_account_alone(cast: Cast, client_: OAuthClient) -> None:
    own = signs_in(client_, "oauth_client", "read")
    of_alice = make_grant(cast, client_, None, "rt-first")
    mine = access_for(own, None).grant_id
    touch_accounts({key_of(own, cast.dana.pk): "CRM: search"})
    assert OAuthGrant.objects.get(pk=mine).last_used_by == "CRM: search"
    of_alice.refresh_from_db()
    assert of_alice.last_used_by == ""


def test_what_dana_agreed_to_for_her_calendar_is_not_for_her_mail(cast: Cast, client_: OAuthClient) -> None:
    """One key file, two connectors: the service account acts for her in each as far as she agreed there."""
    User.objects.filter(pk=cast.dana.pk).update(is_proven=True)
    cast.dana.refresh_from_db()
    calendar, mail = (signs_in(client_, "service_account", one, subject="person") for one in ("calendar", "mail"))
    agreed = agree_to_delegation(kept(calendar), cast.dana, actor=cast.actor(cast.dana))
    with pytest.raises(NeedsConsent):
        access_for(mail, cast.dana.pk)
    also = agree_to_delegation(kept(mail), cast.dana, actor=cast.actor(cast.dana))
    end_grant(also, actor=cast.actor(cast.dana))
    agreed.refresh_from_db()
    assert (agreed.state, agreed.asked_scopes) == ("active", "calendar")
    change = kept(calendar)
    change.placement = {**calendar.placement, "scopes": "calendar contacts"}
    change.save()
    with pytest.raises(NeedsConsent):
        access_for(replace(calendar, placement=change.placement), cast.dana.pk)
    more = agree_to_delegation(change, cast.dana, actor=cast.actor(cast.dana))
    assert more.pk == agreed.pk and more.asked_scopes == "calendar contacts"
