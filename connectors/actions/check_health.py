"""Ask the servers that were not heard of lately whether they answer, and write down what changed."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Now

from connectors.actions.record_health import health_after, record_health
from connectors.inspect.check import check_all
from connectors.inspect.opened import signs_in_people
from connectors.models import Connector
from connectors.transports.base import Discovery
from harriet.lib.errors import Problem

BETWEEN_CHECKS = timedelta(seconds=25)


def check_health() -> dict[UUID, str]:
    """The health of each connector that was asked. One that is paused by an admin is left alone."""
    mine = _claim()
    answers = check_all(mine) if mine else {}
    for connector in mine:
        if connector.id not in answers:
            continue  # its address was changed at this moment: the next check asks there
        health, reason = _meaning(connector, answers[connector.id])
        record_health(connector, health, reason)
    return {connector.id: connector.health for connector in mine}


def _meaning(connector: Connector, answer: Exception | Discovery) -> tuple[str, str]:
    """A server that answers is up, whatever it says; a fault in what it said is a matter of the sync. One where people
    sign in refuses whoever comes without an account."""
    if isinstance(answer, Problem):
        health = health_after(answer)
        if health == Connector.Health.NEEDS_ADMIN and signs_in_people(connector):
            return Connector.Health.UP, ""
        return (health, answer.message) if health else (Connector.Health.UP, "")
    if isinstance(answer, Exception):
        raise answer
    return Connector.Health.UP, ""


def _claim() -> list[Connector]:
    """Those due, each taken by one worker only: whoever moves `checked_at` first."""
    due = Q(checked_at=None) | Q(checked_at__lt=Now() - BETWEEN_CHECKS)
    active = Connector.objects.filter(due, state=Connector.State.ACTIVE).select_related("organization", "owner")
    return [one for one in active if Connector.objects.filter(due, pk=one.pk).update(checked_at=Now())]
