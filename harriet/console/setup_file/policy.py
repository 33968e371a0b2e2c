"""What waits, in a set-up file: a connector's rules on arguments, and the scopes of autonomous profiles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC
from uuid import UUID

from django.utils import timezone

from audit.actor import SYSTEM
from connectors.actions.delete_argument_rule import delete_argument_rule
from connectors.actions.end_scope import end_scope
from connectors.actions.make_scope import make_scope
from connectors.actions.save_argument_rule import save_argument_rule
from connectors.models import ArgumentRule, AutonomousScope, Connector, Profile, Tool
from connectors.queries import rules_of, tools_at
from harriet.console.setup_file.form import RulePart, ScopePart, SetupFileError
from harriet.console.setup_file.report import Report


def apply_rules(connector: Connector, parts: list[RulePart], report: Report) -> None:
    """A rule is known by what people are told. Those that the file doesn't have are deleted."""
    saved = {rule.sentence: rule for rule in rules_of(connector)}
    for place, part in enumerate(parts, 1):
        what = f"rule of {connector.slug}: {part.told}"
        with report.part(what):
            before = saved.get(part.told)
            if before is not None and rule_part(before) == part and before.position == place:
                report.left(what)
                continue
            _save(connector, before, part, place)
            report.changed(what) if before else report.created(what)
    for told in saved.keys() - {part.told for part in parts}:
        delete_argument_rule(saved[told], actor=SYSTEM)
        report.changed(f"rule of {connector.slug}: {told} (deleted)")


def _save(connector: Connector, before: ArgumentRule | None, part: RulePart, place: int) -> None:
    tool = None
    if part.tool:
        tool = Tool.objects.filter(connector=connector, name=part.tool, kind=Tool.Kind.TOOL).first()
        if tool is None:
            raise SetupFileError(f"The server offers no tool {part.tool}.")
    save_argument_rule(
        connector,
        before,
        expression=part.condition,
        sentence=part.told,
        effect=part.effect,
        tool=tool,
        is_on=part.on,
        position=place,
        actor=SYSTEM,
    )


def rule_part(rule: ArgumentRule) -> RulePart:
    effect = "refuse" if rule.effect == ArgumentRule.Effect.REFUSE else "hold"
    tool = rule.tool.name if rule.tool else ""
    return RulePart(condition=rule.expression, told=rule.sentence, effect=effect, tool=tool, on=rule.is_on)  # type: ignore[arg-type]


def apply_scopes(profile: Profile, parts: list[ScopePart], report: Report) -> None:
    """A scope is never changed: one that is said otherwise ends, and another begins. What is over is left over."""
    holding = {scope.name: scope for scope in holding_scopes_of([profile])[profile.pk]}
    for part in parts:
        what = f"scope of {profile.slug}: {part.name}"
        with report.part(what):
            before = holding.get(part.name)
            if part.expires_at.astimezone(UTC) <= timezone.now():
                report.noted(what, "It is over by now, so nothing runs by it.")
            elif before is not None and scope_part(before) == part:
                report.left(what)
            else:
                _make(profile, before, part)
                report.changed(what) if before else report.created(what)
    wanted = {part.name for part in parts if part.expires_at.astimezone(UTC) > timezone.now()}
    for name in holding.keys() - wanted:
        end_scope(holding[name], actor=SYSTEM)
        report.changed(f"scope of {profile.slug}: {name} (ended)")


def _make(profile: Profile, before: AutonomousScope | None, part: ScopePart) -> None:
    named = tools_at(profile.organization_id, part.tools, Tool.Kind.TOOL)
    if missing := [place for place in part.tools if place not in named]:
        raise SetupFileError(f"There is no tool {missing[0]}.")
    make_scope(
        profile,
        name=part.name,
        reason=part.reason,
        expires_at=part.expires_at,
        tools=[named[place] for place in part.tools],
        classes=part.classes,
        condition=part.condition,
        actor=SYSTEM,
    )
    if before is not None:
        end_scope(before, actor=SYSTEM)


def rules_of_each(connectors: Iterable[Connector]) -> defaultdict[UUID, list[ArgumentRule]]:
    """By connector, in their order."""
    found: defaultdict[UUID, list[ArgumentRule]] = defaultdict(list)
    for rule in ArgumentRule.objects.filter(connector__in=list(connectors)).select_related("tool"):
        found[rule.connector_id].append(rule)
    return found


def holding_scopes_of(profiles: Iterable[Profile]) -> defaultdict[UUID, list[AutonomousScope]]:
    """By profile; the first made comes first."""
    holding = AutonomousScope.objects.filter(profile__in=list(profiles), ended_at=None, expires_at__gt=timezone.now())
    found: defaultdict[UUID, list[AutonomousScope]] = defaultdict(list)
    rows = holding.select_related("profile__organization").prefetch_related("tools__connector")
    for scope in rows.order_by("created_at"):
        found[scope.profile_id].append(scope)
    return found


def scope_part(scope: AutonomousScope) -> ScopePart:
    return ScopePart(
        name=scope.name,
        reason=scope.reason,
        expires_at=scope.expires_at.astimezone(UTC),
        tools=sorted(f"{tool.connector.slug}/{tool.name}" for tool in scope.tools.all()),
        classes=["moderate"] if scope.classes else [],
        condition=scope.condition,
    )
