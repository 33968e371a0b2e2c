"""Adds, changes, switches and removes identity providers. Owners alone: who says who signs in decides everything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models.functions import Now

from audit.actor import Actor
from audit.record import record
from harriet.lib.egress import EgressFailed, EgressRefused, EgressTimeout, check_url, session
from harriet.lib.secret import Secret
from harriet.people.errors import PeopleError
from harriet.people.models import AssertedIdentity, Organization, SignInRule
from harriet.people.names import clean_name
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version
from harriet.signin.events import ProviderAdded, ProviderChanged, ProviderRemoved, ProviderSwitched
from harriet.signin.models import IdentityProvider, ProviderSession
from harriet.signin.oidc.discovery import SECONDS, discover
from harriet.signin.provider_queries import reach_of_provider
from harriet.signin.saml.document import LARGEST_BYTES
from harriet.signin.saml.metadata import read_metadata
from harriet.signin.sso_sealing import seal_secret

LAST_WAY = "Single sign-on is required, and this is the only provider that is on. Stop requiring it first."


@dataclass(frozen=True, slots=True)
class ClaimNames:
    """Where the provider puts what, and what follows from it."""

    email_claim: str = "email"
    name_claim: str = "name"
    employee_claim: str = ""
    groups_claim: str = "groups"
    makes_accounts: bool = False
    logout_stops_clients: bool = False


def add_provider(organization: Organization, kind: str, name: str, *, actor: Actor) -> IdentityProvider:
    """Off and without settings: its addresses are known from now on, and the provider asks for them. Raises PeopleError
    or NotAllowed."""
    demand(actor, organization, Power.MANAGE_ORGANIZATION)
    if kind not in IdentityProvider.Kind.values:
        raise PeopleError("Choose OpenID Connect or SAML.", field="kind")
    name = clean_name(name, longest=80)
    if IdentityProvider.objects.filter(organization=organization, name__iexact=name).exists():
        raise PeopleError("There is a provider with this name already.", field="name")
    with transaction.atomic():
        provider = IdentityProvider.objects.create(organization=organization, kind=kind, name=name)
        event = ProviderAdded(provider=name, kind=provider.get_kind_display())
        record(event, organization_id=organization.pk, actor=actor)
    return provider


def save_oidc(
    provider: IdentityProvider, issuer: str, client_id: str, secret: Secret | None, scopes: str, *, actor: Actor
) -> IdentityProvider:
    """Asks the provider what it publishes. Without `secret` the one that is kept stays. Raises PeopleError."""
    demand(actor, provider.organization, Power.MANAGE_ORGANIZATION)
    issuer, client_id = issuer.strip(), client_id.strip()
    if not client_id:
        raise PeopleError("Give the client id that the provider made for Harriet.", field="client_id")
    found = discover(issuer, reach_of_provider(provider.organization))
    change: dict[str, Any] = {
        "issuer": issuer,
        "client_id": client_id,
        "scopes": " ".join(scopes.split())[:300] or "openid email profile",
        "endpoints": dict(found.endpoints),
        "keys": dict(found.keys),
    }
    if secret is not None and secret:
        change["sealed_secret"] = seal_secret(secret.reveal(), provider.pk)
    return _save(provider, change, actor)


def save_saml(provider: IdentityProvider, metadata: str, *, actor: Actor) -> IdentityProvider:
    """`metadata` is the XML itself, or the address where it stands. Raises PeopleError."""
    demand(actor, provider.organization, Power.MANAGE_ORGANIZATION)
    text = metadata.strip()
    xml = _fetched(provider, text) if text.startswith(("https://", "http://")) else text.encode()
    found = read_metadata(xml)
    try:
        check_url(found.sso_url, reach_of_provider(provider.organization))
    except EgressRefused as problem:
        raise PeopleError(f"The address for sign-ins in it can’t be used. {problem}", field="metadata") from None
    change = {
        "issuer": found.entity_id,
        "endpoints": {"sso": found.sso_url},
        "keys": {"certificates": list(found.certificates)},
    }
    return _save(provider, change, actor)


def _fetched(provider: IdentityProvider, address: str) -> bytes:
    try:
        reach = reach_of_provider(provider.organization)
        answer = session(reach, deadline=SECONDS, max_bytes=LARGEST_BYTES).get(address)
    except (EgressRefused, EgressFailed, EgressTimeout) as problem:
        raise PeopleError(f"The metadata could not be fetched. {problem}", field="metadata") from None
    if answer.status_code != 200:
        raise PeopleError(
            f"The address answered with {answer.status_code}, not with metadata. Paste the XML.",
            field="metadata",
        )
    return answer.content


def save_claims(provider: IdentityProvider, names: ClaimNames, *, actor: Actor) -> IdentityProvider:
    """Raises PeopleError or NotAllowed."""
    demand(actor, provider.organization, Power.MANAGE_ORGANIZATION)
    if not names.email_claim.strip():
        raise PeopleError("People are known by their address at first: say which claim has it.", field="email_claim")
    fields = ("email_claim", "name_claim", "employee_claim", "groups_claim")
    change: dict[str, Any] = {field: getattr(names, field).strip()[:200] for field in fields}
    change |= {"makes_accounts": names.makes_accounts, "logout_stops_clients": names.logout_stops_clients}
    return _save(provider, change, actor, is_read=False)


_WORDS = {
    "issuer": "issuer",
    "client_id": "client id",
    "sealed_secret": "client secret",
    "scopes": "scopes",
    "endpoints": "addresses",
    "keys": "keys",
    "email_claim": "claim for the e-mail address",
    "name_claim": "claim for the name",
    "employee_claim": "claim for the employee id",
    "groups_claim": "claim for the groups",
    "makes_accounts": "whether accounts are made",
    "logout_stops_clients": "whether signing out there stops clients",
}


def _save(
    provider: IdentityProvider, change: Mapping[str, Any], actor: Actor, is_read: bool = True
) -> IdentityProvider:
    """What changed has to be tried again before it is said to be tested."""
    with transaction.atomic():
        locked = IdentityProvider.objects.select_for_update(of=["self"]).select_related("organization")
        provider = locked.get(pk=provider.pk)
        changed = [name for name, value in change.items() if _plain(getattr(provider, name)) != _plain(value)]
        for name, value in change.items():
            setattr(provider, name, value)
        if is_read:
            provider.read_at = Now()
        if changed:
            provider.tested_at = None
        provider.save()
        if changed:
            words = ", ".join(_WORDS[name] for name in changed)
            event = ProviderChanged(provider=provider.name, change=words)
            record(event, organization_id=provider.organization_id, actor=actor)
    provider.refresh_from_db()
    return provider


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value


def switch_provider(provider: IdentityProvider, is_on: bool, *, actor: Actor) -> None:
    """When it goes off, whoever is signed in by it is signed out. Raises PeopleError or NotAllowed."""
    demand(actor, provider.organization, Power.MANAGE_ORGANIZATION)
    if is_on and not provider.endpoints:
        raise PeopleError("Save the provider’s settings first.")
    with transaction.atomic():
        if not is_on:
            _check_another_way(provider)
            _end_sessions(provider)
        if IdentityProvider.objects.filter(pk=provider.pk, is_active=not is_on).update(is_active=is_on):
            event = ProviderSwitched(provider=provider.name, state="on" if is_on else "off")
            record(event, organization_id=provider.organization_id, actor=actor)


def remove_provider(provider: IdentityProvider, *, actor: Actor) -> int:
    """How many people are local accounts again. Raises PeopleError or NotAllowed."""
    demand(actor, provider.organization, Power.MANAGE_ORGANIZATION)
    with transaction.atomic():
        _check_another_way(provider)
        _end_sessions(provider)
        count, _ = AssertedIdentity.objects.filter(provider_id=provider.pk).delete()
        name, organization_id = provider.name, provider.organization_id
        IdentityProvider.objects.filter(pk=provider.pk).delete()
        move_version(organization_id)
        record(ProviderRemoved(provider=name, count=count), organization_id=organization_id, actor=actor)
    return count


def _check_another_way(provider: IdentityProvider) -> None:
    """Locks the rule, so that it is not set meanwhile."""
    rule = SignInRule.objects.select_for_update().filter(organization=provider.organization_id).first()
    others = IdentityProvider.objects.filter(organization=provider.organization_id, is_active=True)
    if rule is not None and rule.is_enforced and not others.exclude(pk=provider.pk).exists():
        raise PeopleError(LAST_WAY)


def _end_sessions(provider: IdentityProvider) -> None:
    keys = ProviderSession.objects.filter(provider=provider).values("session_id")
    Session.objects.filter(pk__in=keys).delete()


def note_tested(provider: IdentityProvider) -> None:
    """A test sign-in came through with the settings as they are. No audit event: nothing changed."""
    IdentityProvider.objects.filter(pk=provider.pk).update(tested_at=Now())
