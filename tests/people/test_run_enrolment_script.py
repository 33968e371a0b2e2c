"""The script on a machine: it takes the code, adds to a client's settings, and tells only what it may."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from connectors.models import Profile
from harriet.people.actions.invite_device import invite_device
from harriet.people.actions.make_enrolment_code import make_enrolment_code
from harriet.people.models import AccessToken, FoundServer, ServerSighting
from tests.stage.cast import Cast, make_cast

TOOLS = ("cat", "chmod", "curl", "dirname", "head", "mkdir", "mktemp", "mv", "rm", "sed", "tr", "uname")
SHELLS = [shell for shell in ("dash", "bash") if shutil.which(shell)]


class Machine:
    """A home folder of its own, with or without Python, in front of the running Harriet."""

    def __init__(self, home: Path, url: str, shell: str = SHELLS[0], *, has_python: bool = True) -> None:
        self.home, self.shell = home, shutil.which(shell) or shell
        tools = home.parent / f"{home.name} tools"
        tools.mkdir()
        for tool in TOOLS:
            (tools / tool).symlink_to(shutil.which(tool) or tool)
        if has_python:
            (tools / "python3").symlink_to(sys.executable)
        home.mkdir()
        self.path = str(tools)
        self.script = home / "harriet.sh"
        self.script.write_text(Client().get(reverse("enrol:shell")).content.decode())

    def run(self, *flags: str, said: str = "") -> subprocess.CompletedProcess[str]:
        environment = {"HOME": str(self.home), "PATH": self.path, "TMPDIR": str(self.home.parent)}
        command = [self.shell, str(self.script), *flags]
        return subprocess.run(
            command, input=said, env=environment, capture_output=True, text=True, timeout=120, check=False
        )

    def write(self, name: str, text: str) -> Path:
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def mode(self, path: Path) -> int:
        return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def cast(live_server: Any, settings: Any) -> Cast:
    settings.BASE_URL = live_server.url
    cache.clear()
    return make_cast()


@pytest.fixture
def work(cast: Cast) -> Profile:
    profile = Profile.objects.create(organization=cast.acme, slug="work", name="Work")
    profile.groups.add(cast.sales)
    return profile


def code(cast: Cast, work: Profile, client: str) -> str:
    dana = cast.actor(cast.dana)
    one = invite_device(cast.acme, cast.dana, device_name="Laptop", actor=dana)
    given = {"device_name": "Laptop", "client": client, "profile_id": work.pk, "expires_in_days": 30}
    return make_enrolment_code(one, **given, actor=dana).reveal() + "\n"


@pytest.mark.parametrize("shell", SHELLS)
def test_cursor_keeps_what_it_has(cast: Cast, work: Profile, tmp_path: Path, live_server: Any, shell: str) -> None:
    machine = Machine(tmp_path / "home of dana", live_server.url, shell)
    before = '{\n  "theme": "dark", "mcpServers": {"other": {"url": "https://other.example/mcp"}}\n}'
    file = machine.write(".cursor/mcp.json", before)
    done = machine.run("--no-report", said=code(cast, work, "cursor"))
    assert done.returncode == 0, done.stderr
    settings = json.loads(file.read_text())
    assert settings["theme"] == "dark" and settings["mcpServers"]["other"] == {"url": "https://other.example/mcp"}
    bearer = settings["mcpServers"]["work"]["headers"]["Authorization"].removeprefix("Bearer ")
    assert bearer.startswith("hrt_dev_") and settings["mcpServers"]["work"]["url"] == work.url
    [copy] = file.parent.glob("mcp.json.before-harriet-*")
    [kept] = (machine.home / ".config/harriet").iterdir()
    assert copy.read_text() == before
    assert {machine.mode(one) for one in (file, copy, kept)} == {0o600}
    assert "hrt_dev_" not in done.stdout + done.stderr and "Laptop" in done.stdout
    again = machine.run("--again", "--no-report")
    assert again.returncode == 0 and "Nothing to change" in again.stdout
    assert len(list(file.parent.iterdir())) == 2


def test_each_client_gets_what_it_reads(cast: Cast, work: Profile, tmp_path: Path, live_server: Any) -> None:
    machine = Machine(tmp_path / "home", live_server.url)
    machine.write(".codex/config.toml", 'model = "o"\n\n[mcp_servers.docs]\nurl = "https://docs.example"\n')
    machine.write(".claude.json", '{"mcpServers": {"work": {"url": "https://mine.example"}}, "n": 1}')
    for client in ("codex", "claude-code", "vs-code", "claude-desktop", "inspector"):
        done = machine.run("--no-report", said=code(cast, work, client))
        assert done.returncode == 0, done.stderr
    codex = tomllib.loads((machine.home / ".codex/config.toml").read_text())
    assert codex["model"] == "o" and set(codex["mcp_servers"]) == {"docs", "work"}
    assert codex["mcp_servers"]["work"]["http_headers"]["Authorization"].startswith("Bearer hrt_dev_")
    claude = json.loads((machine.home / ".claude.json").read_text())
    assert claude["mcpServers"]["work"] == {"url": "https://mine.example"} and claude["n"] == 1
    assert claude["mcpServers"]["harriet-work"]["type"] == "http"
    code_file = (machine.home / ".config/Code/User/mcp.json").read_text()
    assert "hrt_dev_" not in code_file and json.loads(code_file)["inputs"][0]["password"] is True
    desktop = json.loads((machine.home / ".config/Claude/claude_desktop_config.json").read_text())
    assert desktop["mcpServers"]["work"]["env"]["AUTHORIZATION"].startswith("Bearer hrt_dev_")
    assert "HARRIET_TOKEN" in done.stdout
    assert AccessToken.objects.filter(device__name="Laptop").count() == 5


def test_a_file_that_is_not_plain_json_is_left_alone(
    cast: Cast, work: Profile, tmp_path: Path, live_server: Any
) -> None:
    machine = Machine(tmp_path / "home", live_server.url)
    file = machine.write(".cursor/mcp.json", '{ // mine\n "mcpServers": {} }')
    done = machine.run("--no-report", said=code(cast, work, "cursor"))
    assert done.returncode == 0 and "was left as it is" in done.stdout
    assert file.read_text().startswith("{ // mine")
    [paste] = (machine.home / ".config/harriet").glob("*.paste")
    assert "hrt_dev_" in paste.read_text() and machine.mode(paste) == 0o600


def test_without_python_a_new_file_is_written_and_an_old_one_left(
    cast: Cast, work: Profile, tmp_path: Path, live_server: Any
) -> None:
    machine = Machine(tmp_path / "home", live_server.url, has_python=False)
    done = machine.run(said=code(cast, work, "cursor"))
    assert done.returncode == 0, done.stderr
    assert json.loads((machine.home / ".cursor/mcp.json").read_text())["mcpServers"]["work"]["url"] == work.url
    done = machine.run(said=code(cast, work, "codex"))
    assert tomllib.loads((machine.home / ".codex/config.toml").read_text())["mcp_servers"]["work"]["url"] == work.url
    machine.write(".claude.json", "{}")
    done = machine.run(said=code(cast, work, "claude-code"))
    assert "was left as it is" in done.stdout and "needs python3" in done.stdout
    assert (machine.home / ".claude.json").read_text() == "{}"


def test_the_scripts_are_whole_and_hold_nothing_secret(cast: Cast) -> None:
    for name, file in (("enrol:shell", "harriet.sh"), ("enrol:powershell", "harriet.ps1")):
        answer = Client().get(reverse(name))
        text = answer.content.decode()
        assert file in answer["Content-Disposition"] and "@@" not in text and "hrt_" not in text.replace("|hrt|", "")
    for shell in SHELLS:
        checked = subprocess.run([shell, "-n"], input=Client().get(reverse("enrol:shell")).content, check=False)
        assert checked.returncode == 0


def test_what_is_wrong_is_said_and_nothing_is_written(
    cast: Cast, work: Profile, tmp_path: Path, live_server: Any
) -> None:
    machine = Machine(tmp_path / "home", live_server.url)
    for flags, said, sentence in (
        ([], "BCD-FGH-JKM\n", "mistyped, used or too old"),
        ([], "", "No code was entered"),
        (["--again"], "", "No credential of Harriet is here yet"),
        (["--what"], "", "does not know --what"),
    ):
        done = machine.run(*flags, said=said)
        assert done.returncode == 1 and sentence in done.stderr, done.stderr
    assert not [path for path in machine.home.rglob("*") if path.is_file() and path != machine.script]
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("tmp.")]


ENTRIES = {
    "mcpServers": {
        "notes": {"url": "https://bob:pw@notes.example/mcp?key=abc#x", "headers": {"Authorization": "Bearer hidden"}},
        "github": {
            "command": "npx",
            "args": ["-y", "@modelcontextprotocol/server-github", "--token", "ghp_secretsecretsecret"],
            "env": {"GITHUB_TOKEN": "hidden"},
        },
        "files": {"command": "npx", "args": ["-y", "@modelcontextprotocol/server-filesystem", "/home/dana"]},
    },
    "projects": {"/home/dana/secret-project": {"mcpServers": {"inner": {"url": "http://10.0.0.5:8080/mcp"}}}},
}


def test_a_report_holds_names_and_addresses_alone(cast: Cast, work: Profile, tmp_path: Path, live_server: Any) -> None:
    machine = Machine(tmp_path / "home", live_server.url)
    machine.write(".claude.json", json.dumps(ENTRIES))
    machine.write(".codex/config.toml", '[mcp_servers.docs]\ncommand = "uvx"\nargs = ["docs", "--api-key=abc"]\n')
    done = machine.run("--report", said=code(cast, work, "claude-code"))
    assert done.returncode == 0, done.stderr
    assert "Reported 5 servers" in done.stdout and "https://notes.example/mcp" in done.stdout
    targets = set(FoundServer.objects.values_list("target", flat=True))
    assert targets == {
        "https://notes.example/mcp",
        "npx -y @modelcontextprotocol/server-github --token …",
        "npx -y @modelcontextprotocol/server-filesystem /home/dana",
        "http://10.0.0.5:8080/mcp",
        "uvx docs --api-key=…",
    }
    told = done.stdout + json.dumps(list(FoundServer.objects.values("name", "target", "words")))
    assert not [word for word in ("hidden", "ghp_", "pw@", "abc", "secret-project", "hrt_dev_") if word in told]
    page = Client()
    page.force_login(cast.dana)
    assert "https://notes.example/mcp" in page.get(reverse("me:devices")).content.decode()


def test_without_an_answer_nothing_is_reported(cast: Cast, work: Profile, tmp_path: Path, live_server: Any) -> None:
    machine = Machine(tmp_path / "home", live_server.url)
    machine.write(".claude.json", json.dumps(ENTRIES))
    assert "Nothing was reported" in machine.run(said=code(cast, work, "cursor")).stdout
    assert "notes.example" not in machine.run("--again", "--no-report").stdout
    assert not ServerSighting.objects.exists()


def test_a_report_stands_in_place_of_the_last(cast: Cast, work: Profile, tmp_path: Path, live_server: Any) -> None:
    machine = Machine(tmp_path / "home", live_server.url)
    machine.write(".claude.json", json.dumps(ENTRIES))
    machine.run("--report", said=code(cast, work, "cursor"))
    machine.write(".claude.json", '{"mcpServers": {"notes": {"url": "https://notes.example/mcp"}}}')
    machine.run("--again", "--report")
    assert [one.name for one in ServerSighting.objects.all()] == ["notes"]


def test_no_secret_is_on_a_command_line(cast: Cast, work: Profile, tmp_path: Path, live_server: Any) -> None:
    """Everybody on a machine can read the words of commands: here a curl writes them down before it does its work."""
    machine = Machine(tmp_path / "home", live_server.url)
    machine.write(".claude.json", json.dumps(ENTRIES))
    real, log = shutil.which("curl"), tmp_path / "words"
    spy = Path(machine.path) / "curl"
    spy.unlink()
    spy.write_text(f'#!{machine.shell}\nprintf "%s\\n" "$@" >>"{log}"\nexec {real} "$@"\n')
    spy.chmod(0o755)
    typed = code(cast, work, "cursor")
    assert machine.run("--report", said=typed).returncode == 0
    words = log.read_text()
    assert "/enrol/take/" in words and "/enrol/report/" in words
    assert typed.strip() not in words and "hrt_dev_" not in words


def test_reports_of_anybody_else_are_refused(cast: Cast, work: Profile) -> None:
    body = json.dumps({"servers": [{"name": "x", "url": "https://x.example"}]})
    for headers in ({}, {"authorization": "Bearer hrt_dev_made-up"}, {"authorization": "Basic eA=="}):
        answer = Client(headers=headers).post(reverse("enrol:report"), body, "application/json")
        assert answer.status_code == 401 and "Bearer" in answer["WWW-Authenticate"]
    assert os.environ.get("HARRIET_TOKEN") is None and not FoundServer.objects.exists()


def test_a_home_with_a_quote_in_its_name_is_a_word_of_the_command(
    cast: Cast, work: Profile, tmp_path: Path, live_server: Any
) -> None:
    """What is to be pasted gives the credential, and runs nothing."""
    machine = Machine(tmp_path / "o'brien $(touch evil)", live_server.url)
    done = machine.run("--no-report", said=code(cast, work, "inspector"))
    assert done.returncode == 0, done.stderr
    [line] = [one for one in done.stdout.splitlines() if "export HARRIET_TOKEN" in one]
    pasted = subprocess.run(
        [machine.shell, "-c", f'{line}\nprintf %s "$HARRIET_TOKEN"'], capture_output=True, text=True, cwd=tmp_path
    )
    assert pasted.stdout.startswith("hrt_dev_") and not list(tmp_path.glob("evil"))


def test_names_that_no_window_can_show_are_told_all_the_same(
    cast: Cast, work: Profile, tmp_path: Path, live_server: Any
) -> None:
    machine = Machine(tmp_path / "home", live_server.url)
    machine.write(".cursor/mcp.json", '{"mcpServers": {"\\ud83d x": {"url": "https://odd.example/mcp"}, "n": [[[]]]}}')
    done = machine.run("--report", said=code(cast, work, "claude-code"))
    assert done.returncode == 0 and "Reported 1 server" in done.stdout, done.stderr
    assert FoundServer.objects.get().target == "https://odd.example/mcp"
