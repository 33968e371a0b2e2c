"""How connectors, tools and profiles are named in the audit log."""

from __future__ import annotations

from audit.actor import Label

from .models import Connector, Profile, Tool


def connector_label(connector: Connector) -> Label:
    return Label(connector.pk, connector.name)


def tool_label(tool: Tool) -> Label:
    return Label(tool.pk, tool.name)


def profile_label(profile: Profile) -> Label:
    return Label(profile.pk, profile.name)
