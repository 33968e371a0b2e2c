"""Alice sets up where her people sign in, by the pages: the provider, what its groups mean, the domain."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import Event
from harriet.people.models import Membership, SignInRule
from harriet.signin.models import ClaimMapping, Domain, IdentityProvider
from harriet.signin.provider_queries import secret_of
from tests.stage.cast import Cast
from tests.stage.identity_provider import CLIENT, SECRET
from tests.stage.providers import reach
from tests.stage.saml import metadata, signer

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(cast: Cast, client: Client) -> Client:
    client.force_login(cast.alice)
    return client


def added(alice: Client, kind: str) -> IdentityProvider:
    page = alice.post(reverse("sign_in:new"), {"name": "Acme account", "kind": kind}, follow=True)
    provider = IdentityProvider.objects.get()
    text = page.content.decode()
    assert "What the provider has to know" in text
    assert f"/accounts/sso/{provider.pk}/" in text
    return provider


@pytest.mark.usefixtures("provider_in_reach")
def test_openid_connect(cast: Cast, alice: Client, issuer: str) -> None:
    provider = added(alice, "oidc")
    reach(cast.acme)
    to = reverse("sign_in:settings", args=[provider.pk])
    wrong = alice.post(to, {"issuer": f"{issuer}/other", "client_id": CLIENT, "secret": SECRET, "scopes": "openid"})
    assert wrong.status_code == 400
    page = alice.post(
        to, {"issuer": issuer, "client_id": CLIENT, "secret": SECRET, "scopes": "openid email"}, follow=True
    )
    assert "the provider answered" in page.content.decode()
    assert SECRET not in page.content.decode()
    provider.refresh_from_db()
    assert provider.endpoints["token_endpoint"].startswith(issuer)
    assert SECRET.encode() not in bytes(provider.sealed_secret or b"")
    alice.post(to, {"issuer": issuer, "client_id": CLIENT, "secret": "", "scopes": "openid email"})
    provider.refresh_from_db()
    kept = secret_of(provider)
    assert kept is not None
    assert kept.reveal() == SECRET
    assert not Event.objects.filter(body__contains=SECRET).exists()


def test_saml_and_what_follows(cast: Cast, alice: Client) -> None:
    provider = added(alice, "saml")
    to = reverse("sign_in:settings", args=[provider.pk])
    for wrong in ("<a/>", "no xml", "<!DOCTYPE a><a/>"):
        assert alice.post(to, {"metadata": wrong}).status_code == 400
    page = alice.post(to, {"metadata": metadata()}, follow=True)
    assert "Certificate ends" in page.content.decode()
    provider.refresh_from_db()
    assert provider.keys["certificates"] == [signer().certificate]
    claims = {"email_claim": "mail", "name_claim": "", "employee_claim": "id", "groups_claim": "groups"}
    alice.post(reverse("sign_in:claims", args=[provider.pk]), claims | {"makes_accounts": "on"})
    provider.refresh_from_db()
    assert (provider.email_claim, provider.makes_accounts) == ("mail", True)
    mapped = {"value": "sales-team", "group": str(cast.sales.pk), "role": ""}
    alice.post(reverse("sign_in:map", args=[provider.pk]), mapped)
    assert ClaimMapping.objects.get().group == cast.sales
    again = alice.post(reverse("sign_in:map", args=[provider.pk]), mapped)
    assert "mapped already" in again.content.decode()
    alice.post(reverse("sign_in:unmap", args=[provider.pk, ClaimMapping.objects.get().pk]))
    assert not ClaimMapping.objects.exists()
    alice.post(reverse("sign_in:switch", args=[provider.pk]), {"to": "on"})
    provider.refresh_from_db()
    assert provider.is_active
    assert Client().get(reverse("sso:metadata", args=[provider.pk])).content.startswith(b"<?xml")
    alice.post(reverse("sign_in:remove", args=[provider.pk]), {"confirmation": "Acme account"})
    assert not IdentityProvider.objects.exists()


def test_domain_and_rule(cast: Cast, alice: Client) -> None:
    alice.post(reverse("sign_in:add_domain"), {"name": "acme.test"})
    domain = Domain.objects.get()
    page = alice.get(reverse("sign_in:list")).content.decode()
    assert domain.proof in page
    assert "_harriet.acme.test" in page
    sent = {"session_hours": "4", "client_hours": "48", "break_glass": ""}
    assert alice.post(reverse("sign_in:rule"), sent | {"is_enforced": "on"}).status_code == 400
    alice.post(reverse("sign_in:rule"), sent)
    assert SignInRule.objects.get().session_hours == 4
    alice.post(reverse("sign_in:remove_domain", args=[domain.pk]))
    assert not Domain.objects.exists()
    person = Membership.objects.get(user=cast.dana)
    assert "a local account" in alice.get(reverse("people:detail", args=[person.pk])).content.decode()
