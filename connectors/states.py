"""States of connectors and tools in words, each with the hue that goes with it."""

from __future__ import annotations

from typing import NamedTuple

from connectors.access.grantees import ROLE_CHOICES
from connectors.models import EVERYONE, Connector, SyncRun, Tool


class State(NamedTuple):
    kind: str
    word: str


_HEALTH = {
    Connector.Health.UP: "ok",
    Connector.Health.DOWN: "danger",
    Connector.Health.OPERATOR: "attention",
    Connector.Health.UNKNOWN: "neutral",
}


def state_of(connector: Connector) -> State:
    if connector.state != Connector.State.ACTIVE:
        return State("neutral", connector.get_state_display())
    return State(_HEALTH[Connector.Health(connector.health)], connector.get_health_display())


class Counts(NamedTuple):
    """How many of each a connector offers, and how many of them are enabled. Resources are one or none."""

    tools: int = 0
    tools_enabled: int = 0
    prompts: int = 0
    prompts_enabled: int = 0
    resources: int = 0
    resources_enabled: int = 0

    @property
    def offered(self) -> int:
        return self.tools + self.prompts + self.resources

    @property
    def enabled(self) -> int:
        return self.tools_enabled + self.prompts_enabled + self.resources_enabled

    @property
    def has_only_tools(self) -> bool:
        return self.tools == self.offered


def offer_words(tools: int, prompts: int, has_resources: object) -> str:
    """ "84 tools, 3 prompts, resources": what there is none of is not named, except when there is nothing at all."""
    parts = [f"{tools} {'tool' if tools == 1 else 'tools'}"] if tools or not (prompts or has_resources) else []
    parts += [f"{prompts} {'prompt' if prompts == 1 else 'prompts'}"] if prompts else []
    return ", ".join([*parts, *(["resources"] if has_resources else [])])


def enabled_words(counts: Counts) -> str:
    """ "12 of 84 enabled", or "12 of 84 tools, 1 of 3 prompts enabled, resources disabled"."""
    if counts.has_only_tools:
        return f"{counts.tools_enabled} of {counts.tools} enabled"
    parts = [f"{counts.tools_enabled} of {counts.tools} tools"] if counts.tools else []
    parts += [f"{counts.prompts_enabled} of {counts.prompts} prompts"] if counts.prompts else []
    countable = f"{', '.join(parts)} enabled" if parts else ""
    resources = f"resources {'enabled' if counts.resources_enabled else 'disabled'}" if counts.resources else ""
    return ", ".join(part for part in (countable, resources) if part)


class Remarks(NamedTuple):
    title: str
    sentences: list[str]
    more: int
    """Beyond the sentences."""


def remarks_of(run: SyncRun | None, most: int) -> list[Remarks]:
    """What a sync left out, mended, or can't check, the first `most` of each."""
    if run is None:
        return []
    found = (
        ("Left out", run.refused, run.all_refused),
        ("Not valid MCP, and mended where the server's meaning was clear", run.mended, run.mended_count),
        ("Taken as it is, though not all of its schemas can be checked", run.unchecked, run.unchecked_count),
    )
    return [
        Remarks(title, sentences[:most], count - len(sentences[:most])) for title, sentences, count in found if count
    ]


def server_name(connector: Connector) -> str:
    """What the server calls itself, which nobody vouches for."""
    said = connector.server_info
    return " ".join(part for part in (said.get("title") or said.get("name"), said.get("version")) if part)


def tool_state(tool: Tool) -> State:
    if tool.state == Tool.State.QUARANTINED:
        return State("attention", "In quarantine")
    if tool.state == Tool.State.REMOVED:
        return State("neutral", "No longer offered")
    return State("ok", "Enabled") if tool.is_enabled else State("neutral", "Disabled")


def groups_for(tool: Tool) -> list[str]:
    return [permission.group.name for permission in tool.permissions.all() if permission.group]


def roles_for(tool: Tool) -> list[str]:
    labels = dict(ROLE_CHOICES)
    return [labels[permission.role] for permission in tool.permissions.all() if permission.role]


def is_for_everyone(tool: Tool) -> bool:
    return any(permission.role == EVERYONE for permission in tool.permissions.all())
