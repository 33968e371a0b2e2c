"""How many tools, prompts and resources a connector offers, and how that is said."""

from __future__ import annotations

from typing import NamedTuple


class Counts(NamedTuple):
    """How many of each a connector offers, and how many of them are enabled and not in quarantine. Resources are one or
    none."""

    tools: int = 0
    tools_enabled: int = 0
    prompts: int = 0
    prompts_enabled: int = 0
    resources: int = 0
    resources_enabled: int = 0
    quarantined: int = 0
    """Nobody can call these, enabled or not."""

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
    """ "72 of 75 enabled, 3 in quarantine", or "12 of 84 tools, 1 of 3 prompts enabled, resources disabled"."""
    quarantined = f"{counts.quarantined} in quarantine" if counts.quarantined else ""
    if counts.has_only_tools:
        return ", ".join(part for part in (f"{counts.tools_enabled} of {counts.tools} enabled", quarantined) if part)
    parts = [f"{counts.tools_enabled} of {counts.tools} tools"] if counts.tools else []
    parts += [f"{counts.prompts_enabled} of {counts.prompts} prompts"] if counts.prompts else []
    countable = f"{', '.join(parts)} enabled" if parts else ""
    resources = f"resources {'enabled' if counts.resources_enabled else 'disabled'}" if counts.resources else ""
    return ", ".join(part for part in (countable, resources, quarantined) if part)


def enabled_lines(counts: Counts) -> tuple[str, str]:
    """For a narrow column: "6 of 8 enabled", and under it what is more than tools: "1 of 2 prompts, resources"."""
    prompts = f"{counts.prompts_enabled} of {counts.prompts} prompts" if counts.prompts else ""
    resources = f"resources{'' if counts.resources_enabled else ' disabled'}" if counts.resources else ""
    return f"{counts.tools_enabled} of {counts.tools} enabled", ", ".join(part for part in (prompts, resources) if part)
