"""What a provider, or somebody between, answers instead of signing Erin in: told in words, and nobody is signed in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from harriet.lib.secret import Secret
from harriet.people.errors import PeopleError
from harriet.people.models import User
from harriet.signin.actions.save_provider import ClaimNames, add_provider, save_claims, save_oidc
from harriet.signin.actions.switch_provider import switch_provider
from harriet.signin.addresses import addresses_of
from harriet.signin.models import IdentityProvider, SignInAttempt
from tests.servers.oidc_provider import Provider, go_through
from tests.stage.cast import Cast
from tests.stage.providers import reach, verified

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("provider_in_reach")]
HTML = "text/html"


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    people = {"erin-1": {"email": "erin@acme.test", "name": "Erin"}}
    process = Provider(log=tmp_path_factory.mktemp("provider") / "log", people=people)
    process.wait()
    yield process
    process.stop()


@pytest.fixture(autouse=True)
def nothing_fails(there: Provider) -> Iterator[None]:
    yield
    there.set(fail={})


def known_to(there: Provider, cast: Cast, name: str = "Acme account") -> IdentityProvider:
    by = cast.actor(cast.alice)
    provider = add_provider(cast.acme, "oidc", name, actor=by)
    made = there.register(redirect_uris=[addresses_of(provider.pk).callback])
    secret = Secret(made["client_secret"])
    provider = save_oidc(provider, there.url, made["client_id"], secret, "openid email profile", actor=by)
    save_claims(provider, ClaimNames(makes_accounts=True), actor=by)
    switch_provider(provider, True, actor=by)
    return IdentityProvider.objects.get(pk=provider.pk)


@pytest.fixture
def provider(there: Provider, cast: Cast) -> IdentityProvider:
    reach(cast.acme)
    verified(cast.acme)
    return known_to(there, cast)


def gone_there(client: Client, provider: IdentityProvider, *, denies: bool = False) -> str:
    """With which address the provider sends Erin back."""
    begun = client.get(reverse("sso:start", args=[provider.pk]), {"next": "/me/devices/?a=b"})
    back = urlsplit(go_through(begun["Location"], "erin-1", denies=denies))
    return f"{back.path}?{back.query}"


def told(client: Client, path: str) -> str:
    """The page of a refusal; nobody is signed in, and neither code nor state is on it."""
    page = client.get(path, follow=True)
    assert page.status_code == 400, page.redirect_chain
    assert "_auth_user_id" not in client.session
    words = page.content.decode()
    assert not any(value in words for name, value in parse_qsl(urlsplit(path).query) if name in ("code", "state"))
    return words


def changed(path: str, **changes: str | None) -> str:
    parts = urlsplit(path)
    query = {**dict(parse_qsl(parts.query)), **changes}
    return f"{parts.path}?{urlencode({name: value for name, value in query.items() if value is not None})}"


def test_erin_comes_where_she_wanted(client: Client, provider: IdentityProvider) -> None:
    page = client.get(gone_there(client, provider), follow=True)
    assert page.redirect_chain[-1][0] == "/me/devices/?a=b"
    assert User.objects.get(pk=client.session["_auth_user_id"]).email == "erin@acme.test"


@pytest.mark.parametrize("is_down", [False, True])
def test_keys_are_read_anew_though_they_would_do(
    client: Client, there: Provider, provider: IdentityProvider, is_down: bool
) -> None:
    """One that the provider took back signs nobody in for more than an hour; while it gives none, the old ones do."""
    back = gone_there(client, provider)
    IdentityProvider.objects.filter(pk=provider.pk).update(read_at=timezone.now() - timedelta(hours=2))
    there.set(fail={"/jwks": {"status": 500, "body": "oops", "type": HTML}} if is_down else {})
    assert client.get(back, follow=True).status_code == 200
    there.set(fail={})
    provider.refresh_from_db()
    assert provider.read_at is not None and provider.read_at > timezone.now() - timedelta(hours=1)


def test_erin_declines(client: Client, provider: IdentityProvider) -> None:
    assert "or you declined" in told(client, gone_there(client, provider, denies=True))


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({}, "does not say your e-mail address"),
        ({"work_email": ["a@b@c"]}, "e-mail address is none"),
        ({"work_email": {"value": "erin@acme.test"}}, "e-mail address is none"),
        ({"work_email": "erin@acme.test.evil.test"}, "is not verified for"),
        ({"work_email": "erin@sub.acme.test"}, "is not verified for"),
    ],
)
def test_address_that_lets_nobody_in(
    client: Client, there: Provider, provider: IdentityProvider, said: dict[str, object], why: str
) -> None:
    """It stands where the ID token has no room for it, in a claim that the owner named."""
    IdentityProvider.objects.filter(pk=provider.pk).update(email_claim="work_email")
    back = gone_there(client, provider)
    there.set(fail={"/me": {"status": 200, "body": json.dumps({"sub": "erin-1"} | said)}})
    assert why in told(client, back)
    assert not User.objects.filter(email__startswith="erin").exists()


@pytest.mark.parametrize(
    ("path", "answer", "why"),
    [
        ("/token", (500, "oops", HTML), "can’t be read"),
        ("/token", (200, "<html>Sign in to the proxy</html>", HTML), "can’t be read"),
        ("/token", (200, "[]", ""), "can’t be read"),
        ("/token", (200, json.dumps({"access_token": "a", "token_type": "Bearer"}), ""), "gave no ID token"),
        ("/token", (200, json.dumps({"id_token": 7}), ""), "gave no ID token"),
        ("/token", (200, json.dumps({"id_token": "e30.e30."}), ""), "does not accept. Use RS256"),
        ("/token", (400, json.dumps({"error": "invalid_grant"}), ""), "Sign in again"),
        ("/token", (401, json.dumps({"error": "invalid_client"}), ""), "client id and secret"),
        ("/token", (400, json.dumps({"error": "unauthorized_client"}), ""), "does not allow Harriet’s client"),
        ("/token", (400, json.dumps({"error": "<script>"}), ""), "refused what Harriet sent"),
        ("/token", (302, "", HTML), "can’t be read"),
        ("/me", (200, json.dumps({"sub": "mallory-1", "email": "erin@acme.test"}), ""), "about different people"),
        ("/me", (200, json.dumps({"email": "erin@acme.test"}), ""), "about different people"),
        ("/me", (200, "eyJhbGciOiJub25lIn0.e30.", "application/jwt"), "can’t be read"),
        ("/token", (200, json.dumps({"id_token": "x" * 600_000}), ""), "did not answer"),
    ],
)
def test_odd_answer_is_told(
    client: Client, there: Provider, provider: IdentityProvider, path: str, answer: tuple[int, str, str], why: str
) -> None:
    back = gone_there(client, provider)
    status, body, kind = answer
    there.set(fail={path: {"status": status, "body": body, "type": kind or "application/json"}})
    assert why in told(client, back)
    there.set(fail={})
    assert "did not ask for this sign-in" in told(client, back), "and the code is not sent a second time"
    assert len(there.requests(path)) >= 1


def test_answer_that_was_meddled_with(client: Client, there: Provider, provider: IdentityProvider) -> None:
    """Each in turn, in a way of its own: what was refused is not taken after all."""
    for changes, why in (
        ({"iss": "https://evil.test"}, "another identity provider than the one that was asked"),
        ({"iss": None}, "does not say from which identity provider"),
        ({"state": None}, "did not ask for this sign-in"),
        ({"state": "other"}, "did not ask for this sign-in"),
        ({"code": None}, "has no code in it"),
        ({"code": "c" * 5000}, "has no code in it"),
        ({"code": "made-up"}, "its code was used already"),
        ({"error": "access_denied"}, "or you declined"),
    ):
        assert why in told(client, changed(gone_there(client, provider), **changes)), changes


def test_answer_of_one_provider_at_the_address_of_another(
    client: Client, cast: Cast, there: Provider, provider: IdentityProvider
) -> None:
    """The mix-up: both are Acme's, and the browser began at both."""
    other = known_to(there, cast, "Another")
    client.get(reverse("sso:start", args=[other.pk]))
    query = urlsplit(gone_there(client, provider)).query
    assert "did not ask for this sign-in" in told(client, f"{reverse('sso:callback', args=[other.pk])}?{query}")


