"""Whoever attacks the sign-in of AI clients gets an RFC error code, or a page of our own; never a token, never a
redirect to an address that nobody registered."""

from __future__ import annotations

from base64 import b64encode
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.test import Client

from harriet.people.models import AccessToken, Membership
from harriet.signin.models import Application
from tests.stage.cast import Cast
from tests.stage.profiles import profile
from tests.stage.signing_app import REDIRECT, VERIFIER, App, challenge_of, resource, says

pytestmark = pytest.mark.django_db

HTTPS = "https://client.example/callback"


@pytest.fixture
def app(acme: Cast) -> App:
    """One that may be answered on this machine, or at its own site."""
    made = App()
    made.register(redirect_uris=[REDIRECT, HTTPS])
    return made


ELSEWHERE = [
    "https://evil.example/callback",
    "https://client.example/callback/",
    "https://client.example/callback?x=1",
    "https://client.example/callback#f",
    "https://client.example/Callback",
    "https://CLIENT.example/callback",
    "https://client.example:444/callback",
    "http://client.example/callback",
    "https://client.example.evil.example/callback",
    "https://client.example@evil.example/callback",
    "https://evil.example/https://client.example/callback",
    "https://client.example/callback/../../evil",
    "https://client.example\\@evil.example/callback",
    "http://127.0.0.1.evil.example:33418/callback",
    "http://127.0.0.1:33418@evil.example/callback",
    "http://127.0.0.1:33418/callback/../evil",
    "http://127.0.0.2:33418/callback",
    "http://localhost:33418/callback",
    "http://[::1]:33418/callback",
    "http://127.1:33418/callback",
    "https://127.0.0.1:33418/callback",
    "javascript:alert(1)",
    "data:text/html,x",
    "//evil.example/callback",
    "/callback",
    "callback",
    " https://client.example/callback",
    "https://client.example/callback\n",
    "x" * 5000,
]


@pytest.mark.parametrize("uri", ELSEWHERE)
def test_nothing_is_sent_to_an_address_that_was_not_registered(app: App, acme: Cast, uri: str) -> None:
    for person in (None, acme.dana):
        page = app.visit(person, "", redirect_uri=uri)
        assert page.status_code == 400 and "Location" not in page and says(page, "never registered"), page.content
        assert uri not in page.content.decode() or len(uri) < 10


@pytest.mark.parametrize(
    "client_id", ["", "nobody", "hrt_c_" + "0" * 32, "x" * 3000, "\x00", "https://", "http://client.example/id.json"]
)
def test_an_unknown_client_gets_our_own_page(app: App, acme: Cast, client_id: str) -> None:
    for person in (None, acme.dana):
        page = app.visit(person, "", client_id=client_id)
        assert page.status_code == 400 and "Location" not in page


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
    ({"code_challenge_method": "plain", "code_challenge": VERIFIER}, "invalid_request"),
    ({"code_challenge_method": None}, "invalid_request"),
    ({"code_challenge_method": "s256"}, "invalid_request"),
    ({"code_challenge_method": "S512"}, "invalid_request"),
    ({"code_challenge": "short"}, "invalid_request"),
    ({"code_challenge": challenge_of() + "="}, "invalid_request"),
    ({"response_type": None}, "invalid_request"),
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_type": "id_token"}, "unsupported_response_type"),
    ({"response_type": "code token"}, "unsupported_response_type"),
    ({"response_mode": "fragment"}, "invalid_request"),
    ({"response_mode": "form_post"}, "invalid_request"),
    ({"scope": "everything"}, "invalid_scope"),
    ({"resource": "https://elsewhere.example/mcp/acme/work"}, "invalid_target"),
    ({"resource": "http://127.0.0.1:1/mcp/acme/work"}, "invalid_target"),
    ({"resource": "work"}, "invalid_target"),
    ({"resource": settings.BASE_URL}, "invalid_target"),
    ({"resource": settings.BASE_URL + "/mcp/globex/work"}, "invalid_target"),
    ({"resource": settings.BASE_URL + "/mcp/acme/work#x"}, "invalid_target"),
    ({"resource": settings.BASE_URL + "/mcp/acme/work?x"}, "invalid_target"),
    ({"resource": settings.BASE_URL + "/mcp/acme/../acme/work"}, "invalid_target"),
    ({"resource": settings.BASE_URL + "@evil.example/mcp/acme/work"}, "invalid_target"),
    ({"resource": [settings.BASE_URL + "/mcp/acme/work", settings.BASE_URL + "/mcp/acme/other"]}, "invalid_target"),
]


