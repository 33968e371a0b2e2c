"""Set what is done about calls that repeat themselves, and about tools whose calls fail."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from connectors.errors import ConnectorError
from connectors.events import BreakersSet
from connectors.limits_kept import breakers_of
from connectors.models import AtLimit, Breakers, Tool
from harriet.lib.sentences import some_of
from harriet.people.models import Organization
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version

FEWEST_REPEATS, MOST_REPEATS = 3, 1000
LONGEST_SECONDS = 3600


@transaction.atomic
def set_breakers(
    organization: Organization,
    *,
    repeats: int,
    seconds: int,
    at_limit: str,
    may_repeat: Collection[Tool],
    stops_failing: bool,
    counts_reads: bool = False,
    actor: Actor,
) -> bool:
    """`repeats` is 0 for as many as anybody likes; of read-only tools it is counted when `counts_reads`. False when all
    of it was so already."""
    demand(actor, organization, Power.MANAGE_CONNECTORS)
    _check(organization, repeats, seconds, may_repeat)
    wanted = {
        "repeats": repeats,
        "seconds": seconds,
        "at_limit": AtLimit(at_limit),
        "stops_failing": stops_failing,
        "counts_reads": counts_reads,
    }
    Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
    kept = breakers_of(organization.pk)
    excepted = {tool.pk for tool in may_repeat}
    before = set(kept.may_repeat.values_list("pk", flat=True)) if kept.pk else set()
    if all(getattr(kept, name) == value for name, value in wanted.items()) and before == excepted:
        return False
    for name, value in wanted.items():
        setattr(kept, name, value)
    kept.organization = organization
    kept.save()
    kept.may_repeat.set(may_repeat)
    record(BreakersSet(changes=_words(kept, may_repeat)), organization_id=organization.pk, actor=actor)
    move_version(organization.pk)
    return True


def _check(organization: Organization, repeats: int, seconds: int, may_repeat: Collection[Tool]) -> None:
    if repeats and not FEWEST_REPEATS <= repeats <= MOST_REPEATS:
        few, most = FEWEST_REPEATS, MOST_REPEATS
        raise ConnectorError(f"Give a number from {few} to {most:,}, or 0 for as often as they like.", field="repeats")
    if not 1 <= seconds <= LONGEST_SECONDS:
        raise ConnectorError(f"Give a number of seconds from 1 to {LONGEST_SECONDS:,}.", field="seconds")
    if any(tool.organization_id != organization.pk for tool in may_repeat):
        raise ConnectorError("One of the tools is not here any more. Choose again.", field="may_repeat")


def _words(kept: Breakers, may_repeat: Collection[Tool]) -> str:
    beyond = "held for approval" if kept.at_limit == AtLimit.HOLD else "refused"
    repeated = f"the same call is {beyond} after {kept.repeats} times in {kept.seconds} seconds"
    excepted = some_of(sorted(str(tool) for tool in may_repeat), 10) if may_repeat else ""
    return ", ".join(
        part
        for part in (
            repeated if kept.repeats else "the same call may be repeated as often as anybody likes",
            "also of read-only tools" if kept.repeats and kept.counts_reads else "",
            f"but for {excepted}" if excepted else "",
            "calls of a tool that fails pause" if kept.stops_failing else "calls of a tool that fails go on",
        )
        if part
    )
