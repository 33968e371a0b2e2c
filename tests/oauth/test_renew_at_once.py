"""Many processes need a token at the moment when it is over, and one asks; whoever is killed on the way strands nobody.

`make renewal` tells these stories with the whole numbers: 32 processes and 500 expiries, 50 deaths at each point.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db.models import F

from harriet.lib.secret import Secret
from tests.oauth.renewers import POINTS
from tests.servers.oidc_provider import Provider, tokens_of
from tests.servers.running import ROOT
from tests.servers.token_endpoint import Reply, TokenEndpoint
from tests.stage.cast import Cast
from tests.stage.grants import HARRIET, grant, registration
from tests.stage.oauth import RESOURCE, make_client, make_grant
from vault.errors import OutcomeUnknown
from vault.models import OAuthClient, OAuthGrant
from vault.oauth.spool import is_spooled
from vault.oauth.tokens import access_token

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

WHOLE = {"processes": 32, "expiries": 500, "deaths": 50}
SHORT = {"processes": 8, "expiries": 12, "deaths": 2}
WINDOW = {"before the answer is sealed", "while the file is written"}
"""The provider has answered, and what it said is on no disk: nothing closes this against a strict one."""
PROVIDERS_CLIENT = {
    **HARRIET,
    "redirect_uris": ["https://harriet.example/oauth/callback"],
    "grant_types": ["authorization_code", "refresh_token"],
    "response_types": ["code"],
}


class Renewers:
    """The program of renewers.py."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.oauth.renewers"]
        self._program = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, start_new_session=True
        )
        assert self._hear() == "ready"

    def tell(self, *command: Any) -> Any:
        assert self._program.stdin
        self._program.stdin.write(json.dumps(command) + "\n")
        self._program.stdin.flush()
        return json.loads(self._hear())

    def stop(self) -> None:
        self._program.communicate(timeout=60)

    def _hear(self) -> str:
        assert self._program.stdout
        return self._program.stdout.readline().strip()


@pytest.fixture
def renewers(transactional_db: None) -> Iterator[Renewers]:
    program = Renewers()
    yield program
    program.stop()


@pytest.fixture(scope="module")
def endpoint() -> Iterator[TokenEndpoint]:
    with TokenEndpoint() as endpoint:
        yield endpoint


@pytest.fixture
def numbers(request: pytest.FixtureRequest) -> dict[str, int]:
    return WHOLE if request.config.getoption("--whole") else SHORT


def raced(renewers: Renewers, one: OAuthGrant, numbers: dict[str, int]) -> None:
    """Everybody got the one token that each expiry brought, and the grant is as good as before."""
    rounds = renewers.tell("race", numbers["processes"], numbers["expiries"], str(one.pk))
    first = one.generation
    assert rounds == [list(range(first + 1, first + 1 + numbers["expiries"]))] * numbers["processes"]
    one.refresh_from_db()
    assert (one.state, one.failures, one.lease_owner) == ("active", 0, None)
    assert not is_spooled(one)


def test_one_process_asks_for_all(
    committed_cast: Cast, renewers: Renewers, endpoint: TokenEndpoint, numbers: dict[str, int]
) -> None:
    endpoint.forms.clear()
    client = make_client(committed_cast.acme, endpoint.url)
    raced(renewers, make_grant(committed_cast, client, committed_cast.dana, endpoint.first_token()), numbers)
    assert len(endpoint.forms) == numbers["expiries"]
    assert len(endpoint.families) == 1, "no token came twice"


def test_a_strict_provider_sees_one_request_for_each_expiry(
    committed_cast: Cast, renewers: Renewers, numbers: dict[str, int]
) -> None:
    """npm oidc-provider: it ends the whole grant when a refresh token comes twice."""
    provider = Provider(PROVIDERS_CLIENT)
    provider.wait()
    try:
        given = tokens_of(provider, PROVIDERS_CLIENT, "dana", RESOURCE)
        client = registration(committed_cast.acme, provider.url)
        before = len(provider.requests("/token"))
        one = grant(client, committed_cast.dana, RESOURCE, refresh=given["refresh_token"])
        raced(renewers, one, numbers)
        assert len(provider.requests("/token")) - before == numbers["expiries"]
    finally:
        provider.stop()


def expired(one: OAuthGrant) -> OAuthGrant:
    """With the lease of whoever died, and the pause that a failure made."""
    back = timedelta(hours=2)
    names = ("access_expires_at", "next_refresh_at", "lease_until", "answered_at")
    OAuthGrant.objects.filter(pk=one.pk).update(**{name: F(name) - back for name in names})
    OAuthClient.objects.filter(pk=one.client_id).update(retry_at=F("retry_at") - back)
    one.refresh_from_db()
    return one


@pytest.mark.parametrize("point", POINTS)
def test_a_process_that_is_killed_strands_nobody_but_in_the_one_window(
    committed_cast: Cast, renewers: Renewers, endpoint: TokenEndpoint, numbers: dict[str, int], point: str
) -> None:
    client = make_client(committed_cast.acme, endpoint.url)
    for _ in range(numbers["deaths"]):
        one = expired(make_grant(committed_cast, client, committed_cast.dana, endpoint.first_token()))
        endpoint.forms.clear()
        assert renewers.tell("kill", point, str(one.pk)) == "killed"
        if point != "once it is committed":
            expired(one)
        if point in WINDOW:
            with pytest.raises(OutcomeUnknown):
                access_token(one.pk)
            one.refresh_from_db()
            assert (one.state, one.state_reason) == ("unknown", "outcome_unknown")
            assert len(endpoint.forms) == 2, "tried once more, and no third time"
        else:
            assert access_token(one.pk).token != Secret("at-first")
            assert len(endpoint.forms) == 1


def test_an_answer_that_finds_nobody_any_more_is_said_as_that(
    committed_cast: Cast, renewers: Renewers, endpoint: TokenEndpoint
) -> None:
    client = make_client(committed_cast.acme, endpoint.url)
    one = expired(make_grant(committed_cast, client, committed_cast.dana, endpoint.first_token()))
    endpoint.answers = lambda form: (endpoint.strict(form), Reply(hangs_up=True))[1]
    try:
        assert renewers.tell("kill", "before the answer is sealed", str(one.pk)) == "ended"
    finally:
        endpoint.answers = endpoint.strict
    with pytest.raises(OutcomeUnknown):
        access_token(expired(one).pk)


def test_nothing_is_left_in_the_spool(committed_cast: Cast, renewers: Renewers, endpoint: TokenEndpoint) -> None:
    client = make_client(committed_cast.acme, endpoint.url)
    one = expired(make_grant(committed_cast, client, committed_cast.dana, endpoint.first_token()))
    assert renewers.tell("kill", "once it is committed", str(one.pk)) == "killed"
    assert access_token(one.pk).generation == 2
    expired(one)
    assert access_token(one.pk).generation == 3
    assert list(settings.SPOOL_DIR.glob(f"{one.pk}.*")) == [settings.SPOOL_DIR / f"{one.pk}.1"], "swept after a day"
