"""Dana comes through a real provider that is asked for what renews her sign-in: it is kept, and renews what is said of
her; where nobody wants that, it is neither asked for nor kept."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse

from harriet.lib.secret import Secret
from harriet.signin.actions.save_provider import save_oidc
from harriet.signin.models import IdentityProvider, SubjectToken
from tests.stage.cast import Cast
from tests.stage.identity_provider import CLIENT, SECRET, come_back, go
from tests.stage.providers import oidc_provider, verified
from vault.models import OAuthGrant
from vault.oauth.sign_in import word_of
from vault.oauth.signed_words import claims_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("provider_in_reach")]


@pytest.fixture
def provider(cast: Cast, issuer: str) -> IdentityProvider:
    verified(cast.acme)
    cast.dana.set_unusable_password()
    cast.dana.save()
    return oidc_provider(cast, issuer)


def sign_in(client: Client, provider: IdentityProvider) -> str:
    """Where Dana was sent."""
    there = client.get(reverse("sso:start", args=[provider.pk]))["Location"]
    assert come_back(client, go(there, "dana-1")).status_code == 200
    return str(there)


def renewed(cast: Cast, provider: IdentityProvider) -> None:
    save_oidc(
        *(provider, provider.issuer, CLIENT, Secret(SECRET), "openid email profile"),
        renews_sign_ins=True,
        actor=cast.actor(cast.alice),
    )


def test_it_is_kept_and_renewed(cast: Cast, client: Client, provider: IdentityProvider) -> None:
    renewed(cast, provider)
    assert "offline_access" in sign_in(client, provider)
    kept = SubjectToken.objects.get()
    assert kept.grant_id is not None
    first = word_of(kept.grant_id, 10)
    hours = timedelta(days=1)
    OAuthGrant.objects.update(access_expires_at=F("access_expires_at") - hours, next_refresh_at=F("granted_at") - hours)
    second = word_of(kept.grant_id, 10)
    before, after = claims_in(first), claims_in(second)
    assert (after["iss"], after["sub"], after["aud"]) == (before["iss"], before["sub"], before["aud"])
    assert OAuthGrant.objects.get().generation == 2 and after["sub"] == OAuthGrant.objects.get().account_subject


def test_the_next_sign_in_takes_the_place_of_the_one_before(
    cast: Cast, client: Client, provider: IdentityProvider
) -> None:
    renewed(cast, provider)
    sign_in(client, provider)
    first = OAuthGrant.objects.get()
    sign_in(Client(), provider)
    second = OAuthGrant.objects.get()
    assert second.pk == first.pk == SubjectToken.objects.get().grant_id
    assert second.generation > first.generation and second.granted_at > first.granted_at


def test_nobody_asks_for_it_where_nobody_wants_it(client: Client, provider: IdentityProvider) -> None:
    assert "offline_access" not in sign_in(client, provider)
    assert SubjectToken.objects.get().grant_id is None and not OAuthGrant.objects.exists()


def test_an_owner_says_so_on_the_providers_page(cast: Cast, client: Client, provider: IdentityProvider) -> None:
    client.force_login(cast.alice)
    page = reverse("sign_in:provider", args=[provider.pk])
    assert "Renew people’s sign-ins for servers that take them" in client.get(page).content.decode()
    fields = {"issuer": provider.issuer, "client_id": CLIENT, "scopes": "openid", "renews_sign_ins": "on"}
    client.post(reverse("sign_in:settings", args=[provider.pk]), fields)
    provider.refresh_from_db()
    assert provider.renews_sign_ins and provider.tested_at is None, "it is tried again before it is relied on"
