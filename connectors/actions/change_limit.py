"""Change how many calls a limit lets through, or what happens beyond it."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from connectors.actions.add_limit import checked_numbers, labels_of
from connectors.errors import ConnectorError
from connectors.events import LimitChanged
from connectors.limit_words import limit_words
from connectors.models import AtLimit, CallLimit
from harriet.people.models import Organization
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version

_CHANGED = ["per_minute", "per_day", "at_limit"]


@transaction.atomic
def change_limit(limit: CallLimit, *, per_minute: int | None, per_day: int | None, at_limit: str, actor: Actor) -> bool:
    """False when it was so already. What was counted so far counts against the new numbers. Raises ConnectorError for
    one that is gone, or that there is already."""
    demand(actor, limit.organization, Power.MANAGE_CONNECTORS)
    numbers = checked_numbers(per_minute, per_day)
    _hold(limit)
    before = limit_words(limit)
    if (limit.per_minute, limit.per_day, limit.at_limit) == (per_minute, per_day, at_limit):
        return False
    same = CallLimit.objects.filter(organization=limit.organization_id, kind=limit.kind, counts=limit.counts)
    if same.filter(at_limit=at_limit, **{limit.kind: limit.subject}).exclude(pk=limit.pk).exists():
        raise ConnectorError(
            "There is such a limit already. Change that one, or remove one of the two.", field="at_limit"
        )
    for name, value in (*numbers.items(), ("at_limit", AtLimit(at_limit).value)):
        setattr(limit, name, value)
    limit.save(update_fields=_CHANGED)
    event = LimitChanged(limit=limit_words(limit), before=before, **labels_of(limit))
    record(event, organization_id=limit.organization_id, actor=actor)
    move_version(limit.organization_id)
    return True


def _hold(limit: CallLimit) -> None:
    """As it is now. Whoever adds one, or changes another into the same, waits."""
    Organization.objects.select_for_update(no_key=True).get(pk=limit.organization_id)
    try:
        limit.refresh_from_db(fields=_CHANGED, from_queryset=CallLimit.objects.select_for_update())
    except CallLimit.DoesNotExist:
        raise ConnectorError("This limit was removed in the meantime.") from None
