"""Dana's company sign-in is exchanged for a token of the server, in one step or two: what is asked is looked at letter
by letter, and every answer that isn't what was asked for is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from connectors.actions.draft_connector import draft_connector
from connectors.actions.save_authentication import save_authentication
from connectors.actions.save_connection import save_connection
from connectors.actions.sync_connector import sync_connector
from harriet.lib.secret import Secret
from harriet.people.actions.deactivate_person import deactivate_person
from harriet.people.models import Membership, Notice, User
from harriet.signin.actions.forget_subjects import forget_subjects
from harriet.signin.models import IdentityProvider, SubjectToken
from tests.servers.authorization_server import Reply
from tests.servers.exchanging import REGISTERED, SSO, TYPES, Exchanging
from tests.stage.cast import Cast
from tests.stage.company_sign_ins import IN_ONE_STEP, IN_TWO_STEPS, CompanySignIns, company_provider
from vault.actions.refresh_grants import due_grants
from vault.errors import CredentialRefused, NeedsOperator, NeedsSignIn, NotNow, TokenProblem
from vault.models import OAuthClient, OAuthGrant
from vault.oauth.subjects import subject_of
from vault.oauth.whose import access_for
from vault.open import opener_for

pytestmark = pytest.mark.django_db
both = pytest.mark.parametrize("steps", [IN_ONE_STEP, IN_TWO_STEPS])


def token_of(company: CompanySignIns, user: User, **more: Any) -> str:
    access = access_for(company.sealed, user.pk, **more)
    return access.opened(opener_for(company.cast.acme.pk)).reveal()


def refused(company: CompanySignIns, user: User) -> TokenProblem:
    with pytest.raises(TokenProblem) as problem:
        access_for(company.sealed, user.pk)
    return problem.value


def aged(**kept: Any) -> None:
    """An hour later."""
    hour = timedelta(hours=1)
    names = ("access_expires_at", "next_refresh_at", "answered_at")
    OAuthGrant.objects.update(**{name: F(name) - hour for name in names})


@both
def test_each_person_has_a_token_of_their_own(company: CompanySignIns, steps: str) -> None:
    cast, given = company.cast, company.server.given
    company.save(steps)
    company.sign_in(cast.dana)
    company.sign_in(cast.bob)
    tokens = {user: [token_of(company, user) for _ in range(3)] for user in (cast.dana, cast.bob)}
    assert [given[one] for one in tokens[cast.dana]] == ["dana@acme.test"] * 3
    assert [given[one] for one in tokens[cast.bob]] == ["bob@acme.test"] * 3
    assert len(given) == 2, "kept until shortly before it ends"
    told = Event.objects.filter(code="oauth.connected").values_list("body", flat=True)
    assert len(told) == 2 and not any(token in repr(list(told)) for token in given)


def test_what_is_asked_in_one_step(company: CompanySignIns) -> None:
    company.sign_in(company.cast.dana)
    token_of(company, company.cast.dana)
    (asked,) = company.server.at("/token")
    assert asked.body.count(b"&") == 5 and b"scope=tickets.read" in asked.body
    assert not company.server.at("/idp/token")


def test_what_is_asked_in_two_steps(company: CompanySignIns) -> None:
    company.save(IN_TWO_STEPS)
    company.sign_in(company.cast.dana)
    token_of(company, company.cast.dana)
    (first,), (second,) = company.server.at("/idp/token"), company.server.at("/token")
    assert b"scope=tickets.read" in first.body and b"subject_token" not in second.body


@both
def test_it_is_exchanged_anew_before_it_ends_and_when_the_server_refused_it(
    company: CompanySignIns, steps: str
) -> None:
    dana = company.cast.dana
    company.save(steps)
    company.sign_in(dana)
    first = token_of(company, dana)
    aged()
    assert not due_grants().exists(), "nobody's sign-in is used but for a call of theirs"
    second = token_of(company, dana)
    OAuthGrant.objects.update(answered_at=timezone.now() - timedelta(minutes=5))
    third = token_of(company, dana, rejected_generation=OAuthGrant.objects.get().generation)
    assert len({first, second, third}) == 3 and set(company.server.given.values()) == {"dana@acme.test"}


@pytest.mark.django_db(transaction=True)
def test_one_exchange_however_many_ask_at_once(committed_cast: Cast, exchanging: Exchanging) -> None:
    company, dana = CompanySignIns(committed_cast, exchanging), committed_cast.dana
    company.sign_in(dana)
    found = company.asked_at_once(dana, 8)
    assert len(found) == 8 and len(set(found)) == 1 and len(company.server.at("/token")) == 1
    assert Event.objects.filter(code="oauth.connected").count() == 1


def test_without_a_sign_in_nothing_is_asked(company: CompanySignIns) -> None:
    cast = company.cast
    company.sign_in(cast.bob)
    assert isinstance(refused(company, cast.dana), NeedsSignIn), "a local account"
    company.sign_in(cast.dana, minutes=-1)
    assert isinstance(refused(company, cast.dana), NeedsSignIn), "too long ago"
    company.sign_in(cast.dana)
    IdentityProvider.objects.update(is_active=False)
    assert isinstance(refused(company, cast.dana), NeedsSignIn), "switched off"
    with pytest.raises(NeedsSignIn):
        access_for(company.sealed, None)
    assert not company.server.at("/token") and not OAuthGrant.objects.exists()


def test_what_was_given_serves_to_its_end_without_the_sign_in(company: CompanySignIns) -> None:
    dana = company.cast.dana
    company.sign_in(dana)
    first = token_of(company, dana)
    SubjectToken.objects.update(expires_at=timezone.now())
    OAuthGrant.objects.update(next_refresh_at=timezone.now() - timedelta(seconds=1))
    assert token_of(company, dana) == first
    aged()
    assert isinstance(refused(company, dana), NeedsSignIn)
    assert OAuthGrant.objects.get().state == "active" and not Notice.objects.exists(), "a short life is no fault"


WRONG_ANSWERS: dict[str, dict[str, Any]] = {
    "an ID token": {"issued_token_type": f"{TYPES}id_token"},
    "a refresh token": {"issued_token_type": f"{TYPES}refresh_token"},
    "an assertion": {"issued_token_type": f"{TYPES}id-jag"},
    "SAML": {"issued_token_type": f"{TYPES}saml2"},
    "no access token": {"token_type": "N_A"},
    "a token bound to a key": {"token_type": "DPoP"},
}


@both
@pytest.mark.parametrize("more", WRONG_ANSWERS.values(), ids=WRONG_ANSWERS.keys())
def test_another_kind_of_token_is_not_used(company: CompanySignIns, more: dict[str, Any], steps: str) -> None:
    company.save(steps)
    company.sign_in(company.cast.dana)
    company.server.more = more
    assert isinstance(refused(company, company.cast.dana), NeedsOperator)


@pytest.mark.parametrize("more", [{"issued_token_type": None}, {"issued_token_type": f"{TYPES}jwt"}])
def test_an_access_token_by_another_name(company: CompanySignIns, more: dict[str, Any]) -> None:
    company.sign_in(company.cast.dana)
    company.server.more = more
    assert token_of(company, company.cast.dana)


def test_narrower_scopes_are_kept_as_they_are_and_nothing_else_renews(company: CompanySignIns) -> None:
    company.sign_in(company.cast.dana)
    company.server.more = {"scope": "tickets.none", "refresh_token": "one that outlives the sign-in"}
    token_of(company, company.cast.dana)
    grant = OAuthGrant.objects.get()
    assert (grant.scopes, grant.asked_scopes, grant.sealed_refresh) == ("tickets.none", "tickets.read", None)


WRONG_ASSERTIONS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "for another server": ({"aud": "https://evil.example"}, {}, {}),
    "for two servers": ({"aud": ["https://evil.example", "https://b.example"]}, {}, {}),
    "for another client": ({"client_id": "somebody"}, {}, {}),
    "for nobody": ({"aud": []}, {}, {}),
    "for another resource": ({"resource": "https://evil.example/mcp"}, {}, {}),
    "about somebody else": ({"sub": "bob@acme.test"}, {}, {}),
    "about nobody": ({"sub": ""}, {}, {}),
    "about several": ({"sub": ["dana@acme.test", "bob@acme.test"]}, {}, {}),
    "of another issuer": ({"iss": "https://evil.example"}, {}, {}),
    "that is over": ({"exp": 1}, {}, {}),
    "without an end": ({"exp": "soon"}, {}, {}),
    "of another type": ({}, {"typ": "JWT"}, {}),
    "an access token": ({}, {}, {"issued_token_type": f"{TYPES}access_token"}),
    "of no said type": ({}, {}, {"issued_token_type": None}),
    "no JWT": ({}, {}, {"access_token": "opaque"}),
}


@pytest.mark.parametrize(("claims", "header", "said"), WRONG_ASSERTIONS.values(), ids=WRONG_ASSERTIONS.keys())
def test_an_assertion_that_is_not_ours_is_sent_nowhere(
    company: CompanySignIns, claims: dict[str, Any], header: dict[str, Any], said: dict[str, Any]
) -> None:
    company.save(IN_TWO_STEPS)
    company.sign_in(company.cast.dana)
    company.server.assertion_more, company.server.header_more = claims, header
    company.server.more["assertion"] = said
    assert isinstance(refused(company, company.cast.dana), NeedsOperator)
    assert not company.server.at("/token") and "Acme account" in OAuthClient.objects.get().problem


def test_what_an_assertion_may_say_besides(company: CompanySignIns) -> None:
    company.save(IN_TWO_STEPS)
    company.sign_in(company.cast.dana)
    company.server.assertion_more = {
        "aud": [company.server.issuer],
        "resource": [company.server.url, "https://other.example/mcp"],
        "email": "d@acme.test",
    }
    assert company.server.given[token_of(company, company.cast.dana)] == "dana@acme.test"


def test_a_servers_own_token_is_read_by_nobody(company: CompanySignIns) -> None:
    """Whom it names is that server's to say: Harriet sends it as Dana's alone, whatever is in it."""
    cast, server = company.cast, company.server
    theirs = jwt.encode({"sub": "bob@acme.test", "aud": "elsewhere", "exp": 1}, "k" * 32, algorithm="HS256")
    company.sign_in(cast.dana)
    server.more = {"access_token": theirs, "scope": "tickets.read admin"}
    assert token_of(company, cast.dana) == theirs
    grant = OAuthGrant.objects.get()
    assert grant.user == cast.dana and grant.account == "" and grant.scopes == "tickets.read admin"
    assert isinstance(refused(company, cast.bob), NeedsSignIn), "Bob has nothing by it"


@pytest.mark.parametrize("path", ["/token", "/idp/token"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_takes_a_sign_in_elsewhere(company: CompanySignIns, path: str, status: int) -> None:
    dana, server = company.cast.dana, company.server
    company.save(IN_ONE_STEP if path == "/token" else IN_TWO_STEPS)
    company.sign_in(dana)
    server.mood[path] = Reply(status, "", {"Location": f"{server.origin}/elsewhere"})
    assert isinstance(refused(company, dana), NotNow) and not server.at("/elsewhere")


def test_a_sign_in_is_exchanged_in_its_own_organization_alone(company: CompanySignIns) -> None:
    """Dana belongs to Globex, too, whose provider has not spoken for her."""
    cast = company.cast
    Membership.objects.create(user=cast.dana, organization=cast.globex, role="member")
    company.sign_in(cast.dana)
    assert subject_of(cast.acme.pk, cast.dana.pk) is not None
    assert subject_of(cast.globex.pk, cast.dana.pk) is None


KINDS: dict[str, tuple[int, Any, type[TokenProblem]]] = {
    "a sign-in that isn't taken": (400, {"error": "invalid_request"}, NeedsSignIn),
    "one that has ended": (400, {"error": "invalid_grant"}, NeedsSignIn),
    "one that is no token there": (400, {"error": "invalid_token"}, NeedsSignIn),
    "one that is too weak": (401, {"error": "insufficient_user_authentication"}, NeedsSignIn),
    "no client any more": (401, {"error": "invalid_client"}, NeedsOperator),
    "a client that may not": (400, {"error": "unauthorized_client"}, NeedsOperator),
    "no such audience": (400, {"error": "invalid_target"}, NeedsOperator),
    "no such scope": (400, {"error": "invalid_scope"}, NeedsOperator),
    "no exchange": (400, {"error": "unsupported_grant_type"}, NeedsOperator),
    "busy": (503, {"error": "temporarily_unavailable"}, NotNow),
    "a web page": (403, "<html>no</html>", NotNow),
}


@pytest.mark.parametrize("path", ["/token", "/idp/token"])
@pytest.mark.parametrize(("status", "body", "kind"), KINDS.values(), ids=KINDS.keys())
def test_whose_business_a_refusal_is(
    company: CompanySignIns, path: str, status: int, body: Any, kind: type[TokenProblem]
) -> None:
    dana = company.cast.dana
    company.save(IN_ONE_STEP if path == "/token" else IN_TWO_STEPS)
    company.sign_in(dana)
    company.server.mood[path] = Reply(status, body)
    assert type(refused(company, dana)) is kind
    company.server.mood.clear()
    OAuthGrant.objects.update(next_refresh_at=None, failures=0)
    OAuthClient.objects.update(retry_at=None)
    if kind is NeedsSignIn:
        (notice,) = Notice.objects.filter(user=dana)
        assert "Sign in to Harriet by your company" in notice.text
        assert isinstance(refused(company, dana), NeedsSignIn), "not asked again with the same sign-in"
        company.sign_in(dana)
    assert company.server.given[token_of(company, dana)] == "dana@acme.test"


def test_signing_out_and_leaving_end_it(company: CompanySignIns) -> None:
    cast = company.cast
    for user in (cast.dana, cast.bob):
        company.sign_in(user)
        token_of(company, user)
    mine = Membership.objects.get(user=cast.dana, organization=cast.acme)
    forget_subjects([mine], actor=cast.actor(cast.alice))
    assert isinstance(refused(company, cast.dana), NeedsSignIn)
    assert OAuthGrant.objects.get(user=cast.dana).state == "revoked"
    company.sign_in(cast.dana)
    assert company.server.given[token_of(company, cast.dana)] == "dana@acme.test"
    deactivate_person(mine, actor=cast.actor(cast.alice))
    assert isinstance(refused(company, cast.dana), NeedsSignIn)
    assert not SubjectToken.objects.filter(membership=mine).exists() and token_of(company, cast.bob)


def test_another_audience_drops_what_was_exchanged(company: CompanySignIns) -> None:
    company.sign_in(company.cast.dana)
    first = token_of(company, company.cast.dana)
    company.save(IN_TWO_STEPS)
    assert token_of(company, company.cast.dana) != first and company.server.at("/idp/token")


def test_harriet_looks_at_tools_with_the_sign_in_of_who_looks_after_it(company: CompanySignIns) -> None:
    alice = company.cast.alice
    sync_connector(company.connector, actor=company.cast.actor(alice))
    company.connector.refresh_from_db()
    assert not company.server.given
    company.sign_in(alice)
    sync_connector(company.connector, actor=company.cast.actor(alice))
    assert set(company.server.given.values()) == {"alice@acme.test"}


@pytest.fixture
def draft(cast: Cast, exchanging: Exchanging) -> Any:
    alice = cast.actor(cast.alice)
    cast.acme.internal_hosts = ["127.0.0.1"]
    cast.acme.save()
    made = draft_connector(cast.acme, slug="crm", name="CRM", actor=alice)
    return save_connection(made, url=exchanging.url, allow_internal=True, actor=alice)


def entered(draft: Any, cast: Cast, **placement: str) -> str:
    """The field that is wrong; empty when it was saved."""
    try:
        save_authentication(
            draft,
            type="token_exchange",
            secret=Secret(REGISTERED[1] if placement.get("client_id") else ""),
            placement=placement,
            actor=cast.actor(cast.alice),
        )
    except CredentialRefused as problem:
        return str(problem.field)
    return ""


def test_it_is_not_saved_before_it_can_work(cast: Cast, exchanging: Exchanging, draft: Any) -> None:
    ours = {"client_id": REGISTERED[0], "issuer": exchanging.issuer}
    assert entered(draft, cast, **ours) == "type", "nobody signs in by the company"
    company_provider(cast, exchanging)
    assert entered(draft, cast, issuer=exchanging.issuer) == "client_id"
    assert entered(draft, cast, client_id=SSO[0]) == "issuer", "not to whom only the server names"
    assert entered(draft, cast, **ours, steps="id_jag", audience="crm") == "audience"
    token_url = {"token_url": f"{exchanging.origin}/token", "client_id": REGISTERED[0]}
    assert entered(draft, cast, **token_url, steps="id_jag") == "issuer"
    exchanging.publish(grant_types_supported=["authorization_code"])
    assert entered(draft, cast, **ours) == "issuer", "its issuer exchanges nothing"
    exchanging.publish(grant_types_supported=None)
    assert entered(draft, cast, **ours) == ""


def test_danas_page_says_what_to_do(client: Client, company: CompanySignIns) -> None:
    client.force_login(company.cast.dana)
    page = client.get(reverse("connections:detail", args=[company.connector.pk])).content.decode()
    assert "Sign in once" in page and "Disconnect" not in page
    way = client.get(reverse("connections:connect", args=[company.connector.pk])).content.decode()
    start = reverse("sso:start", args=[company.provider.pk])
    assert (
        f'href="{start}?next=/me/connections/{company.connector.pk}/"' in way
        and "<form method" not in way.split("<main")[1]
    )
    assert client.get(reverse("connections:list")).content.decode().count("Sign in once") == 1
    company.sign_in(company.cast.dana)
    page = client.get(reverse("connections:detail", args=[company.connector.pk])).content.decode()
    assert "Signed in" in page and "There is nothing to connect" in page


def test_the_form_says_what_an_admin_sets(client: Client, company: CompanySignIns) -> None:
    client.force_login(company.cast.alice)
    page = client.get(reverse("connectors:authentication", args=[company.connector.pk])).content.decode()
    assert "An admin of the identity provider sets this" in page and "In two steps (ID-JAG)" in page
    assert REGISTERED[1] not in page
