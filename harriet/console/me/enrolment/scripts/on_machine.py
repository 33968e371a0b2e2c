"""Runs on somebody's machine, within the enrolment script: puts Harriet into a client's file, or lists its servers.

merge ANSWER FILE: what stood in FILE stays, and a copy of it is kept beside it. list OUT: names and addresses of the
servers that are configured here, for the person to see and to send. Standard library alone, Python 3.7 or newer.
"""

from __future__ import annotations

import io
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
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a window that can't show a letter is no reason to stop
    what, *rest = arguments
    if what == "merge":
        return merge(*rest)
    return list_servers(*rest)


def merge(answer_path: str, file_path: str) -> int:
    """Either the file is written whole, or it stays as it is and the person puts Harriet into it."""
    answer = read_answer(Path(answer_path))
    path = Path(file_path).resolve()
    try:
        before = read_text(path)
        after = merged(answer, before)
        after.encode("utf-8")
        if after == before:
            say("Nothing to change: it stands in " + str(path) + " already.")
            return 0
        if before:
            say("Kept a copy of what was there: " + str(keep_copy(path)))
        write_private(path, after)
    except (ValueError, OSError, RecursionError):
        return BY_HAND
    say("Wrote " + str(path))
    return 0


def keep_copy(path: Path) -> Path:
    """Beside it; of two in the same second, each has its own."""
    first = path.name + ".before-harriet-" + time.strftime("%Y%m%d-%H%M%S")
    names = [first] + [first + "-" + str(number) for number in range(2, 1000)]
    kept = next(one for one in map(path.with_name, names) if not one.exists())
    write_private(kept, "")
    shutil.copyfile(path, kept)
    return kept


def merged(answer: dict[str, list[str]], before: str) -> str:
    """Raises ValueError for what is better done by hand."""
    settings, url = answer["settings"], answer["url"][0]
    if answer["kind"] == ["toml"]:
        return merged_table(settings, before, url)
    existing = json.loads(before) if before.strip() else {}
    if not isinstance(existing, dict):
        raise ValueError("not an object")
    result = merged_json(existing, json.loads(settings[0]), url)
    return before if result == existing else json.dumps(result, indent=2, ensure_ascii=False) + "\n"


def merged_json(existing: dict[str, Any], settings: dict[str, Any], url: str) -> dict[str, Any]:
    result = dict(existing)
    for member, value in settings.items():
        there = result.get(member)
        if there is not None and not isinstance(there, type(value)):
            raise ValueError("of another form")
        if isinstance(value, list):
            known = {json.dumps(one.get("id")) for one in there or [] if isinstance(one, dict)}
            result[member] = (there or []) + [one for one in value if json.dumps(one.get("id")) not in known]
        else:
            texts = {name: json.dumps(server) for name, server in (there or {}).items()}
            named = {free_name(name, texts, url): server for name, server in value.items()}
            result[member] = dict(there or {}, **named)
    return result


def free_name(name: str, there: dict[str, str], url: str) -> str:
    """A server of another address keeps its name: Harriet's gets another one. `there`: what stands under each name."""
    names = [name, "harriet-" + name] + ["harriet-" + name + "-" + str(number) for number in range(2, 1000)]
    return next(one for one in names if one not in there or leads_to(there[one], url))


def leads_to(text: str, url: str) -> bool:
    return json.dumps(url) in text or "'" + url + "'" in text


def is_ours(server: Any) -> bool:
    return (BASE_URL + "/mcp/") in json.dumps(server)


def merged_table(lines: list[str], before: str, url: str) -> str:
    """Of TOML: the table of this address is replaced, or stands at the end. Raises ValueError."""
    sections = sections_of(before)
    texts: dict[str, str] = {}
    for server, section in sections:
        texts[server] = texts.get(server, "") + "\n".join(section)
    name = free_name(lines[0][1:-1].partition(".")[2], texts, url)
    kept = [line for server, section in sections if server != name for line in section]
    body = "\n".join(kept).rstrip()
    after = (body + "\n\n" if body else "") + "\n".join(["[mcp_servers." + name + "]", *lines[1:]]) + "\n"
    check_table(before, after, name)
    return after


def sections_of(text: str) -> list[tuple[str, list[str]]]:
    """Its lines, by the server that their table is of; of none for others. What looks like a table within a text of
    several lines is none. Raises ValueError for servers that are written in another way than as tables."""
    sections: list[tuple[str, list[str]]] = [("", [])]
    quote = ""
    for line in text.splitlines():
        if not quote and re.match(r"^\s*\[", line):
            header = re.match(r"^\s*\[\s*mcp_servers\s*\.\s*(\"[^\"]+\"|'[^']+'|[A-Za-z0-9_-]+)\s*[.\]]", line)
            if re.match(r"^\s*\[\s*mcp_servers\s*\]", line):
                raise ValueError("a table of all servers")
            sections.append((header.group(1).strip("\"'") if header else "", []))
        elif not quote and re.match(r"^\s*[\"']?mcp_servers[\"']?\s*[.=]", line):
            raise ValueError("servers in one line")
        sections[-1][1].append(line)
        quote = still_open(line, quote)
    return sections


def still_open(line: str, quote: str) -> str:
    """The marks of a text of several lines that goes on after this line."""
    for mark in re.findall(r"\"\"\"|'''", line):
        quote = "" if mark == quote else quote or mark
    return quote


def check_table(before: str, after: str, name: str) -> None:
    """Where this Python can read TOML: nothing but this one server is another. Raises ValueError."""
    try:
        import tomllib
    except ImportError:
        return
    old, new = (tomllib.loads(text) for text in (before, after))
    for settings in (old, new):
        servers = settings.setdefault("mcp_servers", {})
        servers.pop(name, None)
    if old != new:
        raise ValueError("something else would change")


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
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        part.replace(path)
    except OSError:
        part.unlink()
        raise


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
    except (ValueError, OSError, RecursionError):
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
