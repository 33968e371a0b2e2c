"""Creates a group."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from audit.actor import Actor
from audit.record import record
from harriet.people.errors import PeopleError
from harriet.people.events import GroupCreated
from harriet.people.models import Group, Organization
from harriet.people.names import clean_name, clean_slug, slug_from
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version


def create_group(organization: Organization, slug: str, name: str, *, actor: Actor) -> Group:
    """An empty short name is made from the name."""
    demand(actor, organization, Power.MANAGE_PEOPLE)
    name = clean_name(name)
    slug = clean_slug(slug or slug_from(name, fallback="group"))
    with transaction.atomic():
        group = _insert(organization, slug, name)
        move_version(organization.pk)
        record(GroupCreated(group=name, slug=slug), organization_id=organization.pk, actor=actor)
    return group


def _insert(organization: Organization, slug: str, name: str) -> Group:
    try:
        with transaction.atomic():
            return Group.objects.create(organization=organization, slug=slug, name=name)
    except IntegrityError:
        raise PeopleError(f"There is already a group with the short name {slug}.", field="slug") from None
