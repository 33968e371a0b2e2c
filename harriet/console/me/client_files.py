"""Where each client keeps its servers on a machine, and what stands there for Harriet: what the enrolment script
writes, and where it looks for other servers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from harriet.console.me.clients import ServerEntry, desktop_settings, vs_code_settings

Settings = dict[str, object]


@dataclass(frozen=True, slots=True)
class Place:
    """A file below the home folder, on each system; empty where the client isn't."""

    linux: str
    darwin: str
    windows: str


@dataclass(frozen=True, slots=True)
class ClientFile:
    key: str
    """Of `CLIENTS`; for clients that are only looked at, a name of their own."""
    name: str
    place: Place
    servers: str = "mcpServers"
    """The member that holds the servers by name."""
    kind: Literal["json", "toml"] = "json"
    settings: Callable[[ServerEntry], Settings] | None = None
    """What is put into the file; nothing for clients that are only looked at."""
    next_step: str = ""
    """What is left to do by hand, in a sentence."""


def _anywhere(path: str) -> Place:
    return Place(path, path, path)


def _below(folder: str) -> Place:
    """In the folder in which each system keeps the settings of programs."""
    return Place(f".config/{folder}", f"Library/Application Support/{folder}", f"AppData/Roaming/{folder}")


def _bearer(door: ServerEntry) -> dict[str, str]:
    return {"Authorization": f"Bearer {door.token}"}


def _claude_code(door: ServerEntry) -> Settings:
    return {"mcpServers": {door.name: {"type": "http", "url": door.url, "headers": _bearer(door)}}}


def _cursor(door: ServerEntry) -> Settings:
    return {"mcpServers": {door.name: {"url": door.url, "headers": _bearer(door)}}}


def _codex(door: ServerEntry) -> Settings:
    return {"mcp_servers": {door.name: {"url": door.url, "http_headers": _bearer(door)}}}


FILES = (
    ClientFile(
        "claude-code",
        "Claude Code",
        _anywhere(".claude.json"),
        settings=_claude_code,
        next_step="Start Claude Code again and see with claude mcp list that it says Connected.",
    ),
    ClientFile(
        "claude-desktop",
        "Claude Desktop",
        _below("Claude/claude_desktop_config.json"),
        settings=desktop_settings,
        next_step="Quit Claude Desktop and start it again. It needs Node.js 20 or newer.",
    ),
    ClientFile(
        "cursor",
        "Cursor",
        _anywhere(".cursor/mcp.json"),
        settings=_cursor,
        next_step="Start Cursor again, then switch the server on under Settings, MCP.",
    ),
    ClientFile(
        "vs-code",
        "VS Code",
        _below("Code/User/mcp.json"),
        servers="servers",
        settings=vs_code_settings,
        next_step="Start the server in VS Code. It asks for the credential once: it is in the line token= of the file "
        "named above.",
    ),
    ClientFile(
        "codex",
        "Codex",
        _anywhere(".codex/config.toml"),
        servers="mcp_servers",
        kind="toml",
        settings=_codex,
        next_step="Start Codex again and see with codex mcp list that it is there.",
    ),
    ClientFile("windsurf", "Windsurf", _anywhere(".codeium/windsurf/mcp_config.json")),
    ClientFile("gemini-cli", "Gemini CLI", _anywhere(".gemini/settings.json")),
    ClientFile("copilot-cli", "Copilot CLI", _anywhere(".copilot/mcp-config.json")),
    ClientFile("lm-studio", "LM Studio", _anywhere(".lmstudio/mcp.json")),
)
WRITTEN = {file.key: file for file in FILES if file.settings is not None}


def settings_lines(file: ClientFile, door: ServerEntry) -> list[str]:
    """What goes into the file: JSON in one line, or the lines of a TOML table."""
    assert file.settings is not None
    settings = file.settings(door)
    if file.kind == "json":
        return [json.dumps(settings, ensure_ascii=False)]
    servers = settings[file.servers]
    assert isinstance(servers, dict)
    return [line for name, server in servers.items() for line in _table(f"{file.servers}.{name}", server)]


def _table(name: str, server: dict[str, object]) -> list[str]:
    """Of texts and one level of texts; a JSON string is a TOML string."""
    lines = [f"[{name}]"]
    for key, value in server.items():
        if isinstance(value, dict):
            inner = ", ".join(f"{json.dumps(one)} = {json.dumps(text)}" for one, text in value.items())
            lines.append(f"{key} = {{ {inner} }}")
        else:
            lines.append(f"{key} = {json.dumps(value)}")
    return lines
