"""What stands in a client's file stays as it is when the enrolment script puts Harriet into it, or nothing is written
at all: it is somebody's work."""

from __future__ import annotations

import json
import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest

from harriet.console.me.client_files import WRITTEN, settings_lines
from harriet.console.me.clients import ServerEntry
from harriet.console.me.enrolment.answers import as_lines
from harriet.console.me.enrolment.scripts import on_machine

URL = "https://harriet.example/mcp/acme/work"
ELSEWHERE = "https://harriet.example/mcp/globex/work"


class Machine:
    """A client's file, and what Harriet answered for it."""

    def __init__(self, folder: Path, client: str, url: str = URL, token: str = "hrt_dev_new") -> None:
        file = WRITTEN[client]
        self.answer, self.file = folder / "answer", folder / "settings" / "file"
        lines = settings_lines(file, ServerEntry("work", url, token))
        self.answer.write_text(as_lines({"kind": file.kind, "url": url, "settings": lines}))
        self.file.parent.mkdir(exist_ok=True)

    def merge(self, before: str | bytes | None = None) -> bool:
        """Whether it was written, or needed no writing."""
        if before is not None:
            self.file.write_bytes(before if isinstance(before, bytes) else before.encode())
        return on_machine.main(["merge", str(self.answer), str(self.file)]) == 0

    @property
    def toml(self) -> dict[str, Any]:
        return tomllib.loads(self.file.read_text())

    @property
    def servers(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.file.read_text())["mcpServers"]
        return found


CODEX = '''model = "o" # mine
developer_instructions = """
[mcp_servers.work]
stays, as it is a text
"""
notify = [
  "a",
]

[mcp_servers.docs]
command = "uvx"
args = ["docs"]

[mcp_servers.docs.env]
KEY = "x"

[profiles.fast]
model = "m"
'''
TAKEN = '\n[mcp_servers.work]\nurl = "https://mine.example/mcp"\n'


@pytest.mark.parametrize("spelling", ["[mcp_servers.work]", '[mcp_servers."work"]', "[ mcp_servers . 'work' ]"])
def test_a_table_of_somebody_elses_keeps_its_name(tmp_path: Path, spelling: str) -> None:
    machine = Machine(tmp_path, "codex")
    assert machine.merge(CODEX + TAKEN.replace("[mcp_servers.work]", spelling))
    before, after = tomllib.loads(CODEX + TAKEN), machine.toml
    assert after["mcp_servers"].pop("harriet-work")["url"] == URL and after == before
    once = machine.file.read_text()
    assert machine.merge() and machine.file.read_text() == once, "run twice"


def test_a_table_of_ours_gets_the_new_credential_in_its_place(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "codex", token="hrt_dev_old")
    assert machine.merge(CODEX)
    machine = Machine(tmp_path, "codex")
    assert machine.merge()
    assert "hrt_dev_old" not in machine.file.read_text() and set(machine.toml["mcp_servers"]) == {"docs", "work"}


@pytest.mark.parametrize(
    "before",
    [
        'mcp_servers = { work = { url = "https://mine.example" } }\n',
        'mcp_servers.work.url = "https://mine.example"\n',
        '[mcp_servers]\nwork = { url = "https://mine.example" }\n',
        "model = \n",
        'model = "o"\n[mcp_servers.docs\n',
        b"\xff\xfem\x00o\x00d\x00e\x00l\x00",
    ],
)
def test_tables_in_another_form_are_left_to_the_person(tmp_path: Path, before: str | bytes) -> None:
    machine = Machine(tmp_path, "codex")
    assert not machine.merge(before)
    assert machine.file.read_bytes() == (before if isinstance(before, bytes) else before.encode())
    assert [one.name for one in machine.file.parent.iterdir()] == ["file"], "neither a copy nor a part is left"


def test_servers_of_other_addresses_keep_their_names(tmp_path: Path) -> None:
    mine = {"work": {"url": "https://mine.example"}, "harriet-work": {"url": ELSEWHERE}}
    machine = Machine(tmp_path, "cursor")
    assert machine.merge(json.dumps({"mcpServers": mine, "n": 1.5, "ü": "\U0001f600"}))
    assert machine.servers["harriet-work-2"]["url"] == URL
    assert {name: machine.servers[name] for name in mine} == mine
    assert machine.merge() and len(machine.servers) == 3, "run twice"


def test_the_same_name_in_two_organizations_is_two_servers(tmp_path: Path) -> None:
    assert Machine(tmp_path, "claude-desktop", ELSEWHERE).merge("{}")
    machine = Machine(tmp_path, "claude-desktop")
    assert machine.merge()
    assert ELSEWHERE in machine.servers["work"]["args"] and URL in machine.servers["harriet-work"]["args"]


@pytest.mark.parametrize(
    ("client", "before"),
    [
        ("cursor", b"\xff\xfe{\x00}\x00"),
        ("cursor", '{"mcpServers": [1]}'),
        ("cursor", '{"mcpServers": "none"}'),
        ("cursor", '{"name": "\\ud800"}'),
        ("cursor", "[" * 5000),
        ("vs-code", '{"inputs": {"a": 1}}'),
        ("vs-code", '{"inputs": "none", "servers": {}}'),
    ],
)
def test_what_can_not_be_read_is_left_as_it_is(tmp_path: Path, client: str, before: str | bytes) -> None:
    machine = Machine(tmp_path, client)
    assert not machine.merge(before)
    assert machine.file.read_bytes() == (before if isinstance(before, bytes) else before.encode())
    assert [one.name for one in machine.file.parent.iterdir()] == ["file"]


def test_odd_entries_beside_it_are_no_hindrance(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "vs-code")
    before = {"inputs": [{"id": ["x"]}, 7, {"id": "harriet-token", "type": "mine"}], "servers": {"a": None}}
    assert machine.merge(json.dumps(before))
    after = json.loads(machine.file.read_text())
    assert after["inputs"] == before["inputs"] and set(after["servers"]) == {"a", "work"}


def test_each_change_keeps_a_copy_of_its_own(tmp_path: Path) -> None:
    """Two in the same second, as `--again` makes them: the first copy is what the person had."""
    assert Machine(tmp_path, "cursor").merge('{"mcpServers": {}}')
    assert Machine(tmp_path, "cursor", ELSEWHERE).merge()
    copies = sorted(tmp_path.glob("settings/file.before-harriet-*"), key=lambda one: len(one.read_text()))
    assert [len(json.loads(one.read_text())["mcpServers"]) for one in copies] == [0, 1]
    assert {stat.S_IMODE(one.stat().st_mode) for one in copies} == {0o600}


def test_a_link_to_the_file_stays_a_link(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "cursor")
    kept = tmp_path / "dotfiles.json"
    kept.write_text("{}")
    machine.file.symlink_to(kept)
    assert machine.merge() and machine.file.is_symlink() and URL in kept.read_text()


def test_a_place_that_is_no_file_is_left_to_the_person(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "cursor")
    machine.file.mkdir()
    assert not machine.merge() and machine.file.is_dir()