@pytest.mark.parametrize(("changed", "code"), WRONG)
def test_a_wrong_request_goes_back_with_its_code_state_and_issuer(
    app: App, acme: Cast, changed: dict[str, Any], code: str
) -> None:
    back = app.sent_back(acme.dana, "", **changed)
    assert (back["error"], back["state"]) == (code, "st4te") and back["iss"] == f"{settings.BASE_URL}/oauth/acme"
    assert app.visit(None, "", **changed)["Location"].startswith("/accounts/login/"), "nobody is sent on before"


@pytest.mark.parametrize("name", ["client_id", "redirect_uri", "state", "scope", "code_challenge", "response_type"])
def test_a_parameter_that_is_there_twice_gets_no_code(app: App, acme: Cast, name: str) -> None:
    asked = {"scope": "tools.read", **app.asks()}
    answer = app.visit(acme.dana, "", **{**asked, name: [asked[name], asked[name]]})
    assert answer.status_code == 400 or "error=invalid_request" in answer["Location"]


def test_parameters_that_oauthlib_would_take_for_its_own_mean_nothing(app: App, acme: Cast) -> None:
    own = {
        "client": "x",
        "user": "x",
        "scopes": "x",
        "app": "x",
        "code_row": "x",
        "profile_url": "x",
        "refresh_row": "x",
    }
    back = app.sent_back(acme.dana, **own)
    assert app.exchange(back["code"], **own).status_code == 200
    own |= {"extra_credentials": "x", "resources": "x"}
    assert app.refresh("nothing", **own).json()["error"] == "invalid_grant"


BAD_EXCHANGES: list[tuple[dict[str, Any], str]] = [
    ({"code_verifier": "w" * 43}, "invalid_grant"),
    ({"code_verifier": None}, "invalid_request"),
    ({"code_verifier": "short"}, "invalid_grant"),
    ({"code_verifier": challenge_of()}, "invalid_grant"),
    ({"redirect_uri": HTTPS}, "invalid_grant"),
    ({"redirect_uri": "http://127.0.0.1:1/callback"}, "invalid_grant"),
    ({"resource": resource("other")}, "invalid_target"),
    ({"resource": [resource(), resource("other")]}, "invalid_target"),
    ({"code": "x"}, "invalid_grant"),
    ({"code": None}, "invalid_request"),
    ({"grant_type": None}, "invalid_request"),
    ({"grant_type": "password"}, "unsupported_grant_type"),
    ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
    ({"grant_type": "implicit"}, "unsupported_grant_type"),
    ({"client_id": "nobody"}, "invalid_client"),
    ({"client_id": None}, "invalid_client"),
    ({"client_secret": "guessed"}, "invalid_client"),
]


@pytest.mark.parametrize(("changed", "code"), BAD_EXCHANGES)
def test_a_code_is_worth_nothing_without_what_it_is_bound_to(
    app: App, acme: Cast, changed: dict[str, Any], code: str
) -> None:
    profile(acme.acme, groups=[acme.sales], slug="other")
    given = app.sent_back(acme.dana, redirect_uri=REDIRECT)["code"]
    answer = app.exchange(given, **changed)
    assert answer.json()["error"] == code and answer.status_code == (401 if code == "invalid_client" else 400)
    assert "no-store" in answer["Cache-Control"] and not AccessToken.objects.filter(kind="oauth").exists()
    if answer.status_code == 401:
        assert answer["WWW-Authenticate"].startswith("Basic ")
    assert app.exchange(given).status_code == 200, "whoever has the code alone burns nothing"


def test_a_code_that_is_used_again_ends_what_it_gave(app: App, acme: Cast) -> None:
    code = app.sent_back(acme.dana)["code"]
    tokens = app.exchange(code).json()
    assert app.exchange(code).json()["error"] == "invalid_grant"
    assert app.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert not AccessToken.objects.filter(kind="oauth", revoked_at=None).exists()


def test_a_code_of_one_client_is_nothing_to_another(app: App, acme: Cast) -> None:
    thief = App()
    thief.register()
    code = app.sent_back(acme.dana)["code"]
    assert thief.exchange(code).json()["error"] == "invalid_grant"
    assert app.exchange(code).status_code == 200


def test_a_client_of_another_organization_is_nobody_here(app: App, acme: Cast) -> None:
    profile(acme.globex, groups=[], slug="work").people.add(Membership.objects.get(user=acme.charlie))
    there = App(client_id=app.client_id, issuer="/oauth/globex")
    assert there.visit(acme.charlie, "", resource=resource("work", "globex")).status_code == 400
    code = app.sent_back(acme.dana)["code"]
    assert there.exchange(code).json()["error"] == "invalid_client"
    assert app.exchange(code).status_code == 200


