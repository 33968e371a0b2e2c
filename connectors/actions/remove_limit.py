"""Take a limit away, with what was counted against it."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from connectors.actions.add_limit import labels_of
from connectors.events import LimitRemoved
from connectors.limit_words import limit_words
from connectors.models import CallLimit
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version


@transaction.atomic
def remove_limit(limit: CallLimit, *, actor: Actor) -> None:
    demand(actor, limit.organization, Power.MANAGE_CONNECTORS)
    event = LimitRemoved(limit=limit_words(limit), **labels_of(limit))
    if CallLimit.objects.filter(pk=limit.pk).delete()[0]:
        record(event, organization_id=limit.organization_id, actor=actor)
        move_version(limit.organization_id)
