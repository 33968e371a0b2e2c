"""A connection ends: here at once, whatever the provider does; there as far as the provider says so, and no further."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from django.utils import timezone

from audit.models import Event
from harriet.lib.ids import new_id
from harriet.people.actions.deactivate_person import deactivate_person
from harriet.people.actions.remove_person import remove_person
from harriet.people.actors import actor_of
from harriet.people.errors import NotAllowed
from harriet.people.models import Membership, User
from tests.servers.oidc_provider import Provider, tokens_of
from tests.stage.cast import Cast
from tests.stage.grants import HARRIET, grant, registration
from vault.actions.end_grant import end_grant
from vault.actions.end_grants import revoke_ended_grants
from vault.models import OAuthClient, OAuthGrant, OAuthRequest
from vault.oauth.revocation import There

pytestmark = pytest.mark.django_db
KNOWN = {**HARRIET, "redirect_uris": ["http://127.0.0.1:9/oauth/callback"]}
RESOURCE = "https://crm.acme.test/mcp"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    process = Provider(KNOWN)
    process.wait()
    yield process
    process.stop()


@pytest.fixture
def client(cast: Cast, provider: Provider) -> Iterator[OAuthClient]:
    yield registration(cast.acme, provider.url)
    provider.set(fail={})


def connected(client: OAuthClient, provider: Provider, user: User) -> tuple[OAuthGrant, dict[str, Any]]:
    tokens = tokens_of(provider, KNOWN, user.email, RESOURCE)
    return grant(client, user, RESOURCE, access=tokens["access_token"], refresh=tokens["refresh_token"]), tokens


def is_good(provider: Provider, token: str) -> bool:
    with httpx2.Client(auth=(HARRIET["client_id"], HARRIET["client_secret"])) as http:
        return bool(http.post(f"{provider.url}/token/introspection", data={"token": token}).json()["active"])


def bare(mine: OAuthGrant) -> bool:
    mine.refresh_from_db()
    return mine.state == "revoked" and mine.sealed_access is None and mine.sealed_refresh is None


def told(code: str) -> list[dict[str, Any]]:
    return [json.loads(row.body) for row in Event.objects.filter(code=code).order_by("recorded_at")]


def test_dana_disconnects_and_the_provider_takes_it_back(cast: Cast, provider: Provider, client: OAuthClient) -> None:
    mine, tokens = connected(client, provider, cast.dana)
    theirs, others = connected(client, provider, cast.bob)
    assert is_good(provider, tokens["access_token"])
    assert end_grant(mine, actor=actor_of(cast.dana)) is There.CONFIRMED
    assert bare(mine)
    assert not is_good(provider, tokens["access_token"]) and not is_good(provider, tokens["refresh_token"])
    theirs.refresh_from_db()
    assert theirs.state == "active" and is_good(provider, others["access_token"]), "Bob's is another one"
    assert told("oauth.disconnected")[0]["details"]["whose"] == "dana@acme.test"
    assert told("oauth.revoked_there")[0]["details"]["observed"] == "confirmed"
    assert tokens["refresh_token"] not in "".join(row.body for row in Event.objects.all())


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ({"status": 500, "body": "oh"}, There.NO_ANSWER),
        ({"status": 503, "body": "{}"}, There.NO_ANSWER),
        ({"status": 400, "body": '{"error":"unsupported_token_type"}'}, There.REFUSED),
        ({"status": 200, "body": "<html>", "type": "text/html"}, There.CONFIRMED),
    ],
)
def test_whatever_the_provider_does_it_ends_here(
    cast: Cast, provider: Provider, client: OAuthClient, answer: dict[str, Any], found: There
) -> None:
    mine = grant(client, cast.dana, RESOURCE)
    provider.set(fail={"/token/revocation": answer})
    assert end_grant(mine, actor=actor_of(cast.dana)) is found
    assert bare(mine)


def test_a_provider_without_a_way_is_told_as_that(cast: Cast, provider: Provider, client: OAuthClient) -> None:
    client.metadata.pop("revocation_endpoint")
    client.save()
    mine = grant(client, cast.dana, RESOURCE)
    before = len(provider.requests("/token/revocation"))
    assert end_grant(mine, actor=actor_of(cast.dana)) is There.NO_WAY
    assert bare(mine) and len(provider.requests("/token/revocation")) == before
    assert end_grant(mine, actor=actor_of(cast.dana)) is There.NOTHING
    assert len(told("oauth.disconnected")) == 1, "it ended once"


def test_nothing_is_sent_to_an_address_inside_that_nobody_allowed(cast: Cast, provider: Provider) -> None:
    client = registration(cast.acme, provider.url, allow_internal=False)
    before = len(provider.requests("/token/revocation"))
    assert end_grant(grant(client, cast.dana, RESOURCE), actor=actor_of(cast.dana)) is There.NO_WAY
    assert len(provider.requests("/token/revocation")) == before


def test_only_its_person_and_admins_end_it(cast: Cast, client: OAuthClient) -> None:
    mine = grant(client, cast.dana, RESOURCE)
    for other in (cast.bob, cast.charlie):
        with pytest.raises(NotAllowed):
            end_grant(mine, actor=actor_of(other))
    mine.refresh_from_db()
    assert mine.state == "active"
    end_grant(mine, actor=actor_of(cast.alice))
    assert bare(mine)


@pytest.mark.parametrize("end", [deactivate_person, remove_person])
def test_off_boarding_ends_all_of_it(cast: Cast, provider: Provider, client: OAuthClient, end: Any) -> None:
    mine, tokens = connected(client, provider, cast.dana)
    bobs = grant(client, cast.bob, RESOURCE)
    membership = Membership.objects.select_related("organization", "user").get(user=cast.dana)
    Membership.objects.create(organization=cast.globex, user=cast.dana)
    elsewhere = grant(registration(cast.globex, provider.url), cast.dana, RESOURCE)
    end(membership, actor=actor_of(cast.alice))
    mine.refresh_from_db()
    assert mine.state == "revoked", "from this transaction on nobody uses it"
    for other in (bobs, elsewhere):
        other.refresh_from_db()
        assert other.state == "active"
    assert revoke_ended_grants() == 1
    assert bare(mine) and not is_good(provider, tokens["refresh_token"])
    assert revoke_ended_grants() == 0


def test_who_left_on_the_way_to_the_provider_brings_nothing_back(
    cast: Cast, provider: Provider, client: OAuthClient
) -> None:
    """Dana was deactivated between her yes there and her coming back: what came is taken back, and never used."""
    OAuthRequest.objects.create(
        organization=cast.acme,
        user=cast.dana,
        client=client,
        connector_id=new_id(),
        state_hash=b"s" * 32,
        sealed_verifier=b"v",
        key_version=1,
        issuer=provider.url,
        redirect_uri="https://harriet.test/oauth/callback",
        expires_at=timezone.now() + timedelta(minutes=10),
    )
    deactivate_person(Membership.objects.get(user=cast.dana), actor=actor_of(cast.alice))
    assert not OAuthRequest.objects.exists()
    mine, tokens = connected(client, provider, cast.dana)
    assert mine.state == "revoked" and not told("oauth.connected")
    assert revoke_ended_grants() == 1
    assert bare(mine) and not is_good(provider, tokens["refresh_token"])


def test_a_provider_that_is_away_is_asked_again_for_a_day(cast: Cast, provider: Provider, client: OAuthClient) -> None:
    mine = grant(client, cast.dana, RESOURCE)
    membership = Membership.objects.select_related("organization", "user").get(user=cast.dana)
    deactivate_person(membership, actor=actor_of(cast.alice))
    provider.set(fail={"/token/revocation": {"status": 502, "body": "<html>", "type": "text/html"}})
    assert revoke_ended_grants() == 0
    mine.refresh_from_db()
    assert mine.state == "revoked" and mine.sealed_refresh is not None, "kept, to be taken back later"
    assert revoke_ended_grants() == 0, "its lease runs: nobody asks again in the same minute"
    asked = len(provider.requests("/token/revocation"))
    OAuthGrant.objects.filter(pk=mine.pk).update(lease_until=mine.revoked_at, revoked_at="2026-01-01T00:00:00Z")
    revoke_ended_grants()
    assert len(provider.requests("/token/revocation")) > asked
    assert bare(mine), "after a day it is erased, whatever the provider thinks"
    assert told("oauth.revoked_there")[-1]["details"]["observed"] == "no_answer"
