"""Says whose word about people and workloads opens profiles, changes what is taken of it, and ends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from audit.actor import Actor, Label
from audit.record import record
from connectors.access.scopes import in_order
from connectors.models import Profile
from harriet.lib.egress import EgressRefused, Reach, check_url
from harriet.people.actors import person_behind
from harriet.people.errors import NotFound, PeopleError
from harriet.people.models import Organization
from harriet.people.names import clean_name
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version
from harriet.signin.actions.bind_workload import end_workload_tokens
from harriet.signin.actions.end_connected_app import end_apps
from harriet.signin.actions.tell_of_waiting_profile import settle_waiting_profile
from harriet.signin.events import IssuerChanged, IssuerEnded, IssuerProfileApproved, IssuerTrusted
from harriet.signin.models import ConnectedApp, TrustedIssuer, TrustedProfile
from harriet.signin.protocol.addresses import issuer_of
from harriet.signin.protocol.id_jag import usable_keys

MOST = 50
MOST_CLIENTS = 20
SHORTEST, LONGEST = 30, 3600
_VENDORS = ("claude.ai", "claude.com", "anthropic.com", "openai.com", "chatgpt.com", "accounts.google.com")
"""Whose one issuer speaks for all of their customers."""
_BINDING = ("issuer", "accepts_id_jag", "accepts_workloads", "tenant_claim", "tenant_value", "client_ids", "scopes")
"""What was opened by it ends when one of these is another."""


@dataclass(frozen=True, slots=True)
class Trust:
    """What is taken of an issuer, as an admin says it."""

    name: str
    issuer: str
    accepts_id_jag: bool
    keys_url: str
    keys: dict[str, Any]
    allow_internal: bool
    tenant_claim: str
    tenant_value: str
    client_ids: list[str]
    longest: int
    scopes: str
    accepts_workloads: bool = False

    def fields(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


def trust_issuer(organization: Organization, trust: Trust, *, actor: Actor) -> TrustedIssuer:
    """Raises NotAllowed or PeopleError."""
    demand(actor, organization, Power.MANAGE_ORGANIZATION)
    checked = _checked(organization, trust)
    with transaction.atomic():
        Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
        if TrustedIssuer.objects.filter(organization=organization).count() >= MOST:
            raise PeopleError(f"An organization has at most {MOST} trusted issuers. End one first.")
        made = TrustedIssuer(organization=organization, made_by=person_behind(actor), **checked)
        _save(made)
        record(IssuerTrusted(**_told(made)), organization_id=organization.pk, actor=actor)
    return made


def change_issuer(issuer: TrustedIssuer, trust: Trust, *, actor: Actor) -> int:
    """How many connected apps ended by it: what was opened holds only for what it was opened by. Raises NotAllowed or
    PeopleError."""
    demand(actor, issuer.organization, Power.MANAGE_ORGANIZATION)
    checked = _checked(issuer.organization, trust)
    with transaction.atomic():
        held = _held(issuer)
        before = {name: getattr(held, name) for name in checked}
        if checked == before:
            return 0
        for name, value in checked.items():
            setattr(held, name, value)
        held.changed_at = Now()
        _save(held)
        ended = _end_apps(held) if any(before[name] != checked[name] for name in _BINDING) else 0
        if before["scopes"] != checked["scopes"]:
            _forget_profiles(held)
        record(IssuerChanged(**_told(held), apps=ended), organization_id=held.organization_id, actor=actor)
    return ended


def end_issuer(issuer: TrustedIssuer, *, actor: Actor) -> int:
    """How many connected apps ended with it. Raises NotAllowed or NotFound."""
    demand(actor, issuer.organization, Power.MANAGE_ORGANIZATION)
    with transaction.atomic():
        held = _held(issuer)
        ended = _end_apps(held)
        _forget_profiles(held)
        said = IssuerEnded(name=held.name, issuer=held.issuer, apps=ended)
        held.delete()
        record(said, organization_id=issuer.organization_id, actor=actor)
    return ended


def approve_profile(pinned: TrustedProfile, *, actor: Actor) -> None:
    """Opens what waited there from the next assertion on. Raises NotAllowed or NotFound."""
    organization = pinned.issuer.organization
    demand(actor, organization, Power.MANAGE_ORGANIZATION)
    with transaction.atomic():
        issuer = _held(pinned.issuer)
        held = TrustedProfile.objects.select_for_update().filter(pk=pinned.pk).first()
        if held is None or not held.wanted:
            raise NotFound("Nothing waits there any more.")
        held.scopes, held.wanted = in_order({*held.scopes.split(), *held.wanted.split()}), ""
        held.save(update_fields=["scopes", "wanted"])
        settle_waiting_profile(held, organization.pk)
        name = Profile.objects.filter(pk=held.profile_id).values_list("name", flat=True).first()
        profile = Label(held.profile_id, name or "a deleted profile")
        said = IssuerProfileApproved(name=issuer.name, issuer=issuer.issuer, profile=profile, scopes=held.scopes)
        record(said, organization_id=organization.pk, actor=actor)


def _forget_profiles(issuer: TrustedIssuer) -> None:
    for pinned in TrustedProfile.objects.filter(issuer=issuer):
        settle_waiting_profile(pinned, issuer.organization_id)
        pinned.delete()


def _held(issuer: TrustedIssuer) -> TrustedIssuer:
    held = TrustedIssuer.objects.select_for_update().select_related("organization")
    found = held.filter(pk=issuer.pk).first()
    if found is None:
        raise NotFound("There is no such trusted issuer here.")
    return found


def _end_apps(issuer: TrustedIssuer) -> int:
    ended = len(end_apps(ConnectedApp.objects.filter(given_by=issuer), "issuer_ended"))
    end_workload_tokens(issuer.workloads.select_related("agent"))
    move_version(issuer.organization_id)
    return ended


def _save(issuer: TrustedIssuer) -> None:
    try:
        with transaction.atomic():
            issuer.save()
    except IntegrityError:
        raise PeopleError("This issuer is trusted already, with the same tenant.", field="issuer") from None
    issuer.refresh_from_db()


def _told(issuer: TrustedIssuer) -> dict[str, str]:
    return {
        "name": issuer.name,
        "issuer": issuer.issuer,
        "tenant": f"{issuer.tenant_claim} = {issuer.tenant_value}" if issuer.tenant_claim else "",
        "clients": " ".join(issuer.client_ids),
        "takes": " ".join(one for one in ("id_jag", "workloads") if getattr(issuer, f"accepts_{one}")),
        "scopes": issuer.scopes,
    }


def _checked(organization: Organization, trust: Trust) -> dict[str, Any]:
    """Raises PeopleError."""
    given = trust.fields()
    given["name"] = clean_name(trust.name)
    _check_issuer(organization, trust)
    _check_keys(organization, trust)
    if bool(trust.tenant_claim) != bool(trust.tenant_value):
        raise PeopleError("Give the tenant's claim and its value, or neither.", field="tenant_value")
    given["client_ids"] = clients = list(dict.fromkeys(one.strip() for one in trust.client_ids if one.strip()))
    least = 1 if trust.accepts_id_jag else 0
    if not least <= len(clients) <= MOST_CLIENTS or any(len(one) > 255 for one in clients):
        raise PeopleError(f"Name 1 to {MOST_CLIENTS} client ids, one a line.", field="client_ids")
    if not SHORTEST <= trust.longest <= LONGEST:
        raise PeopleError(f"Choose {SHORTEST} to {LONGEST} seconds.", field="longest")
    given["scopes"] = in_order(set(trust.scopes.split()))
    if not given["scopes"]:
        raise PeopleError("Tick at least one thing that its word may open.", field="scopes")
    return given


def _check_issuer(organization: Organization, trust: Trust) -> None:
    if any(not "!" <= character <= "~" for character in trust.issuer) or len(trust.issuer) > 500:
        raise PeopleError("Give the issuer as its assertions have it (iss), without blanks.", field="issuer")
    try:
        parts = urlsplit(trust.issuer)
        host = (parts.hostname or "").lower()
    except ValueError:
        host = ""
    if not host or parts.scheme not in {"https", "http"}:
        raise PeopleError("An issuer is a web address, such as https://acme.okta.com.", field="issuer")
    if trust.issuer == issuer_of(organization.slug):
        raise PeopleError("This is Harriet's own issuer.", field="issuer")
    if not trust.tenant_claim and any(host == one or host.endswith(f".{one}") for one in _VENDORS):
        raise PeopleError(
            f"{host} speaks for all of its customers. Give the claim that says which customer, and your own value of "
            "it: without it, anybody's people with the same e-mail address would be taken for yours.",
            field="tenant_claim",
        )


def _check_keys(organization: Organization, trust: Trust) -> None:
    if bool(trust.keys_url) == bool(trust.keys):
        raise PeopleError("Give the address of the issuer's keys, or paste them: one of the two.", field="keys_url")
    if trust.keys and not usable_keys(trust.keys):
        raise PeopleError("There is no public signing key in this that Harriet can use.", field="keys")
    if not trust.keys_url:
        return
    if not trust.keys_url.startswith("https://") and not trust.allow_internal:
        raise PeopleError("The address of the keys begins with https://.", field="keys_url")
    try:
        check_url(trust.keys_url, Reach(trust.allow_internal, tuple(organization.internal_hosts)))
    except EgressRefused as problem:
        raise PeopleError(problem.message, field="keys_url") from None
