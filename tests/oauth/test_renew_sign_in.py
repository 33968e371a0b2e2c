"""Dana signs in by her company once, and calls go on as hers: her sign-in is renewed when it is needed, once however
many need it, and ends at once when it is over at the provider or an owner says so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from audit.models import Event
from connectors.accounts import account_of, left_over_grants
from harriet.lib.errors import Problem
from harriet.lib.secret import Secret
from harriet.people.actions.deactivate_person import deactivate_person
from harriet.people.models import AssertedIdentity, Membership, Notice, OrganizationVersion, User
from harriet.signin.actions.end_by_provider import _end as end_by_provider
from harriet.signin.actions.forget_subjects import forget_subjects
from harriet.signin.actions.lapse_clients import forget_old_attempts
from harriet.signin.actions.save_provider import save_oidc
from harriet.signin.actions.switch_provider import remove_provider, switch_provider
from harriet.signin.models import SubjectToken
from tests.servers.authorization_server import Reply
from tests.servers.exchanging import SSO, Exchanging
from tests.stage.cast import Cast
from tests.stage.company_sign_ins import IN_ONE_STEP, IN_TWO_STEPS, CompanySignIns, company_provider
from vault.actions.end_grant import end_grant
from vault.actions.end_grants import revoke_ended_grants
from vault.actions.refresh_grants import due_grants
from vault.actions.save_oauth_client import known_client
from vault.errors import CredentialRefused, NeedsOperator, NeedsSignIn, NotNow, TokenProblem
from vault.models import OAuthClient, OAuthGrant
from vault.oauth.subjects import subject_of
from vault.oauth.whose import access_for
from vault.open import opener_for

pytestmark = pytest.mark.django_db
both = pytest.mark.parametrize("steps", [IN_ONE_STEP, IN_TWO_STEPS])


def token_of(company: CompanySignIns, user: User) -> str:
    access = access_for(company.sealed, user.pk)
    return access.opened(opener_for(company.cast.acme.pk)).reveal()


def refused(company: CompanySignIns, user: User) -> TokenProblem:
    with pytest.raises(TokenProblem) as problem:
        access_for(company.sealed, user.pk)
    return problem.value


def kept_of(user: User) -> OAuthGrant:
    """What renews their sign-in."""
    return OAuthGrant.objects.select_related("client").get(user=user, client__origin="sign_in")


def hours_pass() -> None:
    """Every token that there is has ended; so has every pause."""
    hours = timedelta(hours=2)
    for name in ("access_expires_at", "next_refresh_at", "answered_at"):
        OAuthGrant.objects.update(**{name: F(name) - hours})
    SubjectToken.objects.update(expires_at=F("expires_at") - hours)
    OAuthClient.objects.update(retry_at=None)


def renewals(company: CompanySignIns) -> list[dict[str, str]]:
    return [one.fields for one in company.server.at("/idp/token") if one.fields["grant_type"] == "refresh_token"]


@both
def test_calls_go_on_without_signing_in_again(company: CompanySignIns, steps: str) -> None:
    dana, server = company.cast.dana, company.server
    company.save(steps)
    company.sign_in_for_long(dana)
    tokens = [token_of(company, dana)]
    assert not renewals(company), "the word of the sign-in itself is good"
    for _ in range(3):
        hours_pass()
        tokens.append(token_of(company, dana))
        tokens.append(token_of(company, dana))
    assert len(renewals(company)) == 3 and len(set(tokens)) == 4
    assert {server.given[one] for one in tokens} == {"dana@acme.test"}
    assert len(server.renewals) == 1, "each was used once"


def test_the_word_is_no_bearer_token_and_stands_on_no_page_as_an_account(company: CompanySignIns) -> None:
    dana = company.cast.dana
    company.sign_in_for_long(dana)
    token_of(company, dana)
    grant, membership = kept_of(dana), Membership.objects.get(user=dana, organization=company.cast.acme)
    assert grant.token_type == "N_A" and grant.account_subject == dana.email
    account = account_of(membership, company.connector.pk)
    assert account.is_connected and not left_over_grants(membership, [account])
    assert known_client(company.cast.acme, company.server.idp) is None
    with pytest.raises(CredentialRefused):
        company.save(IN_ONE_STEP, issuer=grant.client.issuer, client_id=SSO[0], token_url=f"{company.server.origin}/x")
    grant.client.refresh_from_db()
    assert grant.client.metadata["token_endpoint"] == f"{company.server.idp}/token"


def test_it_is_kept_when_its_word_has_ended_and_renewed_ahead_like_any_other(company: CompanySignIns) -> None:
    dana = company.cast.dana
    company.sign_in(company.cast.bob)
    company.sign_in_for_long(dana)
    hours_pass()
    forget_old_attempts()
    assert [one.membership.user for one in SubjectToken.objects.all()] == [dana]
    assert list(due_grants()) == [kept_of(dana)]
    assert company.server.given[token_of(company, dana)] == "dana@acme.test"


@pytest.mark.django_db(transaction=True)
def test_one_renewal_however_many_ask_at_once(committed_cast: Cast, exchanging: Exchanging) -> None:
    company, dana = CompanySignIns(committed_cast, exchanging), committed_cast.dana
    company.sign_in_for_long(dana)
    hours_pass()
    found = company.asked_at_once(dana, 8)
    assert len(found) == 8 and len(set(found)) == 1
    assert len(renewals(company)) == 1 and len(exchanging.at("/token")) == 1


def test_what_the_provider_renews_no_more_is_refused_until_the_next_sign_in(company: CompanySignIns) -> None:
    dana = company.cast.dana
    company.sign_in_for_long(dana)
    first = token_of(company, dana)
    company.server.renewals.clear()
    OAuthGrant.objects.filter(client__origin="sign_in").update(next_refresh_at=timezone.now() - timedelta(minutes=1))
    OAuthGrant.objects.filter(renewed_by="exchange").update(next_refresh_at=timezone.now() - timedelta(minutes=1))
    assert token_of(company, dana) == first, "what was given serves to its end"
    hours_pass()
    problem = refused(company, dana)
    assert isinstance(problem, NeedsSignIn) and kept_of(dana).state == "needs_consent"
    assert not Notice.objects.filter(user=dana).exists(), "a sign-in ends with each day at many providers"
    assert len(renewals(company)) == 1 and isinstance(refused(company, dana), NeedsSignIn)
    assert len(renewals(company)) == 1, "not asked again with the same"
    company.sign_in_for_long(dana)
    assert company.server.given[token_of(company, dana)] == "dana@acme.test"


WRONG_WORDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "none": ({}, {"id_token": None}),
    "no JWT": ({}, {"id_token": "opaque"}),
    "about somebody else": ({"sub": "bob@acme.test"}, {}),
    "about nobody": ({"sub": None}, {}),
    "of another issuer": ({"iss": "https://evil.example"}, {}),
    "for another client": ({"aud": "somebody"}, {}),
    "for several": ({"aud": [SSO[0], "somebody"]}, {}),
    "for several, of which another one asked": ({"aud": [SSO[0], "somebody"], "azp": "somebody"}, {}),
    "that is over": ({"exp": 1}, {}),
    "without an end": ({"exp": None}, {}),
    "with an end that is none": ({"exp": True}, {}),
}


@pytest.mark.parametrize(("claims", "said"), WRONG_WORDS.values(), ids=WRONG_WORDS.keys())
def test_a_word_that_is_not_about_the_person_goes_nowhere(
    company: CompanySignIns, claims: dict[str, Any], said: dict[str, Any]
) -> None:
    dana, server = company.cast.dana, company.server
    company.sign_in_for_long(dana)
    hours_pass()
    server.word_more, server.renewal_more = claims, said
    assert isinstance(refused(company, dana), NeedsSignIn)
    assert not server.at("/token") and kept_of(dana).state == "needs_consent"


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(503, {"error": "temporarily_unavailable"}), NotNow),
        (Reply(200, "<html>sign in</html>"), NotNow),
        (Reply(302, "", {"Location": "/elsewhere"}), NotNow),
        (Reply(401, {"error": "invalid_client"}), NeedsOperator),
        (Reply(400, {"error": "interaction_required"}), NeedsSignIn),
    ],
)
def test_whose_business_it_is_that_it_is_not_renewed(
    company: CompanySignIns, reply: Reply, kind: type[TokenProblem]
) -> None:
    dana, server = company.cast.dana, company.server
    company.sign_in_for_long(dana)
    hours_pass()
    server.mood["/idp/token"] = reply
    assert type(refused(company, dana)) is kind
    assert not server.at("/token") and not server.at("/elsewhere")
    server.mood.clear()
    hours_pass()
    OAuthGrant.objects.update(failures=0)
    if kind is not NeedsSignIn:
        assert server.given[token_of(company, dana)] == "dana@acme.test"


Ending = Callable[[CompanySignIns, Membership], object]
ENDINGS: dict[str, Ending] = {
    "switched off": lambda company, _: switch_provider(company.provider, False, actor=alice(company)),
    "removed": lambda company, _: remove_provider(company.provider, actor=alice(company)),
    "logged out": lambda company, mine: end_by_provider(company.provider, mine.user.email, ""),
    "logged out by the session's name": lambda company, _: end_by_provider(company.provider, "", "session-of-dana"),
    "separated": lambda company, mine: forget_subjects([mine], actor=alice(company)),
    "deactivated": lambda company, mine: deactivate_person(mine, actor=alice(company)),
}


def version_of(company: CompanySignIns) -> int:
    return OrganizationVersion.objects.get(organization=company.cast.acme).number


def alice(company: CompanySignIns) -> Any:
    return company.cast.actor(company.cast.alice)


@both
@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS.keys())
def test_it_ends_at_once_here_and_there(company: CompanySignIns, ending: Ending, steps: str) -> None:
    dana, server = company.cast.dana, company.server
    mine = Membership.objects.select_related("user", "organization").get(user=dana, organization=company.cast.acme)
    AssertedIdentity.objects.create(
        membership=mine, provider_id=company.provider.pk, source="oidc", subject=dana.email, email=dana.email
    )
    company.save(steps)
    company.sign_in_for_long(dana, sid="session-of-dana")
    token = token_of(company, dana)
    (refresh,) = server.renewals
    version = version_of(company)
    ending(company, mine)
    assert version_of(company) > version, "gateways read it anew"
    assert isinstance(refused(company, dana), NeedsSignIn)
    assert not SubjectToken.objects.exists() and {one.state for one in OAuthGrant.objects.all()} == {"revoked"}
    revoke_ended_grants()
    assert token in server.tokens_at("/revoke") and refresh in server.tokens_at("/idp/revoke")
    assert not OAuthGrant.objects.exclude(sealed_refresh=None, sealed_access=None).exists()
    told = Event.objects.filter(code="oauth.disconnected").values_list("body", flat=True)
    assert len(told) == 2 and not any(secret in repr(list(told)) for secret in (token, refresh))


def test_others_go_on_when_one_ends(company: CompanySignIns) -> None:
    cast = company.cast
    for user in (cast.dana, cast.bob):
        company.sign_in_for_long(user, sid=f"session of {user.pk}")
    end_by_provider(company.provider, "", f"session of {cast.dana.pk}")
    hours_pass()
    assert isinstance(refused(company, cast.dana), NeedsSignIn)
    assert company.server.given[token_of(company, cast.bob)] == "bob@acme.test"


def test_what_another_provider_gave_before_ends_with_the_next_sign_in(company: CompanySignIns) -> None:
    dana, server = company.cast.dana, company.server
    company.sign_in_for_long(dana)
    (refresh,) = server.renewals
    first, second = kept_of(dana), company_provider(company.cast, server, name="Another account")
    company.provider = second
    company.sign_in_for_long(dana)
    first.refresh_from_db()
    assert first.state == "revoked" and SubjectToken.objects.get().provider == second
    revoke_ended_grants()
    assert server.tokens_at("/idp/revoke")[0] == refresh
    assert server.given[token_of(company, dana)] == "dana@acme.test"


def test_an_admin_ends_one(company: CompanySignIns) -> None:
    dana = company.cast.dana
    company.sign_in_for_long(dana)
    (refresh,) = company.server.renewals
    end_grant(kept_of(dana), actor=alice(company))
    assert isinstance(refused(company, dana), NeedsSignIn), "not by the word that is good still, either"
    assert refresh in company.server.tokens_at("/idp/revoke") and not company.server.at("/token")


def publish_provider(exchanging: Exchanging, **more: Any) -> None:
    names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "revocation_endpoint": "revoke"}
    found = {name: f"{exchanging.idp}/{path}" for name, path in names.items()}
    key = {"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "one"}
    exchanging.documents["/idp/.well-known/openid-configuration"] = {
        **{
            "issuer": exchanging.idp,
            "jwks_uri": f"{exchanging.idp}/keys",
            "scopes_supported": ["openid", "offline_access"],
        },
        **found,
        **more,
    }
    exchanging.documents["/idp/keys"] = {"keys": [key]}


def test_a_new_secret_is_used_and_another_client_ends_them(company: CompanySignIns) -> None:
    dana, server = company.cast.dana, company.server
    publish_provider(server)
    company.sign_in_for_long(dana)
    settings = {"renews_sign_ins": True, "actor": alice(company)}
    save_oidc(company.provider, server.idp, SSO[0], Secret("another"), "openid", **settings)
    hours_pass()
    assert isinstance(refused(company, dana), NeedsOperator), "with the new one, which this provider doesn't know"
    assert kept_of(dana).client.problem
    save_oidc(company.provider, server.idp, SSO[0], Secret(SSO[1]), "openid", **settings)
    hours_pass()
    OAuthGrant.objects.update(failures=0)
    assert server.given[token_of(company, dana)] == "dana@acme.test"
    save_oidc(company.provider, server.idp, "another-client", None, "openid", **settings)
    assert isinstance(refused(company, dana), NeedsSignIn) and not SubjectToken.objects.exists()


def test_nothing_is_kept_that_nobody_wants(company: CompanySignIns) -> None:
    dana, server = company.cast.dana, company.server
    publish_provider(server)
    company.sign_in_for_long(dana)
    save_oidc(company.provider, server.idp, SSO[0], None, "openid", actor=alice(company))
    company.provider.refresh_from_db()
    assert not company.provider.renews_sign_ins and kept_of(dana).state == "revoked"


def test_a_sign_in_of_one_organization_is_none_of_another(company: CompanySignIns) -> None:
    """Dana belongs to two, and only Acme's provider has spoken for her."""
    cast = company.cast
    hers = Membership.objects.create(user=cast.dana, organization=cast.globex, role="member")
    company.sign_in_for_long(cast.dana)
    assert subject_of(cast.acme.pk, cast.dana.pk) and subject_of(cast.globex.pk, cast.dana.pk) is None
    SubjectToken.objects.update(membership=hers)
    assert subject_of(cast.globex.pk, cast.dana.pk) is None, "nor by a row that says otherwise"
    assert isinstance(refused(company, cast.dana), NeedsSignIn) and not company.server.at("/token")


def test_nobody_is_kept_out_because_it_could_not_be_kept(company: CompanySignIns, monkeypatch: Any) -> None:
    """A sign-in is one, whatever becomes of what renews it."""

    def away(*_: object, **__: object) -> None:
        raise Problem("no data key")

    monkeypatch.setattr("harriet.signin.actions.keep_subject.keep_sign_in", away)
    kept = company.sign_in_for_long(company.cast.dana)
    assert kept.grant_id is None and company.server.given[token_of(company, company.cast.dana)] == "dana@acme.test"
