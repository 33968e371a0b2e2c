"""Write down how a server is: up, down, or refusing the organization's credential. Only a change is an event."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Case, F, PositiveIntegerField, Q, When
from django.db.models.functions import Now

from audit.actor import SYSTEM, Actor
from audit.record import record_each
from connectors.actions.tell_of_outages import OVER_AFTER, tell_end_of_outage, tell_of_outage
from connectors.audit_labels import connector_label
from connectors.errors import UpstreamBusy, UpstreamDown, UpstreamRefusedCredential, UpstreamTimeout
from connectors.events import ConnectorHealthChanged
from connectors.inspect.opened import signs_in_people
from connectors.models import TROUBLES, Connector
from harriet.lib.errors import Problem
from harriet.people.version import move_version

COUNT = PositiveIntegerField()
LONGEST_REASON = 300
"""Characters."""
_TROUBLE = ("trouble_told_at", "trouble_since", "troubles")


class Found(NamedTuple):
    """How a server was found. The connector is read with its organization and owner."""

    connector: Connector
    health: str
    reason: str


@transaction.atomic
def record_health(connector: Connector, health: str, reason: str, *, actor: Actor = SYSTEM) -> bool:
    """True when it changed; then every gateway hears of it. Calls to a server that is down pause."""
    before = Connector.objects.select_for_update(no_key=True).filter(pk=connector.pk).exclude(health=health).first()
    if before is None:
        Connector.objects.filter(pk=connector.pk).update(health_reason=reason[:LONGEST_REASON], checked_at=Now())
        return False
    _change([(before, Found(connector, health, reason))], actor)
    return True


def record_health_of(found: Iterable[Found]) -> None:
    """The same of many, which were asked just now: mostly nothing changed, and one look at the rows says so."""
    known = {one.connector.pk: one for one in found}
    rows = Connector.objects.filter(pk__in=known).values_list("pk", "organization_id", "health", "health_reason")
    changed: defaultdict[UUID, list[Found]] = defaultdict(list)
    reasons: defaultdict[tuple[str, str], list[UUID]] = defaultdict(list)
    for pk, organization_id, health, reason in rows:
        now = known[pk]
        if health != now.health:
            changed[organization_id].append(now)
        elif reason != now.reason[:LONGEST_REASON]:
            reasons[now.health, now.reason[:LONGEST_REASON]].append(pk)
    for (health, reason), ids in reasons.items():
        Connector.objects.filter(pk__in=ids, health=health).update(health_reason=reason)
    for some in changed.values():
        _record_changed({one.connector.pk: one for one in some})


@transaction.atomic
def _record_changed(found: Mapping[UUID, Found]) -> None:
    """Of one organization. What somebody else holds is being changed, and asked for again soon."""
    rows = Connector.objects.select_for_update(no_key=True, skip_locked=True).filter(pk__in=found).order_by("pk")
    before = [(row, found[row.pk]) for row in rows if row.health != found[row.pk].health]
    if before:
        _change(before, SYSTEM)


def _change(changes: Sequence[tuple[Connector, Found]], actor: Actor) -> None:
    """`changes` are rows of one organization that are locked, as they were before, each with what was found."""
    alike: defaultdict[tuple[str, str], list[Found]] = defaultdict(list)
    for _, found in changes:
        alike[found.health, found.reason[:LONGEST_REASON]].append(found)
    for (health, reason), some in alike.items():
        new = {"health": health, "health_reason": reason, "health_changed_at": Now(), "checked_at": Now()}
        rows = Connector.objects.filter(pk__in=[found.connector.pk for found in some])
        rows.update(**new | _trouble(health))
    _refresh([found.connector for _, found in changes])
    _record([found.connector for before, found in changes if not _is_first_sight(before, found)], actor)
    for before, found in changes:
        _tell(found.connector, before)
    move_version(changes[0][0].organization_id)


def _refresh(connectors: Iterable[Connector]) -> None:
    """What callers hold says what the rows say."""
    mine = {connector.pk: connector for connector in connectors}
    fields = ("health", "health_reason", "health_changed_at", "checked_at", *_TROUBLE)
    for row in Connector.objects.filter(pk__in=mine).only(*fields):
        for field in fields:
            setattr(mine[row.pk], field, getattr(row, field))


def _is_first_sight(before: Connector, found: Found) -> bool:
    """That a new server answers is no news."""
    return (before.health, found.health) == (Connector.Health.UNKNOWN, Connector.Health.UP)


def _trouble(health: str) -> dict[str, Any]:
    """A server that worked for a while before has a new trouble; otherwise it is still the last one."""
    if health not in TROUBLES:
        return {"trouble_told_at": None}
    is_new = Q(trouble_since=None) | Q(health=Connector.Health.UP, health_changed_at__lt=Now() - OVER_AFTER)
    return {
        "trouble_told_at": None,
        "trouble_since": Case(When(is_new, then=Now()), default=F("trouble_since")),
        "troubles": Case(When(is_new, then=F("troubles") + 1), default=F("troubles"), output_field=COUNT),
    }


def health_after(problem: Problem) -> str | None:
    """The health that an error means; None when it says nothing about the server."""
    if isinstance(problem, UpstreamRefusedCredential):
        return Connector.Health.NEEDS_ADMIN
    if isinstance(problem, (UpstreamDown, UpstreamTimeout)) and not isinstance(problem, UpstreamBusy):
        return Connector.Health.DOWN
    return None


def record_failure(connector: Connector, problem: Problem, *, actor: Actor = SYSTEM) -> None:
    """Writes down the health that an error of the transport means, when it means one. A server that refuses somebody's
    own account works."""
    health = health_after(problem)
    if health == Connector.Health.NEEDS_ADMIN and signs_in_people(connector):
        health, problem = Connector.Health.UP, Problem("")
    if health is not None:
        record_health(connector, health, problem.message, actor=actor)


def _record(connectors: Sequence[Connector], actor: Actor) -> None:
    happened = [
        ConnectorHealthChanged(
            connector=connector_label(connector), health=connector.get_health_display(), reason=connector.health_reason
        )
        for connector in connectors
    ]
    if happened:
        record_each(happened, organization_id=connectors[0].organization_id, actor=actor)


def _tell(connector: Connector, before: Connector) -> None:
    """A server that is down is given some minutes; a credential that it refuses needs somebody at once."""
    if connector.health_changed_at:
        tell_end_of_outage(before, connector.health, connector.health_changed_at)
    if connector.health == Connector.Health.NEEDS_ADMIN:
        tell_of_outage(connector)
