"""Limits on calls: their part of the form, and those that stand as such a part."""

from __future__ import annotations

from typing import Any

from audit.actor import SYSTEM
from connectors.actions.add_limit import add_limit
from connectors.actions.change_limit import change_limit
from connectors.limits_kept import limits_of
from connectors.models import CallLimit, Connector, Tool
from harriet.console.setup_file.form import LimitPart, SetupFileError
from harriet.console.setup_file.report import Report
from harriet.people.models import AccessToken, Agent, Device, Membership, Organization


def apply_limit(organization: Organization, part: LimitPart, report: Report) -> None:
    """One of the same kind, of the same one, that counts the same and does the same beyond it is changed."""
    subject = _named(organization, part.kind, part.of) if part.of else None
    same = limits_of(organization).filter(kind=part.kind, counts=part.counts, at_limit=part.at_limit)
    limit = same.filter(**{part.kind: subject}).first()
    numbers = {"per_minute": part.per_minute, "per_day": part.per_day}
    if limit is not None:
        report.changed_if(change_limit(limit, **numbers, at_limit=part.at_limit, actor=SYSTEM), name_of(part))
        return
    add_limit(organization, part.kind, subject, counts=part.counts, **numbers, at_limit=part.at_limit, actor=SYSTEM)
    report.created(name_of(part))


def name_of(part: LimitPart) -> str:
    return f"limit of {part.counts} for {part.kind} {part.of}" if part.of else f"limit of {part.counts} per {part.kind}"


def limit_parts(organization: Organization) -> list[LimitPart]:
    found = limits_of(organization).order_by("created_at", "pk")
    return [_part(limit) for limit in found]


def _part(limit: CallLimit) -> LimitPart:
    said: Any = {name: getattr(limit, name) for name in ("kind", "counts", "per_minute", "per_day", "at_limit")}
    return LimitPart(of=_name(limit), **said)


def _name(limit: CallLimit) -> str:
    if limit.person is not None:
        return limit.person.user.email
    if limit.device is not None:
        return f"{limit.device.user.email}/{limit.device.name}"
    if limit.tool is not None:
        return f"{limit.tool.connector.slug}/{limit.tool.name}"
    if limit.connector is not None:
        return limit.connector.slug
    named = limit.agent or limit.key
    return named.name if named is not None else ""


def _named(organization: Organization, kind: str, of: str) -> Any:
    """Raises SetupFileError for what isn't there."""
    before, _, rest = of.partition("/")
    wanted: dict[str, tuple[Any, dict[str, Any]]] = {
        CallLimit.Kind.PERSON: (Membership, {"user__email__iexact": of}),
        CallLimit.Kind.DEVICE: (Device, {"user__email__iexact": before, "name": rest, "revoked_at": None}),
        CallLimit.Kind.AGENT: (Agent, {"name": of, "state__in": [Agent.State.ACTIVE, Agent.State.PAUSED]}),
        CallLimit.Kind.KEY: (AccessToken, {"name": of, "kind": AccessToken.Kind.INTEGRATION, "revoked_at": None}),
        CallLimit.Kind.TOOL: (Tool, {"connector__slug": before, "name": rest, "kind": Tool.Kind.TOOL}),
        CallLimit.Kind.CONNECTOR: (Connector, {"slug": of}),
    }
    model, which = wanted[kind]
    found = model.objects.filter(organization=organization, **which).first()
    if found is None:
        raise SetupFileError(f"There is no {CallLimit.Kind(kind).label.lower()} “{of}” here.")
    return found
