"""Limit how often calls may be made: of somebody, with something, or of each of a kind."""

from __future__ import annotations

from typing import Any, TypedDict

from django.db import models, transaction

from audit.actor import Actor, Label
from audit.record import record
from connectors.audit_labels import connector_label, tool_label
from connectors.errors import ConnectorError
from connectors.events import LimitAdded
from connectors.limit_words import limit_words
from connectors.models import AtLimit, CallLimit, Connector, Tool
from connectors.models.limits import MOST_PER_DAY, MOST_PER_MINUTE
from harriet.people.models import AccessToken, Agent, Device, Membership, Organization
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version

MOST_LIMITS = 5000
"""Of one organization."""

Subject = Membership | Device | Agent | AccessToken | Tool | Connector

_MODELS: dict[str, type[models.Model]] = {
    CallLimit.Kind.PERSON: Membership,
    CallLimit.Kind.DEVICE: Device,
    CallLimit.Kind.AGENT: Agent,
    CallLimit.Kind.KEY: AccessToken,
    CallLimit.Kind.TOOL: Tool,
    CallLimit.Kind.CONNECTOR: Connector,
}


class Labels(TypedDict, total=False):
    """Whom or what a limit's events name."""

    connector: Label
    tool: Label
    person: Label
    device: Label


@transaction.atomic
def add_limit(
    organization: Organization,
    kind: str,
    subject: Subject | None,
    *,
    counts: str = CallLimit.Counts.CALLS,
    per_minute: int | None = None,
    per_day: int | None = None,
    at_limit: str = AtLimit.REFUSE,
    actor: Actor,
) -> CallLimit:
    """`subject` is None for each of the kind. Raises ConnectorError for a limit that there is already."""
    demand(actor, organization, Power.MANAGE_CONNECTORS)
    _check_subject(organization, kind, subject)
    chosen = {"counts": CallLimit.Counts(counts), "at_limit": AtLimit(at_limit)}
    mine = CallLimit.objects.filter(
        organization=Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
    )
    named: dict[str, Any] = {kind: subject}
    if mine.filter(kind=kind, **named, **chosen).exists():
        raise ConnectorError("There is such a limit already. Change that one instead.")
    if mine.count() >= MOST_LIMITS:
        raise ConnectorError(
            f"There are {MOST_LIMITS:,} limits already, the most that there may be. Remove some first."
        )
    numbers = checked_numbers(per_minute, per_day)
    limit = CallLimit.objects.create(organization=organization, kind=kind, **named, **chosen, **numbers)
    record(LimitAdded(limit=limit_words(limit), **labels_of(limit)), organization_id=organization.pk, actor=actor)
    move_version(organization.pk)
    return limit


def checked_numbers(per_minute: int | None, per_day: int | None) -> dict[str, int | None]:
    """Raises ConnectorError for none at all, and for such as limit nothing."""
    if per_minute is None and per_day is None:
        raise ConnectorError("Say how many calls a minute, how many a day, or both.", field="per_minute")
    for name, number, most in (("per_minute", per_minute, MOST_PER_MINUTE), ("per_day", per_day, MOST_PER_DAY)):
        if number is not None and not 1 <= number <= most:
            raise ConnectorError(f"Give a number from 1 to {most:,}, or leave it empty.", field=name)
    return {"per_minute": per_minute, "per_day": per_day}


def labels_of(limit: CallLimit) -> Labels:
    labels: Labels = {}
    if limit.tool is not None:
        labels["tool"], labels["connector"] = tool_label(limit.tool), connector_label(limit.tool.connector)
    elif limit.connector is not None:
        labels["connector"] = connector_label(limit.connector)
    elif limit.person is not None:
        labels["person"] = Label(limit.person.user_id, limit.person.user.email)
    elif limit.device is not None:
        labels["device"] = Label(limit.device.pk, limit.device.name)
    return labels


def _check_subject(organization: Organization, kind: str, subject: Subject | None) -> None:
    if kind not in _MODELS:
        raise ConnectorError("Choose what is limited.", field="kind")
    if subject is None:
        return
    is_key = not isinstance(subject, AccessToken) or subject.kind == AccessToken.Kind.INTEGRATION
    if not isinstance(subject, _MODELS[kind]) or subject.organization_id != organization.pk or not is_key:
        raise ConnectorError("That is not here any more. Search for another.", field=kind)
