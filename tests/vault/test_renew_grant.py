"""A grant is renewed before it ends, and whatever the provider says, nobody is asked who could not help."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.db.models import F

from audit.models import Event
from harriet.lib.database_clock import database_now
from harriet.lib.secret import Secret
from harriet.people.models import Membership, Notice
from tests.servers.token_endpoint import Reply, TokenEndpoint, said
from tests.stage.cast import Cast
from tests.stage.oauth import make_grant
from vault.actions.create_data_key import create_data_key
from vault.errors import NeedsConsent, NeedsOperator, NotNow, OutcomeUnknown
from vault.models import DataKey, OAuthClient, OAuthGrant
from vault.oauth.answers import TokenAnswer
from vault.oauth.lease import LEASE_SECONDS, Lease, Wanted, look
from vault.oauth.refresh import good_grant
from vault.oauth.renewed import renewed_of
from vault.oauth.sealing import refresh_token
from vault.oauth.shared import shared_grant
from vault.oauth.spool import is_spooled, spool
from vault.oauth.tokens import access_token
from vault.open import opener_for

pytestmark = pytest.mark.django_db
HTML = Reply(502, b"<!DOCTYPE html><html><body>Bad gateway</body></html>", {"Content-Type": "text/html"})


@pytest.fixture
def grant(cast: Cast, client_: OAuthClient, endpoint: TokenEndpoint) -> OAuthGrant:
    return make_grant(cast, client_, cast.dana, endpoint.first_token())


def later(grant: OAuthGrant, seconds: float) -> OAuthGrant:
    """Everything of the grant and its registration lies further back."""
    back = timedelta(seconds=seconds)
    names = ("access_expires_at", "next_refresh_at", "lease_until", "answered_at", "refresh_expires_at")
    OAuthGrant.objects.filter(pk=grant.pk).update(**{name: F(name) - back for name in names})
    OAuthClient.objects.filter(pk=grant.client_id).update(retry_at=F("retry_at") - back)
    grant.refresh_from_db()
    return grant


def expire(grant: OAuthGrant) -> OAuthGrant:
    return later(grant, 3700)


def told(cast: Cast) -> list[str]:
    return list(Notice.objects.filter(user=cast.dana, settled_at=None).values_list("text", flat=True))


def codes() -> list[str]:
    mine = Event.objects.filter(code__startswith="oauth.").exclude(code="oauth.connected")
    return list(mine.order_by("recorded_at").values_list("code", flat=True))


def test_a_good_token_is_used_as_it_is(grant: OAuthGrant, endpoint: TokenEndpoint) -> None:
    access = access_token(grant.pk)
    assert (access.token, access.type, access.generation) == (Secret("at-first"), "Bearer", 1)
    assert endpoint.forms == []


def test_an_expired_one_is_renewed_once(grant: OAuthGrant, endpoint: TokenEndpoint) -> None:
    expire(grant)
    access = access_token(grant.pk)
    assert access_token(grant.pk).token == access.token != Secret("at-first")
    assert access.generation == 2
    assert len(endpoint.forms) == 1
    assert endpoint.forms[0]["resource"] == grant.resource
    assert not is_spooled(grant)
    assert access.expires_at > database_now() + timedelta(minutes=59)


def test_it_is_renewed_before_it_ends(grant: OAuthGrant, endpoint: TokenEndpoint) -> None:
    later(grant, 3600 - 300)
    assert access_token(grant.pk).generation == 2
    later(grant, 1800)
    assert access_token(grant.pk).generation == 2
    assert good_grant(grant.pk, Wanted(ahead=timedelta(minutes=30))).generation == 3


def test_a_provider_that_sends_no_new_refresh_token_keeps_the_old(grant: OAuthGrant, endpoint: TokenEndpoint) -> None:
    endpoint.answers = lambda form: said(access_token="at-2", token_type="bearer", expires_in="3600")
    for generation in (2, 3):
        assert access_token(expire(grant).pk).generation == generation
    assert endpoint.forms[0]["refresh_token"] == endpoint.forms[1]["refresh_token"]


def test_narrower_scopes_are_noted(grant: OAuthGrant, endpoint: TokenEndpoint) -> None:
    endpoint.answers = lambda form: said(access_token="at-2", token_type="bearer", scope="read")
    access_token(expire(grant).pk)
    grant.refresh_from_db()
    assert (grant.scopes, grant.asked_scopes) == ("read", "read write")
    assert codes() == ["oauth.scopes_narrowed"]


def test_a_refused_token_is_renewed_for_whoever_was_refused_first(grant: OAuthGrant, endpoint: TokenEndpoint) -> None:
    later(grant, 120)
    assert access_token(grant.pk, rejected_generation=1).generation == 2
    assert access_token(grant.pk, rejected_generation=1).generation == 2
    assert access_token(grant.pk, rejected_generation=2).generation == 2, "it was given a moment ago"
    assert len(endpoint.forms) == 1


def test_only_the_person_is_asked_and_once(cast: Cast, grant: OAuthGrant, endpoint: TokenEndpoint) -> None:
    endpoint.answers = lambda form: said(400, error="invalid_grant")
    expire(grant)
    for _ in range(3):
        with pytest.raises(NeedsConsent) as problem:
            access_token(grant.pk)
    assert problem.value.reason == "invalid_grant"
    assert problem.value.client_id == grant.client_id
    assert len(endpoint.forms) == 1
    (text,) = told(cast)
    assert text.startswith("Your connection to Example ID is no longer accepted by the provider. Connect it again")
    assert not Notice.objects.exclude(user=cast.dana).exists()
    assert codes() == ["oauth.consent_needed"]
    grant.client.refresh_from_db()
    assert grant.client.problem == ""
    make_grant(cast, grant.client, cast.dana, endpoint.first_token())
    assert told(cast) == []
    assert access_token(grant.pk).token == Secret("at-first")


def test_somebody_who_left_is_not_told(cast: Cast, grant: OAuthGrant, endpoint: TokenEndpoint) -> None:
    endpoint.answers = lambda form: said(400, error="invalid_grant")
    Membership.objects.filter(user=cast.dana).update(is_active=False)
    with pytest.raises(NeedsConsent):
        access_token(expire(grant).pk)
    assert told(cast) == []


def test_an_admins_problem_costs_nobody_their_grant(cast: Cast, grant: OAuthGrant, endpoint: TokenEndpoint) -> None:
    other = make_grant(cast, grant.client, cast.bob, endpoint.first_token())
    endpoint.answers = lambda form: said(401, error="invalid_client")
    expire(grant), expire(other)
    for one in (grant, other, grant):
        with pytest.raises(NeedsOperator):
            access_token(one.pk)
    assert len(endpoint.forms) == 1
    assert told(cast) == []
    assert Notice.objects.filter(user=cast.alice).count() == 1
    grant.refresh_from_db()
    assert grant.state == "active"
    endpoint.answers = endpoint.strict
    later(other, 400)
    assert access_token(other.pk).generation == 2
    later(grant, 400)
    assert access_token(grant.pk).generation == 2
    assert codes() == ["oauth.client_refused", "oauth.client_mended"]
    assert not Notice.objects.filter(user=cast.alice, settled_at=None).exists()


@pytest.mark.parametrize(
    "reply", [HTML, said(503, error="temporarily_unavailable"), Reply(429, headers={"Retry-After": "2"})]
)
def test_while_the_provider_is_away_the_old_token_serves(
    cast: Cast, grant: OAuthGrant, endpoint: TokenEndpoint, reply: Reply
) -> None:
    endpoint.answers = lambda form: reply
    later(grant, 3600 - 300)
    assert access_token(grant.pk).token == Secret("at-first")
    assert access_token(grant.pk).token == Secret("at-first"), "and it is left alone for a moment"
    assert len(endpoint.forms) == 1
    later(grant, 301)
    with pytest.raises(NotNow):
        access_token(grant.pk)
    grant.refresh_from_db()
    assert (grant.state, grant.failures) == ("active", 2)
    assert told(cast) == []
    endpoint.answers = endpoint.strict
    assert access_token(later(grant, 30).pk).generation == 2
    grant.refresh_from_db()
    assert (grant.failures, grant.last_answer, grant.state_reason) == (0, "Renewed.", "")


def test_the_provider_says_when_to_come_back(grant: OAuthGrant, endpoint: TokenEndpoint) -> None:
    endpoint.answers = lambda form: Reply(429, headers={"Retry-After": "120"})
    with pytest.raises(NotNow) as problem:
        access_token(expire(grant).pk)
    assert problem.value.retry_at is None or problem.value.retry_at > database_now() + timedelta(seconds=100)
    with pytest.raises(NotNow):
        access_token(later(grant, 100).pk)
    assert len(endpoint.forms) == 1


def test_one_persons_failure_leaves_the_others_alone(cast: Cast, grant: OAuthGrant, endpoint: TokenEndpoint) -> None:
    other = make_grant(cast, grant.client, cast.bob, endpoint.first_token())
    endpoint.answers = lambda form: said(500, error="server_error")
    with pytest.raises(NotNow):
        access_token(expire(grant).pk)
    endpoint.answers = endpoint.strict
    assert access_token(expire(other).pk).generation == 2


def test_an_answer_that_was_lost_is_asked_for_once_more(cast: Cast, grant: OAuthGrant, endpoint: TokenEndpoint) -> None:
    """The provider had worked on it: what it gave is gone, and that is said as what it is."""
    endpoint.answers = lambda form: (endpoint.strict(form), Reply(hangs_up=True))[1]
    with pytest.raises(NotNow):
        access_token(expire(grant).pk)
    endpoint.answers = endpoint.strict
    with pytest.raises(OutcomeUnknown):
        access_token(later(grant, 30).pk)
    grant.refresh_from_db()
    assert (grant.state, grant.state_reason) == ("unknown", "outcome_unknown")
    assert codes() == ["oauth.outcome_unknown"]
    assert "what came of that is not known" in told(cast)[0]


def test_a_request_that_was_lost_is_made_good(grant: OAuthGrant, endpoint: TokenEndpoint) -> None:
    endpoint.answers = lambda form: Reply(hangs_up=True)
    with pytest.raises(NotNow):
        access_token(expire(grant).pk)
    endpoint.answers = endpoint.strict
    assert access_token(later(grant, 30).pk).generation == 2
    grant.refresh_from_db()
    assert grant.state_reason == ""


def lease_of(grant: OAuthGrant) -> Lease:
    lease = look(grant.pk, Wanted())
    assert isinstance(lease, Lease)
    return lease


def test_whoever_holds_the_lease_is_waited_for(grant: OAuthGrant, endpoint: TokenEndpoint) -> None:
    lease_of(expire(grant))
    with pytest.raises(NotNow):
        good_grant(grant.pk, Wanted(), wait_seconds=0.2)
    assert endpoint.forms == []
    assert access_token(later(grant, LEASE_SECONDS + 1).pk).generation == 2


def test_what_a_crashed_process_got_is_brought_in(grant: OAuthGrant, endpoint: TokenEndpoint) -> None:
    lease, opener = lease_of(expire(grant)), opener_for(grant.organization_id)
    answer = TokenAnswer(Secret("at-spooled"), Secret("rt-spooled"), "Bearer", 3600, None, None)
    spool(lease.grant, renewed_of(lease.grant, answer, opener, began=lease.began, old_refresh=None), opener)
    access = access_token(later(grant, LEASE_SECONDS + 1).pk)
    assert (access.token, access.generation) == (Secret("at-spooled"), 2)
    assert endpoint.forms == []
    assert list(configured.SPOOL_DIR.glob(f"*{grant.pk}*")) == []


def test_a_spooled_answer_outlives_a_change_of_the_data_key(
    cast: Cast, grant: OAuthGrant, endpoint: TokenEndpoint
) -> None:
    """Its process ended, then the organization's key was replaced: what it brought is the new key's from then on."""
    expire(grant)
    lease = look(grant.pk, Wanted())
    assert isinstance(lease, Lease)
    opener = opener_for(cast.acme.pk)
    answer = TokenAnswer(Secret("at-spooled"), Secret("rt-spooled"), "Bearer", 3600, None, None)
    spool(lease.grant, renewed_of(lease.grant, answer, opener, began=lease.began, old_refresh=None), opener)
    DataKey.objects.filter(organization=cast.acme).update(state=DataKey.State.RETIRING)
    assert create_data_key(cast.acme.pk).version == 2
    later(grant, LEASE_SECONDS + 1)
    assert access_token(grant.pk).token == Secret("at-spooled") and endpoint.forms == []
    grant.refresh_from_db()
    assert grant.key_version == 2
    DataKey.objects.filter(organization=cast.acme, version=1).update(state=DataKey.State.DESTROYED, wrapped=None)
    assert access_token(grant.pk).token == Secret("at-spooled"), "nothing of it needs the old key"
    kept = refresh_token(grant, opener_for(cast.acme.pk))
    assert kept == Secret("rt-spooled")


def test_a_spool_file_of_somebody_else_is_nobodys(cast: Cast, grant: OAuthGrant, endpoint: TokenEndpoint) -> None:
    other = make_grant(cast, grant.client, cast.bob, endpoint.first_token())
    opener = opener_for(grant.organization_id)
    answer = TokenAnswer(Secret("at-bob"), None, "Bearer", 3600, None, None)
    spool(other, renewed_of(other, answer, opener, began=database_now(), old_refresh=None), opener)
    (configured.SPOOL_DIR / f"{other.pk}.1").rename(configured.SPOOL_DIR / f"{grant.pk}.1")
    access = access_token(expire(grant).pk)
    assert access.token != Secret("at-bob")
    assert len(endpoint.forms) == 1


def test_a_spool_folder_that_can_not_be_written_keeps_nobody_out(
    grant: OAuthGrant, endpoint: TokenEndpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setattr(configured, "SPOOL_DIR", tmp_path / "file")
    assert access_token(expire(grant).pk).generation == 2


def test_a_new_consent_overtakes_a_renewal(cast: Cast, grant: OAuthGrant, endpoint: TokenEndpoint) -> None:
    lease = lease_of(expire(grant))
    again = make_grant(cast, grant.client, cast.dana, endpoint.first_token(), access=Secret("at-again"))
    assert again.generation == lease.grant.generation + 1
    assert access_token(grant.pk).token == Secret("at-again")


def test_harriets_own_tokens_are_asked_for_when_they_are_needed(client_: OAuthClient, endpoint: TokenEndpoint) -> None:
    endpoint.answers = lambda form: said(access_token="at-shared", token_type="Bearer", expires_in=600)
    grant = shared_grant(client_, "https://crm.example/mcp", "read", OAuthGrant.RenewedBy.CLIENT_CREDENTIALS)
    assert access_token(grant.pk).token == Secret("at-shared")
    form = endpoint.forms[0]
    assert (form["grant_type"], form["scope"], form["resource"]) == ("client_credentials", "read", grant.resource)
    endpoint.answers = lambda form: said(400, error="invalid_grant")
    with pytest.raises(NeedsOperator):
        access_token(later(grant, 700).pk)
    grant.refresh_from_db()
    assert grant.state == "active"
