"""Identity providers and domains of an organization, as an owner leaves them when everything is set up."""

from __future__ import annotations

from typing import Any

import requests
from django.utils import timezone

from harriet.lib.secret import Secret
from harriet.people.models import Organization
from harriet.signin.actions.save_provider import (
    ClaimNames,
    add_provider,
    note_tested,
    save_claims,
    save_oidc,
    save_saml,
)
from harriet.signin.actions.switch_provider import switch_provider
from harriet.signin.models import Domain, IdentityProvider
from tests.stage.cast import Cast
from tests.stage.identity_provider import CLIENT, SECRET


def reach(organization: Organization) -> None:
    Organization.objects.filter(pk=organization.pk).update(internal_hosts=["127.0.0.1"])
    organization.refresh_from_db()


def verified(organization: Organization, name: str = "acme.test") -> Domain:
    return Domain.objects.create(organization=organization, name=name, proof="x", verified_at=timezone.now())


def oidc_provider(cast: Cast, issuer: str) -> IdentityProvider:
    reach(cast.acme)
    actor = cast.actor(cast.alice)
    provider = add_provider(cast.acme, "oidc", "Acme account", actor=actor)
    provider = save_oidc(provider, issuer, CLIENT, Secret(SECRET), "openid email profile", actor=actor)
    return _on(provider, actor)


def saml_provider(cast: Cast, issuer: str) -> IdentityProvider:
    reach(cast.acme)
    actor = cast.actor(cast.alice)
    provider = add_provider(cast.acme, "saml", "Acme SAML", actor=actor)
    xml = requests.get(f"{issuer}/saml/metadata", timeout=30).text
    return _on(save_saml(provider, xml, actor=actor), actor)


def _on(provider: IdentityProvider, actor: Any) -> IdentityProvider:
    save_claims(provider, ClaimNames(makes_accounts=True), actor=actor)
    note_tested(provider)
    switch_provider(provider, True, actor=actor)
    provider.refresh_from_db()
    return provider
