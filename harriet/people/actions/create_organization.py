"""Creates an organization, without a data key: signin's found_organization adds that."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from audit.actor import Actor
from audit.record import record
from harriet.people.errors import NotAllowed, PeopleError
from harriet.people.events import OrganizationCreated
from harriet.people.models import Organization
from harriet.people.names import clean_name, clean_slug, slug_from
from harriet.people.version import move_version


def create_organization(slug: str, name: str, *, actor: Actor) -> Organization:
    """An empty slug is made from the name. Only the system founds organizations: set-up link, commands."""
    if actor.kind != "system":
        raise NotAllowed("Organizations are created on the machine that runs Harriet.")
    name = clean_name(name, field="organization_name")
    slug = clean_slug(slug) if slug else free_slug(name)
    with transaction.atomic():
        organization = _insert(slug, name)
        move_version(organization.pk)
        record(OrganizationCreated(organization=name, slug=slug), organization_id=organization.pk, actor=actor)
    return organization


def free_slug(name: str) -> str:
    """A short name from the name, which no organization has."""
    base = slug_from(name, fallback="organization", longest=45)
    taken = set(Organization.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    return next(slug for slug in (base, *(f"{base}-{n}" for n in range(2, 10_000))) if slug not in taken)


def _insert(slug: str, name: str) -> Organization:
    try:
        with transaction.atomic():
            return Organization.objects.create(slug=slug, name=name)
    except IntegrityError:
        raise PeopleError(
            f"There is already an organization called {slug}. Choose another name.", field="slug"
        ) from None
