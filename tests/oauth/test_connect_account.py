"""Dana connects her account at a provider; Mallory's server, and what others try with her way back, connect nothing."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.db.models.functions import Now

from audit.models import Event
from tests.oauth.connecting import SignIn, signing_in
from tests.servers.authorization_server import AuthorizationServer, Reply
from tests.stage.cast import Cast
from tests.stage.ways_back import came_back
from vault.errors import CannotSignIn, ConsentFailed
from vault.models import OAuthGrant, OAuthRequest
from vault.oauth.addresses import callback_address
from vault.oauth.asking import extras_of, is_worth_asking, narrowed
from vault.oauth.finish import finish

pytestmark = pytest.mark.django_db


@pytest.fixture
def server() -> Iterator[AuthorizationServer]:
    with AuthorizationServer() as running:
        yield running


@pytest.fixture
def evil() -> Iterator[AuthorizationServer]:
    with AuthorizationServer() as running:
        yield running


@pytest.fixture
def crm(cast: Cast, server: AuthorizationServer) -> SignIn:
    return signing_in(cast, server)


def asked_at(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


def refused(crm: SignIn, code: str, /, **changed: str | None) -> ConsentFailed:
    with pytest.raises(ConsentFailed) as refusal:
        crm.connect(crm.cast.dana, **changed)
    assert refusal.value.code == code
    assert not OAuthGrant.objects.exists()
    return refusal.value


def id_token(**claims: Any) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{body}.c2ln"


def test_she_is_sent_with_everything_the_standards_want(crm: SignIn, cast: Cast) -> None:
    url = crm.begin(cast.dana)
    asked = asked_at(url)
    assert url.startswith(f"{crm.server.origin}/authorize?")
    assert len(asked.pop("state")) >= 43 and len(asked.pop("code_challenge")) == 43
    assert asked == {
        "response_type": "code",
        "client_id": crm.client.client_id,
        "redirect_uri": callback_address(crm.server.issuer),
        "scope": "tickets.read",
        "code_challenge_method": "S256",
        "resource": crm.server.url,
    }


def test_she_comes_back_and_is_connected(crm: SignIn, cast: Cast) -> None:
    grant = crm.connect(cast.dana)
    assert (grant.user, grant.resource, grant.scopes, grant.state) == (
        *(cast.dana, crm.server.url, "tickets.read"),
        OAuthGrant.State.ACTIVE,
    )
    (asked,) = crm.server.at("/token")
    assert asked.fields["resource"] == crm.server.url
    assert asked.fields["redirect_uri"] == callback_address(crm.server.issuer)
    assert asked.headers["authorization"].startswith("Basic ")


def test_nothing_secret_is_told(crm: SignIn, cast: Cast) -> None:
    crm.connect(cast.dana)
    (request,) = OAuthRequest.objects.all()
    secrets = [asked.fields.get(name, "") for asked in crm.server.seen for name in ("code", "code_verifier", "state")]
    secrets += [*crm.server.tokens, "r-1", crm.server.clients[crm.client.client_id]["client_secret"]]
    rows = repr([vars(one) for one in (request, crm.client, OAuthGrant.objects.get())])
    told = rows + "".join(Event.objects.values_list("body", flat=True))
    assert not [one for one in secrets if one and one in told]


@pytest.mark.parametrize(
    "iss", ["https://evil.example", "{0}/", "{0}/x", "", None, "http://127.0.0.1", "{0}\x00"], ids=repr
)
@pytest.mark.parametrize("more", [{}, {"error": "access_denied", "error_description": "Call 555 now", "code": None}])
def test_an_answer_of_another_issuer_is_not_used(crm: SignIn, iss: str | None, more: dict[str, str | None]) -> None:
    changed = iss.format(crm.server.issuer) if iss is not None else None
    refusal = refused(crm, "wrong_issuer", iss=changed, **more)
    assert "555" not in refusal.message
    assert not crm.server.at("/token")


def test_an_issuer_that_never_said_so_need_not_name_itself(cast: Cast, server: AuthorizationServer) -> None:
    server.publish(authorization_response_iss_parameter_supported=None)
    crm = signing_in(cast, server)
    refused(crm, "wrong_issuer", iss="https://evil.example")
    assert crm.connect(cast.dana, iss=None).state == OAuthGrant.State.ACTIVE


def test_mix_up(crm: SignIn, cast: Cast, server: AuthorizationServer, evil: AuthorizationServer) -> None:
    """Mallory sends Dana on from her server to the honest one: the honest code is not handed to Mallory."""
    mallorys = signing_in(cast, evil)
    began = mallorys.begin(cast.dana)
    honest = server.visit(f"{server.origin}/authorize?" + urlsplit(began).query)
    with pytest.raises(ConsentFailed) as refusal:
        finish(came_back(honest), cast.dana)
    assert refusal.value.code == "wrong_issuer"
    assert not evil.at("/token") and not server.at("/token")


def test_a_state_is_good_once(crm: SignIn, cast: Cast) -> None:
    back = crm.server.visit(crm.begin(cast.dana))
    finish(came_back(back), cast.dana)
    with pytest.raises(ConsentFailed) as refusal:
        finish(came_back(back), cast.dana)
    assert refusal.value.code == "used" and len(crm.server.at("/token")) == 1


def test_a_state_is_used_up_by_an_answer_that_was_refused(crm: SignIn, cast: Cast) -> None:
    back = crm.server.visit(crm.begin(cast.dana))
    for expected, changed in (("denied", {"error": "access_denied"}), ("used", {})):
        with pytest.raises(ConsentFailed) as refusal:
            finish(came_back(back | changed), cast.dana)
        assert refusal.value.code == expected


def test_a_state_is_nobody_elses(crm: SignIn, cast: Cast) -> None:
    """Bob opens the way back that Dana's browser was sent, and Dana still comes home."""
    back = crm.server.visit(crm.begin(cast.dana))
    for other in (cast.bob, cast.charlie):
        with pytest.raises(ConsentFailed) as refusal:
            finish(came_back(back), other)
        assert refusal.value.code == "other_person" and refusal.value.connector_id is None
    assert finish(came_back(back), cast.dana).user == cast.dana


