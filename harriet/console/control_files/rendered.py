"""The control files of a group, as each client's maker documents them: names and addresses, and nothing that opens
anything. docs/devices.md names the sources."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from os.path import commonprefix
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from connectors.models import Profile
from connectors.queries import profiles_with_group
from harriet.lib.text import show_hidden
from harriet.people.machine_report import LEFT_OUT
from harriet.people.models import FoundServer, Group
from harriet.people.queries import denied_servers_of

MOST_DENIED = 2_000
"""Servers that the files name; the page says when there are more."""
_NAME = re.compile(r"[a-zA-Z0-9_-]+")
"""What Claude Code takes as a name. One entry with another makes it refuse the whole file."""
_LITERAL = re.compile(r"[^*?\[]*")
"""What a pattern says before anything that stands for something else."""


@dataclass(frozen=True, slots=True)
class ControlFile:
    client: str
    """In its address: which program reads it."""
    name: str
    title: str
    meaning: str
    places: tuple[tuple[str, str], ...]
    """Where it belongs on each system."""
    text: str

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.text.encode()).hexdigest()[:32]}"'


class _Ours(NamedTuple):
    """What is to be had from Harriet, for the comparison with each of thousands that are denied."""

    urls: tuple[str, ...]
    beginning: str
    """What all of these addresses begin with."""
    slugs: frozenset[str]

    @classmethod
    def of(cls, profiles: Sequence[Profile]) -> Self:
        urls = tuple(profile.url for profile in profiles)
        beginning = commonprefix(urls)  # noqa: RUF071  (characters are meant)
        return cls(urls, beginning, frozenset(profile.slug for profile in profiles))

    def has(self, pattern: str) -> bool:
        """Whether the pattern matches one of the addresses; most share not even the beginning."""
        literal = _LITERAL.match(pattern)[0]  # type: ignore[index]  # it matches the empty text, too
        if not (self.beginning.startswith(literal) or literal.startswith(self.beginning)):
            return False
        return any(fnmatchcase(url, pattern) for url in self.urls)


@dataclass(frozen=True, slots=True)
class Content:
    """What the files say: which servers there are, and which there may not be."""

    profiles: Sequence[Profile]
    denied: Sequence[FoundServer]
    is_cut: bool = False

    @property
    def unnamed(self) -> Sequence[FoundServer]:
        """Denied ones that no list of the files can say; that nothing else is allowed keeps them out."""
        ours = _Ours.of(self.profiles)
        return [one for one in self.denied if not _denied(one, ours)]


def content_of(group: Group) -> Content:
    denied = list(denied_servers_of(group.organization)[: MOST_DENIED + 1])
    return Content(list(profiles_with_group(group)), denied[:MOST_DENIED], len(denied) > MOST_DENIED)


def files_of(content: Content) -> list[ControlFile]:
    return [
        _managed_mcp(content),
        _claude_settings(content),
        _copilot_settings(content),
        _codex_requirements(content),
        _codex_defaults(content),
    ]


def file_named(content: Content, client: str, name: str) -> ControlFile | None:
    return next((one for one in files_of(content) if (one.client, one.name) == (client, name)), None)


def _claude_places(name: str) -> tuple[tuple[str, str], ...]:
    return (
        ("macOS", f"/Library/Application Support/ClaudeCode/{name}"),
        ("Linux", f"/etc/claude-code/{name}"),
        ("Windows", f"C:\\Program Files\\ClaudeCode\\{name}"),
    )


def _managed_mcp(content: Content) -> ControlFile:
    servers = {one.slug: {"type": "http", "url": one.url} for one in content.profiles}
    return ControlFile(
        "claude-code",
        "managed-mcp.json",
        "Claude Code: the servers",
        "Claude Code has these servers and no other; people can add none. Each signs in to Harriet as themselves.",
        _claude_places("managed-mcp.json"),
        _json({"mcpServers": servers}),
    )


def _claude_settings(content: Content) -> ControlFile:
    settings = {**_lists(content), "allowManagedMcpServersOnly": True}
    return ControlFile(
        "claude-code",
        "managed-settings.json",
        "Claude Code: what may be used",
        "For people who add servers themselves: only Harriet’s addresses pass, what is denied never. Put these "
        "members into the managed settings that you have.",
        _claude_places("managed-settings.json"),
        _json(settings),
    )


def _copilot_settings(content: Content) -> ControlFile:
    return ControlFile(
        "copilot",
        "managed-settings.json",
        "GitHub Copilot and VS Code",
        "Copilot’s clients run only Harriet’s addresses, and never what is denied.",
        (("In the repository .github-private", "copilot/managed-settings.json"),),
        _json(_lists(content)),
    )


def _lists(content: Content) -> dict[str, object]:
    """Both clients read the same two lists; the denied one wins."""
    ours = _Ours.of(content.profiles)
    return {
        "allowedMcpServers": [{"serverUrl": one.url} for one in content.profiles],
        "deniedMcpServers": [entry for one in content.denied for entry in _denied(one, ours)],
    }


def _denied(server: FoundServer, ours: _Ours) -> list[dict[str, object]]:
    """An address with whatever follows it. A command that isn't known whole can only be named. Nothing that is to be
    had from Harriet is ever denied by it."""
    if server.kind == FoundServer.Kind.ADDRESS:
        return [{"serverUrl": pattern} for pattern in _patterns(server.target) if not ours.has(pattern)]
    if server.is_whole and server.words:
        return [{"serverCommand": server.words}]
    return [{"serverName": server.name}] if server.name not in ours.slugs and _NAME.fullmatch(server.name) else []


def _patterns(address: str) -> list[str]:
    """A host alone is no beginning of others: https://bad.example says nothing about https://bad.example.org."""
    plain = address.replace(LEFT_OUT, "*")
    return [plain + "*"] if urlsplit(plain).path else [plain, plain + "/*"]


def _codex_requirements(content: Content) -> ControlFile:
    tables = [f"[mcp_servers.{one.slug}.identity]\nurl = {json.dumps(one.url)}" for one in content.profiles]
    denied = [f"# denied, as is everything that is not named here: {show_hidden(one.target)}" for one in content.denied]
    return ControlFile(
        "codex",
        "requirements.toml",
        "Codex: what may be used",
        "Codex enables only servers with this name and this address; people can’t override it.",
        (
            ("macOS and Linux", "/etc/codex/requirements.toml"),
            ("macOS, by device management", "com.openai.codex, requirements_toml_base64"),
        ),
        "\n\n".join(filter(None, ["\n".join(denied), *(tables or ["[mcp_servers]"])])) + "\n",
    )


def _codex_defaults(content: Content) -> ControlFile:
    tables = [f"[mcp_servers.{one.slug}]\nurl = {json.dumps(one.url)}" for one in content.profiles]
    return ControlFile(
        "codex",
        "managed_config.toml",
        "Codex: the servers",
        "Codex starts with these servers. Each person signs in to Harriet with codex mcp login and the server’s name.",
        (("macOS and Linux", "/etc/codex/managed_config.toml"), ("Windows", "~\\.codex\\managed_config.toml")),
        "\n\n".join(tables) + "\n" if tables else "",
    )


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
