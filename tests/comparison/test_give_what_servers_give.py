"""Field by field: what real servers give directly, they give through Harriet. Lists in their order, `_meta`,
annotations, icons, structured content, and the words of errors."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker

from tests import database
from tests.clients.node import EVERYTHING, MODULES, node
from tests.comparison.comparing import RENAMED, Asking, differences, without_own
from tests.conformance.conftest import _set_up, _started
from tests.servers.running import ROOT
from tests.stage.clients import Client
from tests.stage.processes import Gateway, Process

NPM = MODULES / "@modelcontextprotocol"
BIN = Path(sys.executable).parent
LISTS = {
    "tools/list": "tools",
    "prompts/list": "prompts",
    "resources/list": "resources",
    "resources/templates/list": "resourceTemplates",
}
Request = tuple[str, dict[str, Any]]


def call(tool: str, **arguments: Any) -> Request:
    return "tools/call", {"name": tool, "arguments": arguments}


def asked(folder: Path) -> dict[str, list[Request]]:
    """Of each server: what succeeds, and what goes wrong in its own way."""
    here = str(folder / "files")
    prompt = "prompts/get", {"name": "args-prompt", "arguments": {"city": "Linz", "state": "Upper Austria"}}
    ref = {"type": "ref/prompt", "name": "completable-prompt"}
    complete = "completion/complete", {"ref": ref, "argument": {"name": "department", "value": "E"}}
    thought = {"thought": "First.", "nextThoughtNeeded": True, "thoughtNumber": 1, "totalThoughts": 2}
    return {
        "everything": [
            call("echo", message="hello"),
            call("get-sum", a=1, b=2.5),
            call("get-structured-content", location="New York"),
            call("get-tiny-image"),
            call("get-annotated-message", messageType="error", includeImage=True),
            call("get-resource-links", count=2),
            call("get-resource-reference", resourceType="Text", resourceId=1),
            ("prompts/get", {"name": "simple-prompt"}),
            prompt,
            complete,
            ("resources/read", {"uri": "demo://resource/static/document/architecture.md"}),
            ("resources/read", {"uri": "demo://resource/nowhere"}),
        ],
        "filesystem": [
            call("list_directory", path=here),
            call("read_text_file", path=f"{here}/note.txt"),
            call("read_text_file", path=f"{here}/absent.txt"),
            call("read_text_file", path="/etc/passwd"),
            call("directory_tree", path=here),
            call("get_file_info", path=f"{here}/absent"),
            call("list_allowed_directories"),
        ],
        "memory": [call("create_entities", entities=[]), call("read_graph"), call("open_nodes", names=["Dana"])],
        "thinking": [call("sequentialthinking", **thought)],
        "time": [
            call("convert_time", source_timezone="UTC", time="12:00", target_timezone="Asia/Tokyo"),
            call("get_current_time", timezone="Nowhere/Never"),
        ],
        "git": [
            call("git_log", repo_path=f"{here}/repo"),
            call("git_status", repo_path=f"{here}/repo"),
            call("git_show", repo_path=f"{here}/repo", revision="absent"),
        ],
        "sdk": [call("echo", text="hello"), call("look_up", region="eu"), call("fail"), call("count", to=2)],
        "fastmcp": [
            call("find_book", title="Emma"),
            call("find_book"),
            call("find_book", title="Emma", most_pages="many"),
            call("count_books", shelves=[1, 2]),
            call("lend_book", title="Emma"),
            ("resources/read", {"uri": "library://opening-hours"}),
            ("resources/read", {"uri": "library://shelves/7"}),
            ("resources/read", {"uri": "library://nowhere"}),
            ("prompts/get", {"name": "recommend", "arguments": {"reader": "Dana"}}),
        ],
        "typescript": [
            call("weather"),
            call("weather", city="Linz"),
            call("test_multiple_content_types"),
            call("test_error_handling"),
            ("prompts/get", {"name": "test_prompt_with_image"}),
            ("resources/read", {"uri": "test://template/1/data"}),
        ],
    }


def commands(folder: Path) -> dict[str, list[str]]:
    bridge, files = [sys.executable, "-m", "tests.servers.stdio_bridge", "{port}"], str(folder / "files")
    return {
        "filesystem": [*bridge, node(), str(NPM / "server-filesystem/dist/index.js"), files],
        "memory": [*bridge, node(), str(NPM / "server-memory/dist/index.js")],
        "thinking": [*bridge, node(), str(NPM / "server-sequential-thinking/dist/index.js")],
        "time": [*bridge, str(BIN / "mcp-server-time"), "--local-timezone", "UTC"],
        "git": [*bridge, str(BIN / "mcp-server-git"), "--repository", f"{files}/repo"],
        "sdk": [sys.executable, "-m", "tests.servers.sdk_server", "{port}", str(folder / "sdk.log")],
        "fastmcp": [sys.executable, "-m", "tests.servers.fastmcp_server", "{port}"],
        "typescript": [node(), str(ROOT / "tests/servers/both_eras.mjs"), "{port}"],
    }


class Site:
    """Harriet with all these servers behind it, each in a profile of its own."""

    def __init__(self, servers: dict[str, Process], gateway: Gateway, token: str, requests: dict[str, Any]) -> None:
        self.servers, self.gateway, self.token, self.requests = servers, gateway, token, requests

    def pair(self, name: str, era: str) -> tuple[Asking, Asking]:
        direct = Asking(f"{self.servers[name].url}/mcp", era=era)
        return direct, Asking(f"{self.gateway.url}/mcp/acme/{name}", self.token, era=era)


@pytest.fixture(scope="module")
def site(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("servers")
    _fill(folder / "files")
    with django_db_blocker.unblock(), ExitStack() as stack:
        servers = {name: _process(name, command, folder, stack) for name, command in commands(folder).items()}
        servers["everything"] = _everything(folder, stack)
        token = _set_up({name: f"{server.url}/mcp" for name, server in servers.items()}, {})
        gateway = _started(stack, Gateway(log=folder / "gateway.log"))
        assert isinstance(gateway, Gateway)
        for name in servers:
            Client(gateway, token, f"/mcp/acme/{name}").until(200)
        yield Site(servers, gateway, token, asked(folder))
        stack.close()
        database.copy_template()


def _process(name: str, command: list[str], folder: Path, stack: ExitStack) -> Process:
    memory = {"MEMORY_FILE_PATH": str(folder / "memory.json")}
    return _started(stack, Process(command, ready="/", is_ready=404, log=folder / f"{name}.log", **memory))


def _everything(folder: Path, stack: ExitStack) -> Process:
    process = Process([node(), str(EVERYTHING), "streamableHttp"], ready="/", is_ready=404, log=folder / "all.log")
    process.stop()
    process._environment["PORT"] = str(process.port)
    process.child = process._spawn()
    return _started(stack, process)


def _fill(files: Path) -> None:
    repo = files / "repo"
    repo.mkdir(parents=True)
    (files / "note.txt").write_text("Grüße\n")
    (repo / "a.txt").write_text("one\n")
    who = ["-c", "user.name=Dana", "-c", "user.email=dana@acme.example"]
    for words in (["init", "-q"], ["add", "a.txt"], ["commit", "-q", "-m", "First"]):
        subprocess.run(["git", *who, *words], cwd=repo, check=True, capture_output=True)


EVERY = [
    *((name, "legacy") for name in ("everything", "filesystem", "memory", "thinking", "time", "git")),
    *((name, era) for name in ("sdk", "typescript", "fastmcp") for era in ("legacy", "modern")),
]


@pytest.mark.parametrize(("name", "era"), EVERY)
def test_lists_are_the_servers(name: str, era: str, site: Site) -> None:
    direct, through = site.pair(name, era)
    offered = {what.partition("/")[0] for what in LISTS} & _capabilities(direct).keys()
    for method, member in LISTS.items():
        if method.partition("/")[0] in offered:
            one, other = (without_own(client.every(method, member)) for client in (direct, through))
            for entry in one["result"][member]:
                entry["name"] = RENAMED.get(entry["name"], entry["name"])
            assert differences(one, other) == [], method


@pytest.mark.parametrize(("name", "era"), EVERY)
def test_answers_are_the_servers(name: str, era: str, site: Site) -> None:
    direct, through = site.pair(name, era)
    for method, params in site.requests[name]:
        one, other = (without_own(client.ask(method, params)) for client in (direct, through))
        assert differences(one, other) == [], (method, params)


def _capabilities(client: Asking) -> dict[str, Any]:
    found = client.greeting if client.era == "legacy" else client.ask("server/discover")
    return dict(found["result"]["capabilities"])
