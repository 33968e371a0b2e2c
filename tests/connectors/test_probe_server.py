"""`manage.py probe`: Alice looks at a server before she connects it."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from connectors.inspect.probe import reach_to
from connectors.inspect.sample_values import NoSample, sample_of
from harriet.lib.egress import Reach
from tests.servers.hostile import Hostile
from tests.servers.running import sdk_server
from tests.servers.talkative import TALKATIVE

assert TALKATIVE
SECRET = "sk-canary-77aa"


@pytest.fixture
def server():
    with Hostile() as running:
        yield running


def probe(*arguments):
    """What it says, what it complains about, and its exit code."""
    said, complained = io.StringIO(), io.StringIO()
    try:
        call_command("probe", *arguments, stdout=said, stderr=complained)
    except SystemExit as ended:
        return said.getvalue(), complained.getvalue(), ended.code
    return said.getvalue(), complained.getvalue(), 0


@pytest.mark.parametrize(("flags", "era"), [((), "2026-07-28 (stateless"), (("--legacy",), "2025-11-25 (with init")])
def test_it_says_what_harriet_sees(tmp_path, flags, era):
    with sdk_server(tmp_path, *flags) as running:
        said, _, code = probe(running.url, "--header", f"Authorization: Bearer {SECRET}", "--exercise")
        called, _, call_code = probe(running.url, "--call", "echo", '{"text":"Grüße"}')
        _, _, failed = probe(running.url, "--call", "fail", "{}")
    assert code == 0
    assert "Server     sdk-fixture" in said
    assert f"Protocol   {era}" in said
    assert "look_up" in said
    assert "Used       tools/call echo answered" in said
    assert "Used       tools/call fail failed" in said
    assert {seen["headers"].get("authorization") for seen in running.requests()[:5]} == {f"Bearer {SECRET}"}
    assert (call_code, failed) == (0, 5)
    assert "Grüße" in called
    assert SECRET not in said


def test_it_finds_the_oldest_transport(server):
    said, _, code = probe(server.url("/old/sse"), "--call", "echo", '{"a":1}')
    assert "Protocol   2024-11-05 (the old transport" in said
    assert "Tools      1: echo" in said
    assert code == 0


def test_it_answers_forms_with_their_defaults(server):
    said, _, code = probe(server.url("/asks-with-tool"), "--exercise")
    assert code == 0, said
    assert '"content":{"n":1}' in said.replace(" ", "")


@pytest.mark.parametrize(
    ("path", "code", "words"),
    [
        ("/wants-oauth", 3, "tokens of https://login.example. With the scopes crm.read."),
        ("/403", 1, "refused the request (403)"),
        ("/html", 1, "Check that the URL is that of its MCP endpoint."),
        ("/503", 1, "Try again later."),
        ("/hang-up", 1, "hung up"),
    ],
)
def test_what_goes_wrong_is_said(server, path, code, words):
    said, complained, ended = probe(server.url(path), "--header", f"X-Key: {SECRET}")
    assert (said, ended) == ("", code)
    assert words in " ".join(complained.split())
    assert SECRET not in complained


def test_tools_that_break_the_protocol_are_named(server):
    said, _, code = probe(server.url("/odd-tools"), "--call", "odd", "{}")
    assert code == 5
    assert "Tools      1: even" in said
    assert "The tool “odd” can't be used: a header is asked for" in said
    assert not server.of("tools/call")


def test_harriets_rules_hold(server):
    url = server.url("/fine").replace("127.0.0.1", "127.0.0.2")
    _, complained, code = probe(url)
    assert code == 4
    assert "--internal" in complained
    assert server.connections == 0


def test_only_the_own_machine_is_internal_by_itself():
    assert reach_to("http://localhost:1/mcp", is_internal=False) == Reach(True, ("localhost",))
    assert reach_to("https://mcp.example/mcp", is_internal=False) == Reach()
    assert reach_to("https://mcp.corp/mcp", is_internal=True) == Reach(True, ("mcp.corp",))


def test_a_header_comes_from_a_file(server, tmp_path):
    file = tmp_path / "token"
    file.write_text(f"Bearer {SECRET}\n")
    probe(server.url("/legacy"), "--header", f"Authorization: @{file}")
    assert {seen.headers["authorization"] for seen in server.seen} == {f"Bearer {SECRET}"}


@pytest.mark.parametrize(
    "arguments",
    [("--header", "no colon"), ("--header", "A: @/nowhere"), ("--call", "echo", "[]"), ("--call", "e", "{")],
)
def test_wrong_usage_is_said(server, arguments):
    with pytest.raises(CommandError) as failure:
        probe(server.url("/fine"), *arguments)
    assert failure.value.returncode == 2
    assert not server.seen


@pytest.mark.parametrize(
    ("schema", "sample"),
    [
        ({"type": "object", "properties": {"a": {"type": "number"}, "b": {}}, "required": ["a"]}, {"a": 1}),
        ({"properties": {"a": {"$ref": "#/$defs/n"}}, "required": ["a"], "$defs": {"n": {"enum": ["x"]}}}, {"a": "x"}),
        ({"type": "object", "properties": {"a": {"type": "object"}}, "required": ["a"]}, {"a": {"free": 1}}),
        ({"type": "array", "items": {"type": ["null", "integer"], "minimum": 7}, "minItems": 2}, [7, 7]),
        ({"type": "string", "format": "date"}, "2026-01-31"),
        ({"type": "string", "minLength": 9}, "samplexxx"),
        ({"anyOf": [{"const": 4}]}, 4),
        ({"type": "boolean", "default": False}, False),
    ],
)
def test_arguments_are_made_up_from_schemas(schema, sample):
    assert sample_of(schema, free={"free": 1}) == sample
    assert json.dumps(sample)


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "https://example.com/schema"},
        {"$ref": "#/gone"},
        {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}},
    ],
)
def test_what_can_not_be_made_up_is_not(schema):
    with pytest.raises(NoSample):
        sample_of(schema)
