"""Reads of identity providers and domains, each within one organization; and by domain, before anybody is known."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import idna
from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from connectors.access.reach import reach_for
from harriet.lib.egress import Reach
from harriet.lib.secret import Secret
from harriet.people.errors import NotFound
from harriet.people.models import AssertedIdentity, Membership, Organization, SignInRule, User
from harriet.signin.claims import Names
from harriet.signin.mapping import Mapped
from harriet.signin.models import ClaimMapping, Domain, IdentityProvider
from harriet.signin.saml.metadata import expires_at
from harriet.signin.sso_sealing import open_secret


def providers_of(organization: Organization) -> QuerySet[IdentityProvider]:
    return IdentityProvider.objects.filter(organization=organization).order_by("name")


def provider_of(organization: Organization, pk: UUID) -> IdentityProvider:
    """Raises NotFound."""
    found = providers_of(organization).select_related("organization").filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such identity provider here.")
    return found


def active_provider(pk: UUID) -> IdentityProvider | None:
    """Whoever comes is not known yet, so neither is the organization."""
    return IdentityProvider.objects.select_related("organization").filter(pk=pk, is_active=True).first()


def any_provider(pk: UUID) -> IdentityProvider | None:
    """Also one that is off: an owner tries it before."""
    return IdentityProvider.objects.select_related("organization").filter(pk=pk).first()


def has_active_provider() -> bool:
    return IdentityProvider.objects.filter(is_active=True).exists()


def providers_for_email(email: str) -> list[IdentityProvider]:
    """Of the organization that has verified the domain of the address; nothing is said about who has an account."""
    domain = domain_of(email)
    owner = Domain.objects.filter(name=domain, verified_at__isnull=False).values("organization_id")
    found = IdentityProvider.objects.filter(organization__in=owner, is_active=True)
    return list(found.select_related("organization").order_by("name"))


def active_providers_in(organization_ids: list[UUID]) -> list[IdentityProvider]:
    found = IdentityProvider.objects.filter(organization__in=organization_ids, is_active=True)
    return list(found.select_related("organization").order_by("organization__name", "name"))


def exchangeable_providers(organization_id: UUID) -> list[IdentityProvider]:
    """Whose word about people servers can be given in exchange: OpenID Connect has one that is good by itself."""
    found = IdentityProvider.objects.filter(organization=organization_id, is_active=True)
    return list(found.filter(kind=IdentityProvider.Kind.OIDC).order_by("name"))


def domain_of(email: str) -> str:
    """As domains are kept here: in lower case, and as the DNS spells them."""
    domain = email.rpartition("@")[2].strip().lower()
    try:
        return domain if domain.isascii() else idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        return domain


def domains_of(organization: Organization) -> QuerySet[Domain]:
    return Domain.objects.filter(organization=organization).order_by("name")


def is_verified(organization: Organization, email: str) -> bool:
    return domains_of(organization).filter(name=domain_of(email), verified_at__isnull=False).exists()


def rule_of(organization: Organization) -> SignInRule:
    """The one that was set; otherwise as it is without."""
    found = SignInRule.objects.select_related("break_glass").filter(organization=organization).first()
    return found or SignInRule(organization=organization)


def mappings_of(provider: IdentityProvider) -> QuerySet[ClaimMapping]:
    return ClaimMapping.objects.filter(provider=provider).select_related("group").order_by("value")


def mapped_of(provider: IdentityProvider) -> list[Mapped]:
    rows = ClaimMapping.objects.filter(provider=provider).values_list("value", "group_id", "role")
    return [Mapped(*row) for row in rows]


def names_of_claims(provider: IdentityProvider) -> Names:
    return Names(provider.email_claim, provider.name_claim, provider.employee_claim, provider.groups_claim)


def secret_of(provider: IdentityProvider) -> Secret | None:
    """Raises NotSealedHere."""
    sealed = provider.sealed_secret
    return Secret(open_secret(bytes(sealed), provider.pk)) if sealed is not None else None


def reach_of_provider(organization: Organization) -> Reach:
    """The internet, and what the organization allows of its own network: many providers run there."""
    return reach_for(True, organization.internal_hosts)


def only_by_provider(user: User) -> Organization | None:
    """The organization to which somebody is sent whom nothing but single sign-on lets in anywhere."""
    required = must_come_by_provider(user)
    others = Membership.objects.filter(user=user, is_active=True).exclude(organization__in=required)
    return required[0] if required and not user.is_superuser and not others.exists() else None


def is_needed_factor(authenticator: Authenticator) -> bool:
    """Whether it is the last one of an owner who gets in without single sign-on."""
    is_named = SignInRule.objects.filter(is_enforced=True, break_glass=authenticator.user_id).exists()
    return is_named and not factors_of(authenticator.user_id).exclude(pk=authenticator.pk).exists()


def factors_of(user_id: UUID) -> QuerySet[Authenticator]:
    """Second factors; recovery codes only stand in for one."""
    kinds = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
    found: QuerySet[Authenticator] = Authenticator.objects.filter(user_id=user_id, type__in=kinds)
    return found


def must_come_by_provider(user: User) -> list[Organization]:
    """Organizations of this person that let nobody in without single sign-on; empty for who may do without."""
    required = SignInRule.objects.filter(is_enforced=True).exclude(break_glass=user).values("organization_id")
    found = Membership.objects.filter(user=user, is_active=True, organization__in=required)
    return [membership.organization for membership in found.select_related("organization")]


class Known(NamedTuple):
    """How many people a provider has asserted, and what would become of them without it."""

    people: int
    without_own: int
    """Those who have no password and no passkey here."""
    waiting: int
    """Those whose clients wait for a sign-in through it."""


def known_by(provider: IdentityProvider) -> Known:
    here = AssertedIdentity.objects.filter(
        provider_id=provider.pk, membership__organization=provider.organization_id, membership__is_active=True
    )
    has_none = Q(membership__user__password="") | Q(membership__user__password__startswith=UNUSABLE_PASSWORD_PREFIX)
    rk = {"data__credential__clientExtensionResults__credProps__rk": True}
    passkey = Authenticator.objects.filter(user=OuterRef("membership__user"), type=Authenticator.Type.WEBAUTHN, **rk)
    counted = here.aggregate(
        people=Count("pk"),
        without_own=Count("pk", filter=has_none & ~Q(Exists(passkey))),
        waiting=Count("pk", filter=Q(lapsed_at__isnull=False)),
    )
    return Known(**counted)


def certificate_dates(provider: IdentityProvider) -> list[datetime]:
    """When each of a SAML provider's certificates ends."""
    return [expires_at(pem) for pem in provider.keys.get("certificates", [])]