def test_a_state_is_good_for_ten_minutes(crm: SignIn, cast: Cast) -> None:
    back = crm.server.visit(crm.begin(cast.dana))
    (request,) = OAuthRequest.objects.all()
    assert timedelta(minutes=9) < request.expires_at - request.created_at <= timedelta(minutes=10)
    OAuthRequest.objects.update(expires_at=Now())
    with pytest.raises(ConsentFailed) as refusal:
        finish(came_back(back), cast.dana)
    assert refusal.value.code == "expired"


@pytest.mark.parametrize("state", ["", "x", "\x00", "é", "a" * 10_000])
def test_a_state_that_nobody_was_given(crm: SignIn, cast: Cast, state: str) -> None:
    with pytest.raises(ConsentFailed) as refusal:
        finish(came_back({"code": "x", "state": state}), cast.dana)
    assert refusal.value.code == "unknown"


@pytest.mark.parametrize(
    ("changed", "code", "said"),
    [
        ({"error": "access_denied"}, "denied", "didn’t allow"),
        ({"error": "server_error", "error_description": "Try\u202e later"}, "refused", "server_error"),
        ({"error": ""}, "refused", "connected nothing"),
        ({"code": None}, "no_code", "without a code"),
        ({"code": "a" * 5000}, "no_code", "without a code"),
        ({"code": "wrong"}, "not_exchanged", "invalid_grant"),
    ],
)
def test_what_goes_wrong_is_said(crm: SignIn, changed: dict[str, str | None], code: str, said: str) -> None:
    refusal = refused(crm, code, **changed)
    assert said in refusal.message and "\u202e" not in refusal.message
    assert refusal.connector_id == crm.connector_id


