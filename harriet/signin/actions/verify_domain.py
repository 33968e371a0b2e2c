"""Adds a domain of an organization, looks for its proof, removes it. A domain is verified by one organization alone."""

from __future__ import annotations

import re
import secrets

import idna
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from audit.actor import Actor
from audit.record import record
from harriet.lib.text import excerpt
from harriet.people.errors import PeopleError
from harriet.people.models import Organization
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version
from harriet.signin.domain_proof import PREFIX, Look, find_proof, usual_look
from harriet.signin.events import DomainAdded, DomainRemoved, DomainVerified
from harriet.signin.models import Domain

MOST_DOMAINS = 100
_NAME = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9][a-z0-9-]{0,61}[a-z0-9]")
_TAKEN = "Another organization of this Harriet has verified this domain."


def add_domain(organization: Organization, name: str, *, actor: Actor) -> Domain:
    """Raises PeopleError or NotAllowed."""
    demand(actor, organization, Power.MANAGE_ORGANIZATION)
    name = _clean(name)
    if Domain.objects.filter(organization=organization, name=name).exists():
        raise PeopleError("This domain is here already.", field="name")
    if Domain.objects.filter(organization=organization).count() >= MOST_DOMAINS:
        raise PeopleError(f"An organization has at most {MOST_DOMAINS} domains.", field="name")
    with transaction.atomic():
        proof = f"{PREFIX}{secrets.token_hex(16)}"
        domain = Domain.objects.create(organization=organization, name=name, proof=proof)
        record(DomainAdded(domain=name), organization_id=organization.pk, actor=actor)
    return domain


def _clean(name: str) -> str:
    text = name.strip().lower().rstrip(".").removeprefix("@")
    try:
        text = text if text.isascii() else idna.encode(text, uts46=True).decode()
    except idna.IDNAError:
        text = ""
    if not _NAME.fullmatch(text) or text.replace(".", "").isdigit():
        raise PeopleError("Give the domain of your e-mail addresses, such as example.com.", field="name")
    return text


def verify_domain(domain: Domain, *, actor: Actor, look: Look | None = None) -> Domain:
    """Looks now. Raises NotAllowed; a proof that is not there is noted as the domain's problem."""
    demand(actor, domain.organization, Power.MANAGE_ORGANIZATION)
    way = problem = ""
    try:
        way = find_proof(domain.name, domain.proof, look or usual_look())
    except LookupError as reason:
        problem = excerpt(str(reason), 300)
    try:
        with transaction.atomic():
            _note(domain, way, problem, actor)
    except IntegrityError:
        Domain.objects.filter(pk=domain.pk).update(checked_at=Now(), problem=_TAKEN)
    domain.refresh_from_db()
    return domain


def _note(domain: Domain, way: str, problem: str, actor: Actor) -> None:
    """A domain that was verified stays so when a later look finds nothing: an owner removes it."""
    Domain.objects.filter(pk=domain.pk).update(checked_at=Now(), problem=problem)
    if way and Domain.objects.filter(pk=domain.pk, verified_at=None).update(verified_at=Now()):
        record(DomainVerified(domain=domain.name, way=way), organization_id=domain.organization_id, actor=actor)
        move_version(domain.organization_id)


def remove_domain(domain: Domain, *, actor: Actor) -> None:
    """People who came by it stay. Raises NotAllowed."""
    demand(actor, domain.organization, Power.MANAGE_ORGANIZATION)
    with transaction.atomic():
        if Domain.objects.filter(pk=domain.pk).delete()[0]:
            record(DomainRemoved(domain=domain.name), organization_id=domain.organization_id, actor=actor)
            move_version(domain.organization_id)
