"""How a tool stands: everything that a bulk change is decided by. A preview holds for a tool that still stands so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q

from connectors.bulk.wish import Wish
from connectors.models import EVERYONE, Risk, Tool, ToolPermission, ToolVersion

DIGEST = 12
"""Bytes that are compared of a definition's SHA-256."""


class Standing(NamedTuple):
    """Fits into JSON."""

    state: str
    is_enabled: bool
    requires_confirmation: bool
    risk: str
    override: str
    groups: tuple[str, ...]
    """Ids, sorted."""
    roles: tuple[str, ...]
    pinned: str
    proposed: str

    @classmethod
    def from_json(cls, row: list[object]) -> Standing:
        state, is_enabled, confirms, risk, override, groups, roles, pinned, proposed = row
        return cls(state, is_enabled, confirms, risk, override, tuple(groups), tuple(roles), pinned, proposed)  # type: ignore[arg-type]

    def is_as_wished(self, wish: Wish) -> bool:
        if wish.is_about_access:
            return (self.groups, self.roles) == self.granted(wish)
        switch = self.is_enabled if wish.action in {"enable", "disable"} else self.requires_confirmation
        return switch == (wish.action in {"enable", "confirm"})

    def is_opened_by(self, wish: Wish) -> bool:
        """Somebody may call it afterwards who may not now."""
        groups, roles = self.granted(wish)
        if not wish.is_about_access or EVERYONE in self.roles:
            return False
        return not (set(groups) <= set(self.groups) and set(roles) <= set(self.roles))

    def granted(self, wish: Wish) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The groups and roles that the wish leads to."""
        groups, roles = {str(key) for key in wish.groups or {}}, set(wish.roles)
        if wish.action == "add":
            groups, roles = groups | set(self.groups), roles | set(self.roles)
        elif wish.action == "remove":
            groups, roles = set(self.groups) - groups, set(self.roles) - roles
        return tuple(sorted(groups)), tuple(sorted(roles))


def standings_of(tools: Collection[Tool]) -> dict[UUID, Standing]:
    """Of rows that are locked where it matters; read anew, whatever was read with them."""
    ids = [tool.pk for tool in tools]
    groups, roles = _permissions(ids)
    pinned, proposed = _digests(ids)
    return {
        tool.pk: Standing(
            tool.state,
            tool.is_enabled,
            tool.requires_confirmation,
            tool.risk,
            tool.risk_override,
            tuple(sorted(groups[tool.pk])),
            tuple(sorted(roles[tool.pk])),
            pinned.get(tool.pk, ""),
            proposed.get(tool.pk, ""),
        )
        for tool in tools
    }


def _permissions(ids: list[UUID]) -> tuple[dict[UUID, list[str]], dict[UUID, list[str]]]:
    groups, roles = defaultdict(list), defaultdict(list)
    rows = ToolPermission.objects.filter(tool__pk__any_of=ids).values_list("tool_id", "group_id", "role")
    for tool_id, group_id, role in rows:
        if group_id:
            groups[tool_id].append(str(group_id))
        else:
            roles[tool_id].append(role)
    return groups, roles


def _digests(ids: list[UUID]) -> tuple[dict[UUID, str], dict[UUID, str]]:
    pinned: dict[UUID, str] = {}
    proposed: dict[UUID, str] = {}
    rows = ToolVersion.objects.filter(Q(is_pinned=True) | Q(is_proposed=True), tool__pk__any_of=ids)
    for tool_id, is_pinned, digest in rows.values_list("tool_id", "is_pinned", "digest"):
        (pinned if is_pinned else proposed)[tool_id] = bytes(digest)[:DIGEST].hex()
    return pinned, proposed


def what_changed(before: Standing, now: Standing) -> str:
    """ "its definition changed, it is Dangerous now": for the end of a sentence that names the tool."""
    words = {
        "its definition changed": before.pinned != now.pinned,
        "the server changed it": before.proposed != now.proposed and now.state == Tool.State.QUARANTINED,
        "the server no longer offers it": before.state != now.state == Tool.State.REMOVED,
        "it is offered as accepted again": before.state != now.state == Tool.State.PINNED,
        f"it is {Risk(now.risk).label} now": before.risk != now.risk,
        "its risk class was set": before.override != now.override and before.risk == now.risk,
        f"it was {'enabled' if now.is_enabled else 'disabled'}": before.is_enabled != now.is_enabled,
        "whether it asks first was set": before.requires_confirmation != now.requires_confirmation,
        "who may call it was set": (before.groups, before.roles) != (now.groups, now.roles),
    }
    return ", ".join(word for word, is_so in words.items() if is_so)
