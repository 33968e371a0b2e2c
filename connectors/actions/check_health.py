"""Ask the servers that were not heard of lately whether they answer, and write down what changed.

Some hundred at a time, those first that were not asked for longest; what one turn does not come to, the next one does.
"""

from __future__ import annotations

import time
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from connectors.actions.record_health import Found, health_after, record_health_of
from connectors.inspect.check import check_all
from connectors.inspect.opened import that_sign_in_people
from connectors.models import Connector
from connectors.transports.base import Discovery
from harriet.lib.errors import Problem

BETWEEN_CHECKS = timedelta(seconds=25)
AT_ONCE = 200
"""Connectors that are read, asked and written down together."""
TURN_SECONDS = 20.0
"""After which no further ones are begun: the next turn comes soon."""


def check_health() -> dict[UUID, str]:
    """The health of each connector that was asked. One that is paused by an admin is left alone."""
    asked: dict[UUID, str] = {}
    ends_at = time.monotonic() + TURN_SECONDS
    while time.monotonic() < ends_at and (mine := _claim()):
        record_health_of(_found(mine))
        asked.update(Connector.objects.filter(pk__in=[one.pk for one in mine]).values_list("pk", "health"))
    return asked


def _found(mine: list[Connector]) -> list[Found]:
    """One whose address was changed at this moment has no answer: the next check asks there."""
    answers, signing_in = check_all(mine), that_sign_in_people(connector.pk for connector in mine)
    return [
        Found(connector, *_meaning(answers[connector.pk], connector.pk in signing_in))
        for connector in mine
        if connector.pk in answers
    ]


def _meaning(answer: Exception | Discovery, signs_in_people: bool) -> tuple[str, str]:
    """A server that answers is up, whatever it says; a fault in what it said is a matter of the sync. One where people
    sign in refuses whoever comes without an account."""
    if isinstance(answer, Problem):
        health = health_after(answer)
        if health == Connector.Health.NEEDS_ADMIN and signs_in_people:
            return Connector.Health.UP, ""
        return (health, answer.message) if health else (Connector.Health.UP, "")
    if isinstance(answer, Exception):
        raise answer
    return Connector.Health.UP, ""


@transaction.atomic
def _claim() -> list[Connector]:
    """Those due, each taken by one worker only: whoever moves `checked_at` first."""
    due = Q(checked_at=None) | Q(checked_at__lt=Now() - BETWEEN_CHECKS)
    active = Connector.objects.filter(due, state=Connector.State.ACTIVE).select_related("organization", "owner")
    oldest = active.order_by(F("checked_at").asc(nulls_first=True), "pk")
    mine = list(oldest.select_for_update(of=("self",), no_key=True, skip_locked=True)[:AT_ONCE])
    Connector.objects.filter(pk__in=[connector.pk for connector in mine]).update(checked_at=Now())
    return mine
