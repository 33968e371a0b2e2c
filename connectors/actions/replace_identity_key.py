"""Makes another key for the tokens that say who calls: because the one before may be known, or can't be opened."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from connectors.errors import ConnectorError
from connectors.events import IdentityKeyReplaced
from connectors.identity_keys import published_keys
from connectors.identity_tokens import new_private_key, public_key, seal_key
from connectors.models import IdentityKey
from harriet.lib.ids import new_id
from harriet.people.models import Organization
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version


def replace_identity_key(organization: Organization, *, actor: Actor) -> IdentityKey:
    """It signs at once; the one before signs nothing from then on, and stays published for what it has signed. Raises
    NotAllowed, or ConnectorError while no connector has needed a key."""
    demand(actor, organization, Power.MANAGE_ORGANIZATION)
    with transaction.atomic():
        mine = IdentityKey.objects.filter(organization=organization)
        before = mine.select_for_update().order_by("-created_at").first()
        if before is None:
            raise ConnectorError("No connector tells its server of who calls by a signed token, so there is no key.")
        mine.exclude(pk__in=[key.pk for key in published_keys(organization.pk)]).delete()
        mine.update(sealed=b"")
        made = make_identity_key(organization)
        record(IdentityKeyReplaced(key=made.kid, before=before.kid), organization_id=organization.pk, actor=actor)
        move_version(organization.pk)
    return made


def make_identity_key(organization: Organization) -> IdentityKey:
    """Inside the caller's transaction. Its public half is for servers to read."""
    kid, private = str(new_id()), new_private_key()
    return IdentityKey.objects.create(
        organization=organization, kid=kid, sealed=seal_key(private, kid), public=public_key(private, kid)
    )
