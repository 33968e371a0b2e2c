"""Dana disconnects while a renewal is under way, or after one whose process ended: what it brought is taken back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connection

from harriet.lib.secret import Secret
from tests.servers.token_endpoint import Form, Reply, TokenEndpoint
from tests.stage.cast import Cast
from tests.stage.oauth import make_client, make_grant
from tests.vault.test_renew_grant import expire, lease_of
from vault.actions.end_grant import end_grant
from vault.errors import TokenProblem
from vault.models import OAuthClient, OAuthGrant
from vault.oauth.answers import TokenAnswer
from vault.oauth.renewed import renewed_of
from vault.oauth.spool import is_spooled, spool
from vault.oauth.tokens import access_token
from vault.open import opener_for


class Provider:
    """Tokens and their revocation at one address; `meanwhile` happens before the first renewal is answered."""

    def __init__(self, endpoint: TokenEndpoint) -> None:
        self.endpoint, self.taken_back = endpoint, list[str]()
        self.meanwhile = lambda: None
        endpoint.answers = self

    def __call__(self, form: Form) -> Reply:
        if "token" in form:
            self.taken_back.append(form["token"])
            return Reply()
        reply = self.endpoint.strict(form)
        self.meanwhile()
        return reply

    @property
    def alive(self) -> set[str]:
        return set(self.endpoint.families.values()) - set(self.taken_back)


@pytest.fixture
def provider() -> Iterator[Provider]:
    with TokenEndpoint() as endpoint:
        yield Provider(endpoint)


def at(provider: Provider, cast: Cast) -> OAuthClient:
    client = make_client(cast.acme, provider.endpoint.url)
    client.metadata["revocation_endpoint"] = provider.endpoint.url
    client.save()
    return client


@pytest.mark.django_db(transaction=True)
def test_what_a_renewal_brings_after_it_was_ended_is_taken_back(committed_cast: Cast, provider: Provider) -> None:
    cast, client = committed_cast, at(provider, committed_cast)
    grant = expire(make_grant(cast, client, cast.dana, provider.endpoint.first_token()))

    def disconnect() -> None:
        end_grant(OAuthGrant.objects.get(pk=grant.pk), actor=cast.actor(cast.dana))
        connection.close()

    provider.meanwhile = disconnect
    with pytest.raises(TokenProblem):
        access_token(grant.pk)
    grant.refresh_from_db()
    assert (grant.state, grant.sealed_refresh, grant.sealed_access) == ("revoked", None, None)
    assert provider.alive == set(), "nothing that the provider gave is left there"
    assert not is_spooled(grant) and list(settings.SPOOL_DIR.glob(f"*{grant.pk}*")) == []


@pytest.mark.django_db(transaction=True)
def test_a_consent_of_the_meantime_keeps_what_it_brought(committed_cast: Cast, provider: Provider) -> None:
    cast, client = committed_cast, at(provider, committed_cast)
    grant = expire(make_grant(cast, client, cast.dana, provider.endpoint.first_token()))

    def connect_again() -> None:
        make_grant(cast, client, cast.dana, provider.endpoint.first_token(), access=Secret("at-again"))
        connection.close()

    provider.meanwhile = connect_again
    assert access_token(grant.pk).token == Secret("at-again")
    assert provider.taken_back == [], "many providers end all of an account's grants with one token"
    assert not is_spooled(grant)


@pytest.mark.django_db
def test_what_a_crashed_process_left_in_a_file_is_taken_back(cast: Cast, provider: Provider) -> None:
    grant = expire(make_grant(cast, at(provider, cast), cast.dana, provider.endpoint.first_token()))
    lease, opener = lease_of(grant), opener_for(grant.organization_id)
    answer = TokenAnswer(Secret("at-spooled"), Secret("rt-spooled"), "Bearer", 3600, None, None)
    spool(lease.grant, renewed_of(lease.grant, answer, opener, began=lease.began, old_refresh=None), opener)
    end_grant(grant, actor=cast.actor(cast.dana))
    assert provider.taken_back == ["rt-spooled", "at-spooled"]
    assert not is_spooled(grant)
