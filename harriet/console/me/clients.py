"""How each client is connected to a profile: the steps, with the real address filled in. The credential is shown at one
place, with how it is kept on each system, and the steps say where it goes; it stands in a step only where a client
takes it from nowhere but its file."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from harriet.lib.mcp.headers import PROTOCOL_VERSION_HEADER
from harriet.lib.mcp.versions import NEWEST_LEGACY

VARIABLE = "HARRIET_TOKEN"
PLACEHOLDER = "hrt_dev_…"
"""Where the credential goes, for whoever reads the steps without it."""
PASTE = "PASTE THE CREDENTIAL HERE"
UNIX, WINDOWS = "macOS and Linux", "Windows (PowerShell)"


@dataclass(frozen=True, slots=True)
class ServerEntry:
    """What a client needs to know. The token is never part of the address."""

    name: str
    url: str
    token: str = PASTE


@dataclass(frozen=True, slots=True)
class Code:
    """Something to copy; `label` says for which system, when it is for one."""

    text: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class ClientStep:
    sentence: str
    codes: tuple[Code, ...] = ()


@dataclass(frozen=True, slots=True)
class Client:
    key: str
    name: str
    takes_from: Literal["environment", "file", "question"]
    """Where it gets the credential: from the variable, from its own file, or by asking for it."""
    steps_for: Callable[[ServerEntry], list[ClientStep]]


def keeping(token: str) -> tuple[Code, ...]:
    """The commands that put the credential into the environment, on each system."""
    return (
        Code(f"export {VARIABLE}='{token}'", UNIX),
        Code(f"setx {VARIABLE} '{token}'\n$env:{VARIABLE} = '{token}'", WINDOWS),
    )


def _one(text: str) -> tuple[Code, ...]:
    return (Code(text),)


def _both(unix: str, windows: str) -> tuple[Code, ...]:
    return Code(unix, UNIX), Code(windows, WINDOWS)


def _with_header(command: str) -> tuple[Code, ...]:
    """The same command on each system, but for how its shell spells the variable."""
    return _both(
        f'{command} --header "Authorization: Bearer ${VARIABLE}"',
        f'{command} --header "Authorization: Bearer $env:{VARIABLE}"',
    )


def _pretty(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _claude_code(door: ServerEntry) -> list[ClientStep]:
    command = f"claude mcp add --transport http --scope user {door.name} {door.url}"
    return [
        ClientStep(
            "Add Harriet to Claude Code, in the window in which you put the credential. The command writes it into "
            "Claude Code’s own settings, so the variable is needed this once.",
            _with_header(command),
        ),
        ClientStep("See that it says Connected.", _one("claude mcp list")),
    ]


def desktop_settings(door: ServerEntry) -> dict[str, object]:
    insecure = ["--allow-http"] if door.url.startswith("http://") else []
    arguments = ["-y", "mcp-remote", door.url, "--header", "Authorization:${AUTHORIZATION}", *insecure]
    server = {"command": "npx", "args": arguments, "env": {"AUTHORIZATION": f"Bearer {door.token}"}}
    return {"mcpServers": {door.name: server}}


def _claude_desktop(door: ServerEntry) -> list[ClientStep]:
    return [
        ClientStep(
            "Install Node.js 20 or newer, if it isn’t there: mcp-remote, which npx fetches, runs on it. See which you "
            "have.",
            _one("node --version"),
        ),
        ClientStep(
            "In Claude Desktop, open Settings, Developer, Edit config, and put this into claude_desktop_config.json. "
            "The file then holds the credential: keep it to yourself.",
            _one(_pretty(desktop_settings(door))),
        ),
        ClientStep(
            "The file is here, should you look for it by hand.",
            _both(
                "~/Library/Application Support/Claude/claude_desktop_config.json",
                "$env:APPDATA\\Claude\\claude_desktop_config.json",
            ),
        ),
        ClientStep("Quit Claude Desktop, from its menu or the tray, and start it again."),
    ]


def _cursor(door: ServerEntry) -> list[ClientStep]:
    server = {"url": door.url, "headers": {"Authorization": f"Bearer ${{env:{VARIABLE}}}"}}
    return [
        ClientStep(
            "Put this into mcp.json, in the folder .cursor of your home folder.",
            _one(_pretty({"mcpServers": {door.name: server}})),
        ),
        ClientStep("The file is here.", _both("~/.cursor/mcp.json", "$HOME\\.cursor\\mcp.json")),
        ClientStep(
            "Quit Cursor and start it from the window in which you put the credential; then switch the server on under "
            "Settings, MCP.",
            _one("cursor ."),
        ),
    ]


def vs_code_settings(door: ServerEntry) -> dict[str, object]:
    """Without the credential: VS Code may copy the file to other machines of the person."""
    asked = {"type": "promptString", "id": "harriet-token", "description": "Credential of Harriet", "password": True}
    server = {"type": "http", "url": door.url, "headers": {"Authorization": "Bearer ${input:harriet-token}"}}
    return {"inputs": [asked], "servers": {door.name: server}}


def _vs_code(door: ServerEntry) -> list[ClientStep]:
    return [
        ClientStep(
            "Run “MCP: Open User Configuration” from the command palette and put this into mcp.json.",
            _one(_pretty(vs_code_settings(door))),
        ),
        ClientStep("Start the server there. VS Code asks for the credential once and keeps it safe: paste it."),
    ]


def _codex(door: ServerEntry) -> list[ClientStep]:
    table = f'[mcp_servers.{door.name}]\nurl = "{door.url}"\nbearer_token_env_var = "{VARIABLE}"'
    return [
        ClientStep("Put this at the end of config.toml, in the folder .codex of your home folder.", _one(table)),
        ClientStep("The file is here.", _both("~/.codex/config.toml", "$HOME\\.codex\\config.toml")),
        ClientStep("See that it is listed, in the window in which you put the credential.", _one("codex mcp list")),
    ]


def _inspector(door: ServerEntry) -> list[ClientStep]:
    command = f"npx -y @modelcontextprotocol/inspector --cli {door.url} --transport http"
    return [
        ClientStep(
            "Install Node.js 22.19 or newer, if it isn’t there: the Inspector does not run on older ones. See which "
            "you have.",
            _one("node --version"),
        ),
        ClientStep(
            "List your tools, in the window in which you put the credential.",
            _with_header(f"{command} --method tools/list"),
        ),
        ClientStep(
            "Call one of them, with its name in place of NAME and its arguments in place of {}.",
            _with_header(f"{command} --method tools/call --tool-name NAME --tool-args-json '{{}}'"),
        ),
    ]


_LIST_TOOLS = '{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}'
_ACCEPT = "application/json, text/event-stream"


def _curl(door: ServerEntry) -> list[ClientStep]:
    unix = [
        f"curl -sS {door.url}",
        f'-H "Authorization: Bearer ${VARIABLE}"',
        f"-H 'Content-Type: application/json' -H 'Accept: {_ACCEPT}'",
        f"-H '{PROTOCOL_VERSION_HEADER}: {NEWEST_LEGACY}'",
        f"-d '{_LIST_TOOLS}'",
    ]
    headers = {"Accept": _ACCEPT, PROTOCOL_VERSION_HEADER: NEWEST_LEGACY}
    table = "; ".join(f"'{name}' = '{value}'" for name, value in headers.items())
    windows = [
        f"Invoke-RestMethod -Method Post -Uri {door.url}",
        f'-Headers @{{ Authorization = "Bearer $env:{VARIABLE}"; {table} }}',
        f"-ContentType 'application/json' -Body '{_LIST_TOOLS}'",
    ]
    return [
        ClientStep(
            "List your tools, in the window in which you put the credential. On Windows PowerShell asks itself: what "
            "it calls curl is something else.",
            _both(" \\\n  ".join(unix), " `\n  ".join(windows)),
        )
    ]


CLIENTS = {
    client.key: client
    for client in (
        Client("claude-code", "Claude Code", "environment", _claude_code),
        Client("claude-desktop", "Claude Desktop", "file", _claude_desktop),
        Client("cursor", "Cursor", "environment", _cursor),
        Client("vs-code", "VS Code", "question", _vs_code),
        Client("codex", "Codex", "environment", _codex),
        Client("inspector", "MCP Inspector (command line)", "environment", _inspector),
        Client("curl", "curl", "environment", _curl),
    )
}