def test_code_that_was_used_before(client: Client, provider: IdentityProvider) -> None:
    first = gone_there(client, provider)
    client.get(first, follow=True)
    other = Client()
    code = dict(parse_qsl(urlsplit(first).query))["code"]
    assert "its code was used already" in told(other, changed(gone_there(other, provider), code=code))


def test_answer_that_comes_too_late(client: Client, provider: IdentityProvider) -> None:
    back = gone_there(client, provider)
    for attempt in SignInAttempt.objects.all():
        attempt.expires_at = attempt.created_at
        attempt.save()
    assert "more than ten minutes ago" in told(client, back)


WELL_KNOWN = "/.well-known/openid-configuration"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"status": 500, "body": "oops"}, "did not answer with what a provider publishes"),
        ({"status": 200, "body": "<html>", "type": HTML}, "did not answer with what a provider publishes"),
        ({"status": 200, "body": "[]"}, "did not answer with what a provider publishes"),
        ({"status": 200, "body": "{" + " " * 600_000 + "}"}, "could not be asked"),
        ({"issuer": "https://evil.test"}, "The provider calls itself “https://evil.test”"),
        ({"issuer": None}, "The provider calls itself “None”"),
        ({"token_endpoint": "http://169.254.169.254/token"}, "token_endpoint can’t be used"),
        ({"jwks_uri": "http://10.0.0.1/keys"}, "jwks_uri can’t be used"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "authorization_endpoint can’t be used"),
        ({"userinfo_endpoint": "file:///etc/passwd"}, "userinfo_endpoint can’t be used"),
        ({"token_endpoint": None}, "token_endpoint can’t be used"),
        ({"jwks_uri": WELL_KNOWN}, "publishes no keys"),
    ],
)
def test_what_is_published_wrongly_is_told_beside_the_issuer(
    cast: Cast, there: Provider, provider: IdentityProvider, answer: dict[str, object], why: str
) -> None:
    if "status" not in answer:
        usual = json.loads(there.get(WELL_KNOWN).body)
        body = usual | {name: there.url + value if value == WELL_KNOWN else value for name, value in answer.items()}
        answer = {"status": 200, "body": json.dumps(body)}
    there.set(fail={WELL_KNOWN: answer})
    with pytest.raises(PeopleError) as problem:
        save_oidc(provider, there.url, "other", None, "openid", actor=cast.actor(cast.alice))
    assert why in problem.value.message and problem.value.field == "issuer"
    kept = IdentityProvider.objects.get(pk=provider.pk)
    assert (kept.client_id, kept.endpoints) == (provider.client_id, provider.endpoints), "nothing was saved"
