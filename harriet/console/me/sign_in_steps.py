"""How each AI client is connected by signing in: most need the address alone, and open a browser for the rest."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from harriet.console.me.clients import ClientStep, Code, ServerEntry

_ALLOW = "Your browser opens Harriet: sign in if you are asked to, look at what the client may do, and allow it."
_PUBLIC = (
    "It calls from its maker’s servers, so Harriet’s address has to be reachable from the internet, with a certificate "
    "that the public trusts."
)


@dataclass(frozen=True, slots=True)
class SignIn:
    key: str
    name: str
    steps_for: Callable[[ServerEntry], list[ClientStep]]
    needs: str = ""
    """What has to be so beside the steps, in sentences."""
    is_set_up_by_admin: bool = False
    """An admin of the product, or of Harriet, begins; each person signs in afterwards."""
    is_made_by_hand: bool = False
    """It can't register itself: an IT admin makes its client here first."""


def _code(text: str) -> tuple[Code, ...]:
    return (Code(text),)


def _pretty(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _claude(door: ServerEntry) -> list[ClientStep]:
    return [
        ClientStep(
            "On a Team or Enterprise plan an owner adds the connector once: organization settings, Connectors, Add "
            "custom connector. On other plans each person does so under Settings, Connectors. Paste this address and "
            "leave client id and secret empty.",
            _code(door.url),
        ),
        ClientStep("Each person opens Settings, Connectors, finds it there and presses Connect."),
        ClientStep(_ALLOW),
    ]


def _claude_code(door: ServerEntry) -> list[ClientStep]:
    return [
        ClientStep("Add Harriet.", _code(f"claude mcp add --transport http --scope user {door.name} {door.url}")),
        ClientStep(f"Start Claude Code, type /mcp, choose {door.name} and then Authenticate.", _code("/mcp")),
        ClientStep(_ALLOW),
    ]


def _chatgpt(door: ServerEntry) -> list[ClientStep]:
    return [
        ClientStep(
            "An admin of the workspace switches on developer mode, makes an app with this address and OAuth as the "
            "way to sign in, and tries it.",
            _code(door.url),
        ),
        ClientStep("The admin publishes it to the workspace and chooses who may use it: apps are off by default."),
        ClientStep("Each person connects it under Settings, Apps."),
        ClientStep(_ALLOW),
    ]


def _cursor(door: ServerEntry) -> list[ClientStep]:
    return [
        ClientStep(
            "Put this into mcp.json, in the folder .cursor of your home folder.",
            _code(_pretty({"mcpServers": {door.name: {"url": door.url}}})),
        ),
        ClientStep(f"Open Settings, MCP, and press the button beside {door.name} that asks you to sign in."),
        ClientStep(_ALLOW),
    ]


def _vs_code(door: ServerEntry) -> list[ClientStep]:
    return [
        ClientStep(
            "Run “MCP: Open User Configuration” from the command palette and put this into mcp.json.",
            _code(_pretty({"servers": {door.name: {"type": "http", "url": door.url}}})),
        ),
        ClientStep("Start the server there, and say yes when VS Code asks whether it may sign in."),
        ClientStep(_ALLOW),
    ]


def _codex(door: ServerEntry) -> list[ClientStep]:
    return [
        ClientStep(
            "Put this at the end of config.toml, in the folder .codex of your home folder.",
            _code(f'[mcp_servers.{door.name}]\nurl = "{door.url}"'),
        ),
        ClientStep("Sign in.", _code(f"codex mcp login {door.name}")),
        ClientStep(_ALLOW),
    ]


def _gemini(door: ServerEntry) -> list[ClientStep]:
    return [
        ClientStep("An IT admin makes a client here, with the redirect address that Google’s console shows."),
        ClientStep(
            "In Google’s console, the admin adds a custom MCP server with this address, and types in the client id, "
            "the secret, the authorization URL, the token URL and the scopes from the client’s page.",
            _code(door.url),
        ),
        ClientStep("The admin enables the tools there: at most 100."),
        ClientStep("Each person connects it in Gemini Enterprise when they first use it."),
        ClientStep(_ALLOW),
    ]


def _copilot_studio(door: ServerEntry) -> list[ClientStep]:
    return [
        ClientStep(
            "Open the agent, then Tools, Add a tool, New tool, Model Context Protocol, and paste this address.",
            _code(door.url),
        ),
        ClientStep(
            "Choose OAuth 2.0 with dynamic discovery: it then registers itself. Where only the manual way is offered, "
            "an IT admin makes a client here first, and its id, secret and addresses are typed in."
        ),
        ClientStep("Each person who uses the agent makes a connection when the agent first needs a tool."),
        ClientStep(_ALLOW),
    ]


def _inspector(door: ServerEntry) -> list[ClientStep]:
    return [
        ClientStep("Start the Inspector; it opens in the browser.", _code("npx -y @modelcontextprotocol/inspector")),
        ClientStep("Choose Streamable HTTP, paste this address and connect.", _code(door.url)),
        ClientStep(_ALLOW),
    ]


def _other(door: ServerEntry) -> list[ClientStep]:
    insecure = " --allow-http" if door.url.startswith("http://") else ""
    return [
        ClientStep(
            "Where the client takes the address of an MCP server, paste this one and nothing else.", _code(door.url)
        ),
        ClientStep(
            "A client that only starts programs uses mcp-remote, which needs Node.js 20 or newer, as its command.",
            _code(f"npx -y mcp-remote {door.url}{insecure}"),
        ),
        ClientStep(_ALLOW),
    ]


_GEMINI_NEEDS = (
    f"{_PUBLIC} A policy that restricts where Gemini may go has to allow Harriet’s host, which is the same for the "
    "server, the authorization and the token URL. Profiles with more than 100 tools do not fit."
)
SIGN_INS = {
    one.key: one
    for one in (
        SignIn("claude", "Claude (web, desktop and phone)", _claude, _PUBLIC, is_set_up_by_admin=True),
        SignIn("claude-code", "Claude Code", _claude_code),
        SignIn("chatgpt", "ChatGPT", _chatgpt, _PUBLIC, is_set_up_by_admin=True),
        SignIn("cursor", "Cursor", _cursor),
        SignIn("vs-code", "VS Code and GitHub Copilot", _vs_code),
        SignIn("codex", "Codex", _codex),
        SignIn("gemini", "Gemini Enterprise", _gemini, _GEMINI_NEEDS, is_set_up_by_admin=True, is_made_by_hand=True),
        SignIn("copilot-studio", "Copilot Studio", _copilot_studio, _PUBLIC, is_set_up_by_admin=True),
        SignIn("inspector", "MCP Inspector", _inspector),
        SignIn("other", "Another client", _other),
    )
}