@pytest.mark.parametrize(
    ("more", "scopes", "has_refresh"),
    [
        ({"scope": "tickets.read", "refresh_token": None}, "tickets.read", False),
        ({"scope": "tickets.list", "expires_in": None}, "tickets.list", True),
        ({"expires_in": "3600", "token_type": "bearer"}, "tickets.read", True),
        ({"scope": "tickets.read tickets.write"}, "tickets.read tickets.write", True),
    ],
)
def test_odd_answers_of_providers(
    crm: SignIn, cast: Cast, more: dict[str, Any], scopes: str, has_refresh: bool
) -> None:
    crm.server.token_more = more
    grant = crm.connect(cast.dana)
    assert (grant.scopes, grant.sealed_refresh is not None) == (scopes, has_refresh)
    assert narrowed(grant) == (() if "tickets.read" in scopes else ("tickets.read",))


def test_a_form_is_an_answer_too(crm: SignIn, cast: Cast) -> None:
    form = Reply(200, "access_token=abc&scope=tickets.read&token_type=bearer", {"Content-Type": "text/plain"})
    crm.server.pages["/token"] = lambda _: form
    assert crm.connect(cast.dana).state == OAuthGrant.State.ACTIVE


@pytest.mark.parametrize("kind", ["DPoP", "mac"])
def test_a_token_that_harriet_cannot_send_is_not_kept(crm: SignIn, kind: str) -> None:
    crm.server.token_more = {"token_type": kind}
    refused(crm, "unusable")


def test_the_account_is_named_by_the_id_token_or_by_asking(cast: Cast, server: AuthorizationServer) -> None:
    server.publish(scopes_supported=["openid", "email", "tickets.read"])
    crm = signing_in(cast, server)
    assert asked_at(crm.begin(cast.dana))["scope"] == "tickets.read openid email"
    server.userinfo = {"email": "dana@crm.example", "sub": "7", "email_verified": True}
    grant = crm.connect(cast.dana)
    assert (grant.account, grant.account_subject) == ("dana@crm.example", "7")
    claims = {"iss": server.issuer, "aud": [crm.client.client_id], "sub": "8", "email": "d@crm.example"}
    server.token_more = {"id_token": id_token(**claims)}
    assert crm.connect(cast.dana).account == "d@crm.example"


@pytest.mark.parametrize(
    "claims", [{"iss": "https://evil.example"}, {"aud": "another"}, {"aud": None}, {"email": 7, "sub": []}]
)
def test_an_id_token_about_somebody_else_names_nobody(crm: SignIn, cast: Cast, claims: dict[str, Any]) -> None:
    own = {"iss": crm.server.issuer, "aud": crm.client.client_id, "sub": "8", "email": "d@crm.example"}
    crm.server.token_more = {"id_token": id_token(**own | claims)}
    assert crm.connect(cast.dana).account == ""


@pytest.mark.parametrize(
    ("claims", "is_allowed"),
    [
        ({"email": "dana@acme.example"}, True),
        ({"email": "dana@ACME.example", "email_verified": True}, True),
        ({"email": "dana@gmail.example"}, False),
        ({"email": "dana@acme.example", "email_verified": "true"}, True),
        ({"email": "dana@acme.example", "email_verified": False}, False),
        ({"email": "dana@acme.example", "email_verified": "False"}, False),
        ({"email": "dana@acme.example", "email_verified": None}, False),
        ({"email": "dana@acme.example", "email_verified": 0}, False),
        ({"email": "dana@acme.example.evil.example"}, False),
        ({"preferred_username": "dana@acme.example"}, False),
        ({"name": "x@acme.example", "email": "mallory@evil.example"}, False),
        ({}, False),
    ],
)
def test_only_accounts_of_the_company(crm: SignIn, cast: Cast, claims: dict[str, Any], is_allowed: bool) -> None:
    crm.client.__class__.objects.update(allowed_domains=["acme.example"])
    own = {"iss": crm.server.issuer, "aud": crm.client.client_id, "sub": "8"}
    crm.server.token_more = {"id_token": id_token(**own | claims)}
    if is_allowed:
        assert crm.connect(cast.dana).state == OAuthGrant.State.ACTIVE
    else:
        assert "only accounts of acme.example may be connected" in refused(crm, "account").message


