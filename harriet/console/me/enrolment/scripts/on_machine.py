"""Runs on somebody's machine, within the enrolment script: puts Harriet into a client's file, or lists its servers.

merge ANSWER FILE: what stood in FILE stays, and a copy of it is kept beside it. list OUT: names and addresses of the
servers that are configured here, for the person to see and to send. Standard library alone, Python 3.7 or newer.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from harriet.people.machine_report import clean_server

BASE_URL = "@@BASE_URL@@"
CLIENTS = r"""@@CLIENTS@@"""
"""A JSON list: where each client keeps its servers."""
BY_HAND = 3
"""The answer of this program when the file is better changed by hand."""


def main(arguments: list[str]) -> int:
    what, *rest = arguments
    if what == "merge":
        return merge(*rest)
    return list_servers(*rest)


def merge(answer_path: str, file_path: str) -> int:
    answer = read_answer(Path(answer_path))
    path = Path(file_path).resolve()
    before = read_text(path)
    try:
        after = merged(answer, before)
    except ValueError:
        return BY_HAND
    if after == before:
        say("Nothing to change: it stands in " + str(path) + " already.")
        return 0
    if before:
        kept = path.with_name(path.name + ".before-harriet-" + time.strftime("%Y%m%d-%H%M%S"))
        write_private(kept, "")
        shutil.copyfile(path, kept)
        say("Kept a copy of what was there: " + str(kept))
    write_private(path, after)
    say("Wrote " + str(path))
    return 0


def merged(answer: dict[str, list[str]], before: str) -> str:
    settings = answer["settings"]
    if answer["kind"] == ["toml"]:
        return merged_table(settings, before)
    existing = json.loads(before) if before.strip() else {}
    if not isinstance(existing, dict):
        raise ValueError("not an object")
    result = merged_json(existing, json.loads(settings[0]))
    return before if result == existing else json.dumps(result, indent=2, ensure_ascii=False) + "\n"


def merged_json(existing: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """A server of another address keeps its name: Harriet's gets another one."""
    result = dict(existing)
    for member, value in settings.items():
        there = result.get(member)
        if isinstance(value, list):
            known = {one.get("id") for one in there or [] if isinstance(one, dict)}
            result[member] = (there or []) + [one for one in value if one.get("id") not in known]
        elif there is None or isinstance(there, dict):
            named = {free_name(name, there or {}): server for name, server in value.items()}
            result[member] = dict(there or {}, **named)
        else:
            raise ValueError("not an object")
    return result


def free_name(name: str, there: dict[str, Any]) -> str:
    taken = there.get(name)
    return name if taken is None or is_ours(taken) else "harriet-" + name


def is_ours(server: Any) -> bool:
    return (BASE_URL + "/mcp/") in json.dumps(server)


def merged_table(lines: list[str], before: str) -> str:
    """Of TOML: the table with this name is replaced, or stands at the end."""
    name = lines[0][1:-1]
    kept: list[str] = []
    is_inside = False
    for line in before.splitlines():
        header = re.match(r"^\s*\[+\s*([^\]]+?)\s*\]+", line)
        if header:
            is_inside = header.group(1) == name or header.group(1).startswith(name + ".")
        if not is_inside:
            kept.append(line)
    body = "\n".join(kept).rstrip()
    return (body + "\n\n" if body else "") + "\n".join(lines) + "\n"


def read_answer(path: Path) -> dict[str, list[str]]:
    answer: dict[str, list[str]] = {}
    for line in read_text(path).splitlines():
        key, _, value = line.partition("=")
        answer.setdefault(key, []).append(value)
    return answer


def read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return ""


def write_private(path: Path, text: str) -> None:
    """Whole or not at all; nobody else on the machine reads it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".harriet-part")
    descriptor = os.open(str(part), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    part.replace(path)


def say(text: str) -> None:
    sys.stdout.write(text + "\n")


def list_servers(out: str) -> int:
    found = [server for client in json.loads(CLIENTS) for server in servers_of(client)]
    write_private(Path(out), json.dumps({"servers": found}))
    for server in found:
        say("  {client}: {name}, ".format(**server) + (server.get("url") or " ".join(server["command"])))
    return 0


def servers_of(client: dict[str, Any]) -> list[dict[str, Any]]:
    path = Path.home() / client[system()]
    try:
        text = read_text(path)
        groups = tables_of(text) if client["kind"] == "toml" else groups_of(json.loads(text or "{}"), client["servers"])
    except (ValueError, OSError):
        return []
    found = []
    for name, server in ((name, server) for group in groups for name, server in group.items()):
        if not isinstance(server, dict) or is_ours(server):
            continue
        url = next((server[key] for key in ("url", "serverUrl", "httpUrl") if server.get(key)), None)
        told = clean_server(name, url, server.get("command"), server.get("args"))
        if told:
            found.append(dict(told, client=client["name"]))
    return found


def groups_of(settings: Any, member: str) -> list[dict[str, Any]]:
    """Also those of single projects, without saying which."""
    groups = []
    if isinstance(settings, dict):
        projects = settings.get("projects")
        inner = list(projects.values()) if isinstance(projects, dict) else []
        for one in [settings, *inner]:
            if isinstance(one, dict) and isinstance(one.get(member), dict):
                groups.append(one[member])
    return groups


def tables_of(text: str) -> list[dict[str, Any]]:
    """The servers of a TOML file, as far as they are texts and lists of texts in one line, which JSON reads alike."""
    servers: dict[str, Any] = {}
    inside: dict[str, Any] | None = None
    for line in text.splitlines():
        header = re.match(r'^\s*\[\s*mcp_servers\.("?)([^\]"]+)\1\s*\]', line)
        member = re.match(r"^\s*(url|command|args)\s*=\s*(.+?)\s*$", line)
        if header:
            inside = servers.setdefault(header.group(2), {})
        elif re.match(r"^\s*\[", line):
            inside = None
        elif inside is not None and member:
            inside[member.group(1)] = plain_value(member.group(2))
    return [servers]


def plain_value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        quoted = re.match(r"^'([^']*)'", text)
        return quoted.group(1) if quoted else None


def system() -> str:
    return "darwin" if sys.platform == "darwin" else "windows" if os.name == "nt" else "linux"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
