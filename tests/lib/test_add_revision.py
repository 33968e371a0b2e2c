"""The places that a new revision of the protocol touches: its line in `versions`, and everybody who reads that line."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from connectors.models import Connector
from connectors.sample.server import respond
from connectors.transports.native.eras import read_discovered, read_initialized
from harriet.lib.mcp import versions
from harriet.lib.mcp.headers import METHOD_HEADER, PROTOCOL_VERSION_HEADER
from harriet.lib.mcp.meta import CLIENT_CAPABILITIES_KEY, PROTOCOL_VERSION_KEY
from harriet.lib.mcp.versions import LEGACY_VERSIONS, MODERN_VERSION, MODERN_VERSIONS, NEWEST_LEGACY, SUPPORTED
from tests.conformance.suite import REVISIONS
from tests.conformance.test_pass_client_suite import SCENARIOS as of_clients
from tests.conformance.test_pass_suite import SCENARIOS as of_servers

ROOT = Path(__file__).parents[2]
DATE = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")
ELSEWHERE = {
    "connectors/inspect/sample_values.py": "an example of a date",
    "connectors/sample/customers.py": "since when somebody is a customer",
}


def read(path: str) -> str:
    return (ROOT / path).read_text()


def test_they_stand_in_order_and_each_in_one_era() -> None:
    assert list(LEGACY_VERSIONS) == sorted(set(LEGACY_VERSIONS))
    assert list(SUPPORTED) == sorted({*LEGACY_VERSIONS, *MODERN_VERSIONS}, reverse=True)
    assert max(MODERN_VERSIONS) == MODERN_VERSION > NEWEST_LEGACY


def test_whatever_is_new_since_a_revision_is_new_since_one_of_these() -> None:
    since = {name: value for name, value in vars(versions).items() if name.endswith("_SINCE")}
    assert since and set(since.values()) <= set(SUPPORTED)


def test_nobody_else_has_a_list_of_them() -> None:
    """A text that is a date and nothing else, outside of `versions` and of what has dates of its own."""
    found = set()
    for app in ("harriet", "connectors", "vault", "approvals", "audit"):
        for path in (ROOT / app).rglob("*.py"):
            nodes = [node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)]
            texts = [value.decode("latin-1") if isinstance(value, bytes) else value for value in nodes]
            if any(isinstance(text, str) and DATE.fullmatch(text) for text in texts):
                found.add(str(path.relative_to(ROOT)))
    assert found == {"harriet/lib/mcp/versions.py", *ELSEWHERE}


@pytest.mark.parametrize("version", LEGACY_VERSIONS)
def test_harriet_speaks_it_to_servers_and_the_sample_server_to_clients(version: str) -> None:
    said = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": version}}
    status, answer = respond({}, json.dumps(said).encode())
    assert status == 200 and answer is not None
    assert read_initialized(answer["result"]).protocol_version == version


@pytest.mark.parametrize("version", MODERN_VERSIONS)
def test_the_same_without_sessions(version: str) -> None:
    headers = {PROTOCOL_VERSION_HEADER.lower(): version, METHOD_HEADER.lower(): "server/discover"}
    meta = {PROTOCOL_VERSION_KEY: version, CLIENT_CAPABILITIES_KEY: {}}
    said = {"jsonrpc": "2.0", "id": 1, "method": "server/discover", "params": {"_meta": meta}}
    status, answer = respond(headers, json.dumps(said).encode())
    assert status == 200 and answer is not None
    assert answer["result"]["supportedVersions"] == list(SUPPORTED)
    discovery = read_discovered(answer["result"])
    assert discovery is not None and discovery.protocol_version == MODERN_VERSION


@pytest.mark.parametrize("version", SUPPORTED)
def test_the_docs_name_it_and_the_gateways_story_tells_it(version: str) -> None:
    assert version in read("docs/servers.md").split("\n\n## ")[0], "the table at the top of docs/servers.md"
    story = "gateway/test_answer_protocol.py" if version in LEGACY_VERSIONS else "stage/clients.py"
    assert f'"{version}"' in read(f"tests/{story}"), f"tests/{story} has no client that speaks it"


def test_the_oldest_and_the_newest_are_named_where_people_choose() -> None:
    assert f"from {SUPPORTED[-1]} to {SUPPORTED[0]}" in read("README.md")
    labels = dict(Connector.Era.choices)
    assert NEWEST_LEGACY in labels["legacy"] and MODERN_VERSION in labels["modern"], "connectors/models/connectors.py"


def test_the_conformance_suite_is_asked_about_the_newest_of_each_era() -> None:
    newest = {NEWEST_LEGACY, MODERN_VERSION}
    assert set(REVISIONS) == newest, "tests/conformance/suite.py"
    assert set(of_servers) == newest, "tests/conformance/test_pass_suite.py"
    assert set(of_clients) == newest, "tests/conformance/test_pass_client_suite.py"
    for revision in REVISIONS:
        assert f"### Server, {revision}," in read("docs/conformance.md")