@pytest.mark.parametrize(
    ("page", "more"),
    [
        ("https://accounts.google.com/o/oauth2/v2/auth", {"access_type": "offline", "prompt": "consent"}),
        ("https://www.dropbox.com/oauth2/authorize", {"token_access_type": "offline"}),
        ("https://accounts.zoho.eu/oauth/v2/auth", {"access_type": "offline", "prompt": "consent"}),
        ("https://accounts.google.com.evil.example/auth", {}),
        ("https://id.example/authorize", {}),
    ],
)
def test_a_refresh_token_is_asked_for_as_the_provider_wants_it(page: str, more: dict[str, str]) -> None:
    """Typed in by an admin as well as discovered: without it people would have to connect again every hour."""
    assert extras_of({"issuer": "https://typed.example", "authorization_endpoint": page}, ()) == more


def test_a_step_up_takes_nothing_away_and_ends(crm: SignIn, cast: Cast) -> None:
    """The server wants more for one tool: Dana is asked for everything at once, and not a second time in vain."""
    grant = crm.connect(cast.dana)
    assert is_worth_asking(grant, ["tickets.write"]) and not is_worth_asking(grant, ["tickets.read"])
    OAuthGrant.objects.update(needed_scopes="tickets.write")
    url = crm.begin(cast.dana)
    assert asked_at(url)["scope"] == "tickets.read tickets.write"
    crm.server.token_more = {"scope": "tickets.read"}
    back = crm.server.visit(url)
    grant = finish(came_back(back), cast.dana)
    assert narrowed(grant) == ("tickets.write",)
    assert not is_worth_asking(grant, ["tickets.write"])
    assert OAuthGrant.objects.count() == 1


@pytest.mark.parametrize(
    ("limit", "asked"),
    [
        ("", "tickets.read tickets.write wipe"),
        ("none", "tickets.read"),
        ("tickets.write", "tickets.read tickets.write"),
        ("other", "tickets.read"),
    ],
)
def test_an_admin_limits_what_anybody_is_asked_for(
    cast: Cast, server: AuthorizationServer, limit: str, asked: str
) -> None:
    """What was granted before the limit was set, too."""
    crm = signing_in(cast, server, scope_limit=limit)
    crm.connect(cast.dana)
    OAuthGrant.objects.update(scopes="tickets.read tickets.write", needed_scopes="wipe")
    assert asked_at(crm.begin(cast.dana))["scope"] == asked


def test_offline_access_is_asked_for_where_there_is_such_a_scope(cast: Cast, server: AuthorizationServer) -> None:
    server.publish(scopes_supported=["tickets.read", "offline_access"])
    asked = asked_at(signing_in(cast, server).begin(cast.dana))
    assert asked["scope"] == "tickets.read offline_access" and asked["prompt"] == "consent"


def test_a_provider_that_refuses_resources_gets_none(cast: Cast, server: AuthorizationServer) -> None:
    crm = signing_in(cast, server, resource="none")
    assert "resource" not in asked_at(crm.begin(cast.dana))
    assert crm.connect(cast.dana).resource == ""
    assert "resource" not in server.at("/token")[0].fields


@pytest.mark.parametrize("metadata", [{"code_challenge_methods_supported": None}, {"authorization_endpoint": None}])
def test_nobody_is_sent_where_sign_ins_are_not_protected(
    cast: Cast, server: AuthorizationServer, metadata: dict[str, Any]
) -> None:
    server.publish(**metadata)
    with pytest.raises(CannotSignIn, match="Nobody can sign in"):
        signing_in(cast, server).begin(cast.dana)
    assert not OAuthRequest.objects.exists()


def test_ways_that_led_nowhere_do_not_pile_up(crm: SignIn, cast: Cast) -> None:
    for _ in range(15):
        crm.begin(cast.dana)
    assert OAuthRequest.objects.count() == 10
    OAuthRequest.objects.update(expires_at=Now() - timedelta(days=2))
    crm.begin(cast.bob)
    assert OAuthRequest.objects.count() == 1


def test_states_are_never_alike(crm: SignIn, cast: Cast) -> None:
    asked = [asked_at(crm.begin(cast.dana)) for _ in range(3)]
    assert len({one["state"] for one in asked}) == len({one["code_challenge"] for one in asked}) == 3
    assert all(re.fullmatch(r"[\w-]{43}", one["state"]) for one in asked)
