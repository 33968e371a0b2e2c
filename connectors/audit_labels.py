"""How connectors, tools and profiles are named in the audit log."""

from __future__ import annotations

from audit.actor import Label
from connectors.models import Connector, Profile, Tool


def connector_label(connector: Connector) -> Label:
    return Label(connector.pk, connector.name)


def tool_label(tool: Tool) -> Label:
    return Label(tool.pk, str(tool))


def name_with_kind(kind: str, name: str) -> str:
    """How something that a server offers is called in the log: tools by their bare name, prompts say what they are."""
    return f"{name} (prompt)" if kind == Tool.Kind.PROMPT else name


def spoken_name(kind: str, name: str) -> str:
    """The same in a sentence about who may use it."""
    return "reading resources" if kind == Tool.Kind.RESOURCES else name_with_kind(kind, name)


def profile_label(profile: Profile) -> Label:
    return Label(profile.pk, profile.name)