def test_a_secret_is_needed_and_right(acme: Cast) -> None:
    app = App()
    app.register(token_endpoint_auth_method="client_secret_post")
    code = app.sent_back(acme.dana)["code"]
    assert app.exchange(code).status_code == 401
    assert app.exchange(code, client_secret="hrt_cs_wrong").status_code == 401
    assert app.exchange(code, client_secret="").status_code == 401
    assert app.exchange(code, client_secret=app.secret).status_code == 200
    assert app.secret not in str(Application.objects.values_list("client_secret", flat=True))


@pytest.mark.parametrize("endpoint", ["token", "revoke", "introspect", "device_authorization"])
def test_a_client_proves_itself_in_one_way(acme: Cast, endpoint: str) -> None:
    app, public = App(), App()
    app.register(token_endpoint_auth_method="client_secret_basic")
    public.register()
    right, wrong = (f"Basic {b64encode(f'{app.client_id}:{secret}'.encode()).decode()}" for secret in (app.secret, "x"))
    asked = {"grant_type": "refresh_token", "refresh_token": "nothing", "token": "nothing"}
    for header, said, code in (
        (right, {"client_id": app.client_id, "client_secret": app.secret}, "invalid_request"),
        (wrong, {"client_id": app.client_id, "client_secret": app.secret}, "invalid_request"),
        (right, {"client_id": public.client_id}, "invalid_client"),
        (wrong, {"client_id": public.client_id}, "invalid_client"),
        (wrong, {}, "invalid_client"),
        ("Basic eA==", {"client_id": public.client_id}, "invalid_client"),
    ):
        answer = app.post(endpoint, asked | said, Authorization=header)
        assert answer.json()["error"] == code and answer.json()["error_description"], answer.content
        assert answer.status_code == (401 if code == "invalid_client" else 400)
    once_more = app.post(endpoint, asked | {"client_id": app.client_id}, Authorization=right)
    assert once_more.status_code == 200 or once_more.json()["error"] in {"invalid_grant", "unauthorized_client"}


@pytest.mark.parametrize("charset", ["ISO-8859-1", "us-ascii", "UTF-8"])
def test_a_form_is_read_whatever_charset_is_named_beside_it(app: App, acme: Cast, charset: str) -> None:
    """Java's usual HTTP library names Latin-1 for each form, though forms have one charset only."""
    code = app.sent_back(acme.dana)["code"]
    form = {"grant_type": "authorization_code", "client_id": app.client_id, "code": code, "code_verifier": VERIFIER}
    kind = f"application/x-www-form-urlencoded; charset={charset}"
    assert app.http.post("/oauth/acme/token", urlencode(form), content_type=kind).status_code == 200


@pytest.mark.parametrize("endpoint", ["token", "register", "revoke", "introspect", "device_authorization"])
def test_the_endpoints_take_posts_alone_and_answer_in_json(app: App, endpoint: str) -> None:
    address = f"/oauth/acme/{endpoint}"
    answer = app.http.get(address)
    assert answer.status_code == 405 and answer.json()["error"] and answer["Allow"] == "POST"
    huge = app.http.post(address, "x=" + "y" * 70_000, content_type="application/x-www-form-urlencoded")
    assert huge.status_code == 413 and huge.json()["error"]
    for body, kind in (("{", "application/json"), ("a=1&a=2&token=1&token=2", "application/x-www-form-urlencoded")):
        answer = app.http.post(address, body, content_type=kind)
        assert answer.status_code in {400, 401} and answer.json()["error"], answer.content
    assert app.http.post(address, "%ff%fe=%00", content_type="application/x-www-form-urlencoded").status_code == 400
    assert app.http.post("/oauth/nobody/" + endpoint, {}).json()["error"] == "invalid_request"
    preflight = app.http.options(address, headers={"Origin": "https://inspector.example"})
    assert preflight.status_code == 204 and preflight["Access-Control-Allow-Origin"] == "*"


def test_a_form_from_elsewhere_allows_nothing(app: App, acme: Cast) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(acme.dana)
    page = browser.get("/oauth/acme/authorize", app.asks())
    address = f"/oauth/acme/authorize?{page.request['QUERY_STRING']}"
    assert browser.post(address, {"decision": "allow", "scope": "tools.read"}).status_code == 403
