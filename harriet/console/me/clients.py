"""How each client is connected to a profile: the steps, with the real address filled in."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from harriet.lib.mcp.headers import PROTOCOL_VERSION_HEADER
from harriet.lib.mcp.versions import NEWEST_LEGACY

VARIABLE = "HARRIET_TOKEN"
PLACEHOLDER = "hrt_dev_…"


@dataclass(frozen=True, slots=True)
class ServerEntry:
    """What a client needs to know. The token is never part of the address."""

    name: str
    url: str
    token: str


@dataclass(frozen=True, slots=True)
class ClientStep:
    sentence: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Client:
    key: str
    name: str
    steps_for: Callable[[ServerEntry], list[ClientStep]]


def _keep(door: ServerEntry) -> ClientStep:
    return ClientStep(
        "Put the token into your environment, so that no configuration file holds it. "
        "Add the line to your shell's profile to keep it.",
        f"export {VARIABLE}='{door.token}'",
    )


def _pretty(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _claude_code(door: ServerEntry) -> list[ClientStep]:
    command = f"claude mcp add --transport http --scope user {door.name} {door.url} \\\n"
    return [
        _keep(door),
        ClientStep("Add Harriet to Claude Code.", command + f'  --header "Authorization: Bearer ${VARIABLE}"'),
        ClientStep("See that it says Connected.", "claude mcp list"),
    ]


def _claude_desktop(door: ServerEntry) -> list[ClientStep]:
    insecure = ["--allow-http"] if door.url.startswith("http://") else []
    arguments = ["-y", "mcp-remote", door.url, "--header", "Authorization:${AUTHORIZATION}", *insecure]
    server = {"command": "npx", "args": arguments, "env": {"AUTHORIZATION": f"Bearer {door.token}"}}
    return [
        ClientStep("Install Node.js 22 or newer, if it isn't there: mcp-remote runs on it."),
        ClientStep(
            "In Claude Desktop, open Settings, Developer, Edit config, and put this into claude_desktop_config.json. "
            "The file holds the token: keep it to yourself.",
            _pretty({"mcpServers": {door.name: server}}),
        ),
        ClientStep("Quit Claude Desktop and start it again."),
    ]


def _cursor(door: ServerEntry) -> list[ClientStep]:
    server = {"url": door.url, "headers": {"Authorization": f"Bearer ${{env:{VARIABLE}}}"}}
    return [
        _keep(door),
        ClientStep("Put this into .cursor/mcp.json in your home folder.", _pretty({"mcpServers": {door.name: server}})),
        ClientStep("Start Cursor from a shell that has the variable, and switch the server on under Settings, MCP."),
    ]


def _vs_code(door: ServerEntry) -> list[ClientStep]:
    asked = {"type": "promptString", "id": "harriet-token", "description": "Token of Harriet", "password": True}
    server = {"type": "http", "url": door.url, "headers": {"Authorization": "Bearer ${input:harriet-token}"}}
    return [
        ClientStep(
            "Run “MCP: Open User Configuration” from the command palette and put this into mcp.json.",
            _pretty({"inputs": [asked], "servers": {door.name: server}}),
        ),
        ClientStep(
            "Start the server there. VS Code asks for the token once and keeps it safe. Paste this:", door.token
        ),
    ]


def _codex(door: ServerEntry) -> list[ClientStep]:
    table = f'[mcp_servers.{door.name}]\nurl = "{door.url}"\nbearer_token_env_var = "{VARIABLE}"'
    return [
        _keep(door),
        ClientStep("Put this into .codex/config.toml in your home folder.", table),
        ClientStep("See that it is listed.", "codex mcp list"),
    ]


def _inspector(door: ServerEntry) -> list[ClientStep]:
    command = f"npx @modelcontextprotocol/inspector --cli {door.url} --transport http \\\n"
    header = f'  --header "Authorization: Bearer ${VARIABLE}" \\\n'
    return [_keep(door), ClientStep("List your tools.", f"{command}{header}  --method tools/list")]


def _curl(door: ServerEntry) -> list[ClientStep]:
    lines = [
        f"curl -sS {door.url}",
        f'-H "Authorization: Bearer ${VARIABLE}"',
        "-H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream'",
        f"-H '{PROTOCOL_VERSION_HEADER}: {NEWEST_LEGACY}'",
        """-d '{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}'""",
    ]
    return [_keep(door), ClientStep("List your tools.", " \\\n  ".join(lines))]


CLIENTS = {
    client.key: client
    for client in (
        Client("claude-code", "Claude Code", _claude_code),
        Client("claude-desktop", "Claude Desktop", _claude_desktop),
        Client("cursor", "Cursor", _cursor),
        Client("vs-code", "VS Code", _vs_code),
        Client("codex", "Codex", _codex),
        Client("inspector", "MCP Inspector (command line)", _inspector),
        Client("curl", "curl", _curl),
    )
}
