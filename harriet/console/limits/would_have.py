"""What a limit would have done to the last thirty days: by the counts of each day that are kept of callers, tools and
connectors. Of minutes and of devices none are kept, and that is said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Max, Q, QuerySet, Sum

from audit.models import INSTALLATION, CallUsage
from connectors.models import CallLimit, Risk, Tool, of_risk
from harriet.people.models import AccessToken, Agent, Membership, Organization

DAYS = 30
Kind, _Of = CallLimit.Kind, CallUsage.Of
_OF = {
    Kind.PERSON: (_Of.PERSON, "person_id"),
    Kind.AGENT: (_Of.PERSON, "person_id"),
    Kind.KEY: (_Of.PERSON, "person_id"),
    Kind.TOOL: (_Of.TOOL, "tool_id"),
    Kind.CONNECTOR: (_Of.CONNECTOR, "connector_id"),
}
"""By kind, whose rows count it, and the column that says whose each is."""
_PLURALS = {
    Kind.PERSON: "people",
    Kind.AGENT: "agents",
    Kind.KEY: "shared keys",
    Kind.TOOL: "tools",
    Kind.CONNECTOR: "connectors",
}


@dataclass(frozen=True, slots=True)
class Drafted:
    """A limit that there is, or that somebody thinks of."""

    organization: Organization
    kind: str
    subject_id: UUID | None
    """As the log names it: a person's account. None for each of the kind."""
    counts: str
    per_minute: int | None
    per_day: int | None


def would_have(draft: Drafted) -> list[str]:
    """In sentences."""
    said = []
    if draft.per_day:
        said.append(_by_day(draft, draft.per_day))
        if draft.counts == CallLimit.Counts.WRITES and draft.kind in _OF:
            said.append("Which calls may have changed something is told by the risk that their tools have today.")
    if draft.per_minute:
        said.append("How many calls come within a minute is not kept: what the limit a minute does, only time tells.")
    return said


def _by_day(draft: Drafted, per_day: int) -> str:
    if draft.kind not in _OF:
        return "How much each device calls is not kept: what the limit does, only time tells."
    beyond = Q(calls__gt=per_day)
    column = _OF[Kind(draft.kind)][1]
    found = _days(draft).aggregate(
        days=Count("since", distinct=True, filter=beyond),
        whose=Count(column, distinct=True, filter=beyond),
        most=Max("calls"),
        beyond=Sum(F("calls") - per_day, filter=beyond),
    )
    if not found["most"]:
        return f"Nothing that it concerns was called in the last {DAYS} days, so there is nothing to measure it by."
    most = f"The busiest day{'' if draft.subject_id else f' of one {Kind(draft.kind).label.lower()}'} had"
    most += f" {found['most']:,} call{'' if found['most'] == 1 else 's'}."
    if not found["days"]:
        return f"It would have been reached on none of the last {DAYS} days. {most}"
    whose = "" if draft.subject_id else f", by {_many(found['whose'], Kind(draft.kind))}"
    calls = "1 call" if found["beyond"] == 1 else f"{found['beyond']:,} calls"
    return f"{calls} would have been beyond it, on {found['days']} of the last {DAYS} days{whose}. {most}"


def _many(number: int, kind: CallLimit.Kind) -> str:
    return f"1 {kind.label.lower()}" if number == 1 else f"{number:,} {_PLURALS[kind]}"


def _days(draft: Drafted) -> QuerySet[CallUsage, Any]:
    """Each day of each that the limit concerns, with the `calls` that ran. A write is told by what its tool counts as
    today; of what was called with which tool there are rows for each combination alone."""
    of, column = _OF[Kind(draft.kind)]
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = CallUsage.objects.filter(organization_id=draft.organization.pk, since__gt=today - timedelta(days=DAYS))
    if draft.counts == CallLimit.Counts.WRITES:
        writes = Tool.objects.filter(~of_risk(Risk.READ_ONLY), organization=draft.organization, kind=Tool.Kind.TOOL)
        rows = rows.filter(of=_Of.EACH, tool_id__in=writes.order_by().values("pk"))
    else:
        rows = rows.filter(of=of)
    ran = F("succeeded") + F("of_caller") + F("of_harriet") + F("of_upstream")
    by_day: QuerySet[CallUsage, Any] = rows.filter(_concerned(draft, column)).values("since", column)
    return by_day.annotate(calls=Sum(ran)).order_by()


def _keys(organization: Organization) -> QuerySet[AccessToken]:
    return AccessToken.objects.filter(organization=organization, kind=AccessToken.Kind.INTEGRATION)


def _concerned(draft: Drafted, column: str) -> Q:
    if draft.subject_id is not None:
        return Q(**{column: draft.subject_id})
    organization = draft.organization
    callers = {
        Kind.PERSON: Membership.objects.filter(organization=organization).order_by().values("user"),
        Kind.AGENT: Agent.objects.filter(organization=organization).order_by().values("pk"),
        Kind.KEY: _keys(organization).order_by().values("pk"),
    }
    mine = callers.get(Kind(draft.kind))
    return ~Q(**{column: INSTALLATION}) if mine is None else Q(**{f"{column}__in": mine})
