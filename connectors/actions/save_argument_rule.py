"""Make or change a rule on the arguments of calls to a connector."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet

from audit.actor import Actor
from audit.record import record
from connectors.audit_labels import connector_label, tool_label
from connectors.errors import ConnectorError
from connectors.events import ArgumentRuleSaved
from connectors.inspect.check_condition import check_condition
from connectors.models import ArgumentRule, Connector, Tool, ToolVersion
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version

MOST = 20
"""Rules of a connector: each call of it asks them all."""


@transaction.atomic
def save_argument_rule(
    connector: Connector,
    rule: ArgumentRule | None = None,
    *,
    expression: str,
    sentence: str,
    effect: str = ArgumentRule.Effect.HOLD,
    tool: Tool | None = None,
    is_on: bool = True,
    position: int | None = None,
    actor: Actor,
) -> ArgumentRule:
    """Makes one when none is given. Raises ConnectorError beside the field."""
    demand(actor, connector.organization, Power.MANAGE_CONNECTORS)
    Connector.objects.select_for_update(no_key=True, of=("self",)).get(pk=connector.pk)
    if tool is not None and tool.connector_id != connector.pk:
        raise ConnectorError("This tool is not one of the connector's.", field="tool")
    check_condition(expression.strip(), versions_for(connector, tool))
    values: dict[str, Any] = {
        "expression": expression.strip(),
        "sentence": _clean_sentence(sentence),
        "effect": ArgumentRule.Effect(effect),
        "tool": tool,
        "is_on": is_on,
    }
    place = {} if position is None else {"position": position}
    if rule is None:
        rule = _new(connector, {**values, "position": _last(connector), **place})
    elif not _change(rule, {**values, **place}):
        return rule
    _tell(connector, rule, actor)
    move_version(connector.organization_id)
    return rule


def versions_for(connector: Connector, tool: Tool | None) -> QuerySet[ToolVersion]:
    """The pinned definitions of what a rule is about. Resources have none that say anything."""
    about = ToolVersion.objects.filter(is_pinned=True, tool__connector=connector).exclude(
        tool__state=Tool.State.REMOVED
    )
    about = about.filter(tool=tool) if tool else about.filter(tool__kind=Tool.Kind.TOOL)
    return about.select_related("tool").order_by("-tool__is_enabled", "tool__name")


def _clean_sentence(sentence: str) -> str:
    cleaned = " ".join(sentence.split())
    if not cleaned or len(cleaned) > 200:
        raise ConnectorError("Say in at most 200 characters what people are told.", field="sentence")
    return cleaned


def _last(connector: Connector) -> int:
    rules = ArgumentRule.objects.filter(connector=connector)
    if rules.count() >= MOST:
        raise ConnectorError(f"A connector has at most {MOST} rules. Delete one that is no longer needed.")
    return (rules.aggregate(last=Max("position"))["last"] or 0) + 1


def _new(connector: Connector, values: dict[str, Any]) -> ArgumentRule:
    return ArgumentRule.objects.create(organization_id=connector.organization_id, connector=connector, **values)


def _change(rule: ArgumentRule, values: dict[str, Any]) -> bool:
    changed = [name for name, value in values.items() if getattr(rule, name) != value]
    for name in changed:
        setattr(rule, name, values[name])
    if changed:
        rule.save(update_fields=changed)
    return bool(changed)


def _tell(connector: Connector, rule: ArgumentRule, actor: Actor) -> None:
    does = "wait" if rule.effect == ArgumentRule.Effect.HOLD else "are refused"
    happened = ArgumentRuleSaved(
        connector=connector_label(connector),
        tool=tool_label(rule.tool) if rule.tool else None,
        effect=does if rule.is_on else f"{does} no longer (the rule is off)",
        condition=rule.expression,
        told=rule.sentence,
    )
    record(happened, organization_id=connector.organization_id, actor=actor)
