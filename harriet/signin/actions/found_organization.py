"""Founds an organization that can keep secrets: the organization and its first data key, in one transaction."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from harriet.people.actions.create_organization import create_organization
from harriet.people.models import Organization
from vault.actions.create_data_key import create_data_key


def found_organization(slug: str, name: str, *, actor: Actor) -> Organization:
    """With the data key that seals its credentials. Raises PeopleError."""
    with transaction.atomic():
        organization = create_organization(slug, name, actor=actor)
        create_data_key(organization.pk, actor=actor)
    return organization
