"""Adds and changes identity providers. Owners alone: who says who signs in decides everything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from audit.actor import Actor
from audit.record import record
from harriet.lib.egress import EgressFailed, EgressRefused, EgressTimeout, check_url, session
from harriet.lib.secret import Secret
from harriet.people.actions.settle_matter import settle_matters
from harriet.people.errors import PeopleError
from harriet.people.models import Organization
from harriet.people.names import clean_name
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.signin.actions.forget_subjects import forget_subjects_of
from harriet.signin.actions.let_people_go import know_people_anew
from harriet.signin.actions.remind_of_certificates import key_of as certificates_told_as
from harriet.signin.events import ProviderAdded, ProviderChanged
from harriet.signin.models import IdentityProvider
from harriet.signin.oidc.discovery import SECONDS, discover
from harriet.signin.provider_client import provider_client
from harriet.signin.provider_queries import reach_of_provider
from harriet.signin.saml.document import LARGEST_BYTES
from harriet.signin.saml.metadata import read_metadata
from harriet.signin.sso_sealing import seal_secret
from vault.actions.keep_sign_in import client_for_sign_ins, save_client_for_sign_ins


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
    provider: IdentityProvider,
    issuer: str,
    client_id: str,
    secret: Secret | None,
    scopes: str,
    *,
    renews_sign_ins: bool = False,
    actor: Actor,
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
        "renews_sign_ins": renews_sign_ins,
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
    "renews_sign_ins": "whether sign-ins are renewed",
}
_WHOSE_SIGN_INS = frozenset({"issuer", "client_id", "renews_sign_ins"})
"""With another one of these, nothing that was kept of a sign-in goes on."""


def _save(
    provider: IdentityProvider, change: Mapping[str, Any], actor: Actor, is_read: bool = True
) -> IdentityProvider:
    """What changed has to be tried again before it is said to be tested. Another issuer has its own names for people:
    whoever was known by the one before comes by their address once more."""
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
        if "keys" in changed:
            settle_matters(provider.organization_id, certificates_told_as(provider))
        if "issuer" in changed:
            know_people_anew(provider, actor=actor)
        if changed:
            words = ", ".join(_WORDS[name] for name in changed)
            event = ProviderChanged(provider=provider.name, change=words)
            record(event, organization_id=provider.organization_id, actor=actor)
            _follow_sign_ins(provider, set(changed), actor)
    provider.refresh_from_db()
    return provider


def _follow_sign_ins(provider: IdentityProvider, changed: set[str], actor: Actor) -> None:
    if changed & _WHOSE_SIGN_INS:
        forget_subjects_of(provider, actor=actor)
    elif provider.kind == IdentityProvider.Kind.OIDC and provider.renews_sign_ins:
        ours = provider_client(provider)
        if client_for_sign_ins(provider.organization, ours) is not None:
            save_client_for_sign_ins(provider.organization, ours, actor=actor)


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value


def note_tested(provider: IdentityProvider) -> None:
    """A test sign-in came through with the settings as they are. No audit event: nothing changed."""
    IdentityProvider.objects.filter(pk=provider.pk).update(tested_at=Now())
