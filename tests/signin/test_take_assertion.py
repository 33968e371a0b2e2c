"""Dana's AI client connects without a question: her company's identity provider says who she is (ID-JAG)."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.conf import settings
from django.utils import timezone

from audit.models import Event
from connectors.models import Tool
from harriet.people.models import AccessToken, AssertedIdentity, Device, Membership
from harriet.people.tokens import hash_token
from harriet.signin.actions.forget_old_tokens import forget_old_tokens
from harriet.signin.actions.trust_issuer import approve_profile, end_issuer
from harriet.signin.models import Application, ConnectedApp, RefreshToken, TrustedIssuer, TrustedProfile, UsedAssertion
from harriet.signin.protocol.id_jag import JWT_BEARER, TYPE
from tests.stage.assertions import ALL, OKTA, Bearer, public_keys, signed_in_by_sso, trusted
from tests.stage.cast import Cast
from tests.stage.profiles import profile
from tests.stage.signing_app import App, resource

pytestmark = pytest.mark.django_db


@pytest.fixture
def bearer(acme: Cast) -> Bearer:
    made = Bearer()
    trusted(acme.acme, made.app.client_id)
    signed_in_by_sso(acme.dana, acme.acme)
    return made


def test_dana_is_connected_without_a_question(acme: Cast, bearer: Bearer) -> None:
    answer = bearer.bring()
    assert answer.status_code == 200, answer.content
    said = answer.json()
    assert said["scope"] == ALL and said["token_type"] == "Bearer" and 3590 <= said["expires_in"] <= 3600
    assert "refresh_token" not in said and not RefreshToken.objects.exists()
    opening, app = AccessToken.objects.get(token_hash=hash_token(said["access_token"])), ConnectedApp.objects.get()
    assert (opening.user, opening.device, opening.profile_id) == (acme.dana, app.device, app.profile_id)
    assert app.given_by == TrustedIssuer.objects.get() and Device.objects.get().kind == "app"
    told = Event.objects.get(code="app.given").sentence
    assert told == "As Acme Okta says, Claude Code may use the profile Work for dana@acme.test."
    assert said["access_token"] not in repr(list(Event.objects.values_list("body")))


def test_a_client_that_comes_again_is_the_same_app(bearer: Bearer) -> None:
    first, second = bearer.bring().json(), bearer.bring().json()
    assert first["access_token"] != second["access_token"]
    assert ConnectedApp.objects.count() == Device.objects.count() == 1
    assert AccessToken.objects.filter(kind="oauth").count() == 2, "both work: it may run on two machines"
    assert Event.objects.filter(code="app.given").count() == 1


def test_an_assertion_is_used_once(bearer: Bearer) -> None:
    assertion = bearer.assertion()
    assert bearer.bring(assertion).status_code == 200
    again = bearer.bring(assertion)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant") and "jti" in again.content.decode()
    jti = "the same"
    assert bearer.bring(bearer.assertion(jti=jti)).status_code == 200
    assert bearer.bring(bearer.assertion(jti=jti, scope="tools.read")).status_code == 400
    UsedAssertion.objects.filter(pk=UsedAssertion.objects.latest("pk").pk).update(expires_at=timezone.now())
    forget_old_tokens()
    assert UsedAssertion.objects.count() == 1


NOW = int(time.time())
EVIL = f"{OKTA}.evil.example"
WRONG: dict[str, dict[str, Any]] = {
    "no issuer": {"iss": None},
    "an unknown issuer": {"iss": EVIL},
    "an issuer with a slash": {"iss": f"{OKTA}/"},
    "no audience": {"aud": None},
    "another organization's issuer": {"aud": f"{settings.BASE_URL}/oauth/other"},
    "our issuer with a slash": {"aud": f"{settings.BASE_URL}/oauth/acme/"},
    "the token endpoint": {"aud": f"{settings.BASE_URL}/oauth/acme/token"},
    "two audiences": {"aud": [f"{settings.BASE_URL}/oauth/acme", "https://else.example"]},
    "no audience in the list": {"aud": []},
    "no client": {"client_id": None},
    "another client": {"client_id": "hrt_c_other"},
    "clients in a list": {"client_id": ["x"]},
    "no subject": {"sub": None},
    "a subject that is a number": {"sub": 5},
    "half a character": {"sub": "x\ud800"},
    "an issuer with half a character": {"iss": "\ud800"},
    "an issuer with a NUL": {"iss": f"{OKTA}\x00"},
    "an e-mail with a NUL": {"email": "dana@acme.test\x00"},
    "no id": {"jti": None},
    "an id that is no text": {"jti": 7},
    "no e-mail": {"email": None},
    "an unverified e-mail": {"email_verified": False},
    "a verified e-mail in words": {"email_verified": "false"},
    "somebody else": {"email": "nobody@acme.test"},
    "an alias": {"email": "dana+x@acme.test"},
    "the Kelvin sign's kind of letter": {"email": "d\u0430na@acme.test"},
    "blanks around it": {"email": " dana@acme.test"},
    "no resource": {"resource": None},
    "somebody's resource": {"resource": "https://evil.example/mcp/acme/work"},
    "another organization's profile": {"resource": f"{settings.BASE_URL}/mcp/other/work"},
    "two resources": {"resource": [resource(), resource("other")]},
    "a scope that is a list": {"scope": ["tools.read"]},
    "no time of issue": {"iat": None},
    "no end": {"exp": None},
    "an end in words": {"exp": "tomorrow"},
    "an end that is true": {"exp": True},
    "no number": {"exp": float("nan")},
    "endless": {"exp": float("inf")},
    "long over": {"iat": NOW - 900, "exp": NOW - 600},
    "of the future": {"iat": NOW + 86_400, "exp": NOW + 86_500},
    "not yet": {"nbf": NOW + 86_400},
    "over before it began": {"iat": NOW, "exp": NOW - 1},
    "good for too long": {"iat": NOW, "exp": NOW + 86400},
    "begun long ago": {"iat": NOW - 86400, "exp": NOW + 200},
}


@pytest.mark.parametrize("changed", WRONG.values(), ids=WRONG.keys())
def test_an_assertion_with_one_wrong_claim_opens_nothing(acme: Cast, bearer: Bearer, changed: dict[str, Any]) -> None:
    answer = bearer.bring(bearer.assertion(**changed))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant"), answer.content
    assert not AccessToken.objects.filter(kind="oauth").exists() and not UsedAssertion.objects.exists()


def unsigned(bearer: Bearer) -> str:
    return jwt.encode(bearer.claims(), None, algorithm="none", headers={"typ": TYPE})


def signed_with_public_key(bearer: Bearer) -> str:
    modulus = public_keys("first")["keys"][0]["n"]
    return jwt.encode(bearer.claims(), modulus, algorithm="HS256", headers={"typ": TYPE, "kid": "first"})


def bent(bearer: Bearer) -> str:
    head, _, signature = bearer.assertion().split(".")
    other = bearer.assertion(email="bob@acme.test").split(".")[1]
    return ".".join((head, other, signature))


FORMS: dict[str, Callable[[Bearer], str]] = {
    "no type": lambda bearer: bearer.assertion({"typ": None}),
    "a plain JWT": lambda bearer: bearer.assertion({"typ": "JWT"}),
    "an access token": lambda bearer: bearer.assertion({"typ": "at+jwt"}),
    "the type in capitals": lambda bearer: bearer.assertion({"typ": TYPE.upper()}),
    "an unknown key": lambda bearer: bearer.assertion(signer="second"),
    "another's key under a known name": lambda bearer: bearer.assertion({"kid": "first"}, signer="second"),
    "a key of its own": lambda bearer: bearer.assertion({"jwk": public_keys("second")["keys"][0]}, signer="second"),
    "an unknown extension": lambda bearer: bearer.assertion({"crit": ["x"], "x": 1}),
    "unsigned": unsigned,
    "a shared secret": signed_with_public_key,
    "changed after signing": bent,
    "no JWT": lambda bearer: "a.b.c",
    "far too long": lambda bearer: bearer.assertion(sub="x" * 20000),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_what_is_not_signed_by_the_issuer_opens_nothing(bearer: Bearer, form: Callable[[Bearer], str]) -> None:
    answer = bearer.bring(form(bearer))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant"), answer.content
    assert not ConnectedApp.objects.exists()


def test_another_type_is_told_what_is_wanted(bearer: Bearer) -> None:
    said = bearer.bring(bearer.assertion({"typ": "JWT"})).json()["error_description"]
    assert TYPE in said and "JWT" in said


def test_the_same_vendors_other_customers_stay_outside(bearer: Bearer) -> None:
    TrustedIssuer.objects.update(tenant_claim="org", tenant_value="acme-1")
    assert bearer.bring().status_code == 400, "no tenant at all"
    for other in ("acme-2", ["acme-1"], "ACME-1", ""):
        assert bearer.bring(bearer.assertion(org=other)).json()["error"] == "invalid_grant"
    assert bearer.bring(bearer.assertion(org="acme-1")).status_code == 200


def test_an_issuer_that_is_trusted_for_something_else(bearer: Bearer) -> None:
    TrustedIssuer.objects.update(accepts_id_jag=False)
    answer = bearer.bring()
    assert answer.json()["error"] == "invalid_grant" and "ID-JAG" in answer.json()["error_description"]


def test_another_organizations_trust_opens_nothing(acme: Cast, bearer: Bearer) -> None:
    TrustedIssuer.objects.update(organization=acme.globex)
    assert bearer.bring().json()["error"] == "invalid_grant"


def test_the_client_proves_itself(acme: Cast, bearer: Bearer) -> None:
    wrong = bearer.bring(client_secret="wrong")
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    missing = bearer.bring(client_secret=None)
    assert (missing.status_code, missing.json()["error"]) == (401, "invalid_client")
    another = Bearer()
    stolen = another.bring(bearer.assertion())
    assert stolen.json()["error"] == "invalid_grant", "for another client"
    assert another.bring().json()["error"] == "invalid_grant", "a client that nobody named"
    public = App()
    public.register()
    TrustedIssuer.objects.update(client_ids=[public.client_id])
    answer = public.token(grant_type=JWT_BEARER, assertion=bearer.assertion(client_id=public.client_id))
    assert answer.json()["error"] == "unauthorized_client", "anybody can say its id"


def test_a_client_with_a_document_needs_no_secret(acme: Cast, bearer: Bearer) -> None:
    address = "https://claude.example/client.json"
    Application.objects.create(
        organization=acme.acme,
        client_id=address,
        name="Claude",
        client_type=Application.CLIENT_PUBLIC,
        client_secret="",
        hash_client_secret=False,
        registration_source="cimd",
        cimd_expires_at=timezone.now() + timedelta(hours=1),
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
    )
    TrustedIssuer.objects.update(client_ids=[address])
    claude = App(client_id=address)
    answer = claude.token(grant_type=JWT_BEARER, assertion=bearer.assertion(client_id=address))
    assert answer.status_code == 200, answer.content


def test_a_blocked_client_gets_nothing(bearer: Bearer) -> None:
    Application.objects.update(standing="blocked")
    assert bearer.bring().json()["error"] == "unauthorized_client"


def test_only_people_who_signed_in_by_sso(acme: Cast, bearer: Bearer) -> None:
    AssertedIdentity.objects.update(signed_in_at=None)
    answer = bearer.bring()
    assert answer.json()["error"] == "invalid_grant" and "single sign-on" in answer.json()["error_description"]
    AssertedIdentity.objects.all().delete()
    assert bearer.bring().json()["error"] == "invalid_grant"


def test_only_active_people_who_have_the_profile(acme: Cast, bearer: Bearer) -> None:
    signed_in_by_sso(acme.bob, acme.acme)
    others = bearer.bring(bearer.assertion(email="bob@acme.test"))
    assert others.json()["error"] == "invalid_target", "Bob has no such profile"
    assert bearer.bring(bearer.assertion(resource=resource("no-such"))).json()["error"] == "invalid_target"
    assert bearer.bring(bearer.assertion(email="DANA@Acme.Test")).status_code == 200
    Membership.objects.filter(user=acme.dana).update(is_active=False)
    assert bearer.bring().json()["error"] == "invalid_grant"


def test_the_request_names_the_same_profile(acme: Cast, bearer: Bearer) -> None:
    profile(acme.acme, groups=[acme.sales], slug="other")
    assert bearer.bring(resource=resource()).status_code == 200
    assert bearer.bring(resource=resource("other")).json()["error"] == "invalid_target"
    assert bearer.bring(resource=[resource(), resource("other")]).json()["error"] == "invalid_target"
    assert bearer.bring("").json()["error"] == "invalid_request"


def test_scopes_are_only_narrowed(bearer: Bearer) -> None:
    assert bearer.bring(scope="tools.read admin").json()["scope"] == "tools.read"
    assert bearer.bring(bearer.assertion(scope="tools.read"), scope=ALL).json()["scope"] == "tools.read"
    TrustedIssuer.objects.update(scopes="tools.read tools.write")
    TrustedProfile.objects.all().delete()
    assert bearer.bring(bearer.assertion(scope=None)).json()["scope"] == "tools.read tools.write"
    assert bearer.bring(scope="tools.dangerous").json()["error"] == "invalid_scope"
    assert bearer.bring(bearer.assertion(scope="openid")).json()["error"] == "invalid_scope"


def test_a_profile_that_gained_riskier_tools_asks_again(acme: Cast, bearer: Bearer) -> None:
    dangerous = Tool.objects.filter(risk_override="dangerous")
    dangerous.update(is_enabled=False)
    assert bearer.bring().json()["scope"] == "tools.read tools.write"
    dangerous.update(is_enabled=True)
    assert bearer.bring().json()["scope"] == "tools.read tools.write"
    only = bearer.bring(scope="tools.dangerous")
    assert only.json()["error"] == "invalid_scope" and "approved" in only.json()["error_description"]
    waiting = TrustedProfile.objects.get()
    assert waiting.wanted == "tools.dangerous"
    approve_profile(waiting, actor=acme.actor(acme.alice))
    assert bearer.bring().json()["scope"] == ALL


def test_what_dana_herself_left_out_stays_closed(acme: Cast, bearer: Bearer) -> None:
    answer = bearer.app.exchange(
        bearer.app.sent_back(acme.dana, ticked=["tools.read"])["code"], client_secret=bearer.app.secret
    )
    assert answer.json()["scope"] == "tools.read"
    assert bearer.bring().json()["scope"] == "tools.read"
    app = ConnectedApp.objects.get()
    assert app.given_by is None and app.scopes == "tools.read"
    assert bearer.bring(scope="tools.write").json()["error"] == "invalid_scope"


def test_the_end_of_the_trust_ends_what_it_opened(acme: Cast, bearer: Bearer) -> None:
    token = bearer.bring().json()["access_token"]
    assert end_issuer(TrustedIssuer.objects.get(), actor=acme.actor(acme.alice)) == 1
    assert AccessToken.objects.get(token_hash=hash_token(token)).revoked_at is not None
    assert ConnectedApp.objects.get().ended_at is not None
    assert bearer.bring().json()["error"] == "invalid_grant"
    assert Event.objects.get(code="issuer.ended").sentence.endswith("1 connected apps ended.")


def test_the_metadata_says_so(acme: Cast) -> None:
    said = App().http.get("/.well-known/oauth-authorization-server/oauth/acme").json()
    assert said["authorization_grant_profiles_supported"] == ["urn:ietf:params:oauth:grant-profile:id-jag"]
    assert JWT_BEARER in said["grant_types_supported"]
