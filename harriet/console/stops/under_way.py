"""What a stop would end now: looked at, with a bound, and told as it was seen. Nothing is touched."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from approvals.models import PendingAction
from audit.models import Event
from connectors.models import Tool, of_risk
from harriet.gateway.metrics.shared import streams_in
from harriet.pages.counts import MOST_COUNTED, AtMost, as_at_most, at_most
from harriet.people.models import Agent, Organization, Stop
from harriet.people.stop_powers import Subject
from harriet.signin.models import ConnectedApp

LATELY = timedelta(minutes=10)
Kind = Stop.Kind


@dataclass(frozen=True, slots=True)
class UnderWay:
    running: AtMost | None
    """Calls whose intent is in the log, and whose outcome is not; None for a registered client, which the log does not
    tell from a person's others."""
    held: AtMost
    """Calls on tickets that wait for approval, or are approved and have not begun."""
    callers: AtMost
    """People, agents and shared keys that called lately; of a registered client, the people who connected it."""
    streams: int | None
    """On which clients listen, in the whole organization; None where that is not known, or not told by the kind."""

    @property
    def sentences(self) -> list[str]:
        held = f"{_many(self.held, 'call')} on tickets, which would freeze there."
        if self.running is None:
            return [held, f"{_many(self.callers, 'connection')} of people to this client."]
        told = [
            f"{_many(self.running, 'call')} under way. Whether servers carry out what was sent to them is not known.",
            held,
            f"{_many(self.callers, 'caller')} in the last ten minutes: people, agents and shared keys.",
        ]
        if self.streams is not None:
            told.append(f"{_many(AtMost(self.streams), 'stream')} on which clients listen.")
        return told

    @property
    def words(self) -> str:
        """For the log."""
        streams = "" if self.streams is None else f", {_many(AtMost(self.streams), 'stream')}"
        held = f"{_many(self.held, 'call')} on tickets"
        if self.running is None:
            return f"{held}, {_many(self.callers, 'connection')}"
        return f"{_many(self.running, 'call')} under way, {held}, {_many(self.callers, 'caller')} lately{streams}"


def _many(count: AtMost, noun: str) -> str:
    return f"{count} {noun}" if count == AtMost(1) else f"{count} {noun}s"


def under_way(organization: Organization, subject: Subject) -> UnderWay:
    """Some bounded looks."""
    waiting = (PendingAction.State.WAITING, PendingAction.State.APPROVED)
    held = at_most(PendingAction.objects.filter(_actions(subject), organization=organization, state__in=waiting))
    if subject.kind == Kind.CLIENT:
        apps = ConnectedApp.objects.filter(application__group_key=subject.text, ended_at=None)
        return UnderWay(None, held, at_most(apps.filter(organization=organization)), None)
    intents = Event.objects.filter(_events(organization, subject), organization_id=organization.pk, code="call.intent")
    longest = timedelta(seconds=settings.MCP_DEADLINE_SECONDS + 60)
    outcomes = Event.objects.filter(request_id=OuterRef("request_id"), code="call.outcome")
    recent = intents.filter(recorded_at__gt=Now() - LATELY).order_by().values("person_id").distinct()
    return UnderWay(
        running=at_most(intents.filter(~Exists(outcomes), recorded_at__gt=Now() - longest)),
        held=held,
        callers=as_at_most(recent[: MOST_COUNTED + 1].count()),
        streams=streams_in(organization.slug) if subject.kind == Kind.ORGANIZATION else None,
    )


def _events(organization: Organization, subject: Subject) -> Q:
    """The events of its calls."""
    text = subject.text
    by_kind: dict[str, Callable[[], Q]] = {
        Kind.ORGANIZATION: Q,
        Kind.CONNECTOR: lambda: Q(connector_id=text),
        Kind.PERSON: lambda: (
            Q(person_id=text) | Q(person_id__in=Agent.objects.filter(owner_id=UUID(text)).values("pk"))
        ),
        Kind.AGENT: lambda: Q(person_id=text),
        Kind.RISK: lambda: Q(tool_id__in=_tools_of(organization, text)),
        Kind.CLIENT_NAME: lambda: Q(body__icontains=f'"client":{json.dumps(text, ensure_ascii=False)[:-1]}'),
    }
    return by_kind[subject.kind]()


def _tools_of(organization: Organization, risk: str) -> object:
    return Tool.objects.filter(of_risk(risk), organization=organization, kind=Tool.Kind.TOOL).values("pk")


def _actions(subject: Subject) -> Q:
    """The same of held calls."""
    text = subject.text
    by_kind: dict[str, Callable[[], Q]] = {
        Kind.ORGANIZATION: Q,
        Kind.CONNECTOR: lambda: Q(connector=text),
        Kind.PERSON: lambda: Q(user=text) | Q(token__agent__owner=text),
        Kind.AGENT: lambda: Q(token__agent=text),
        Kind.RISK: lambda: Q(risk=text),
        Kind.CLIENT: lambda: Q(token__device__connected_app__application__group_key=text),
        Kind.CLIENT_NAME: lambda: Q(client_label__istartswith=text),
    }
    return by_kind[subject.kind]()
