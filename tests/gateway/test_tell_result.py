"""Whatever a server answers, client and audit log are told what happened, in a form that the client can read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import mcp_types
import pytest

from tests.stage.clients import Client, ModernClient
from tests.stage.connectors import tools
from tests.stage.credentials import SECRET
from tests.stage.log import Log
from tests.stage.office import Office
from tests.stage.processes import Answer, Gateway, Upstream

ODD = {
    "dangling": {"type": "object", "properties": {"v": {"$ref": "#/$defs/none"}}},
    "draft4": {"type": "object", "properties": {"v": {"maximum": 5, "exclusiveMaximum": True}}},
    "pattern": {"type": "object", "properties": {"v": {"type": "string", "pattern": r"^[\s\S]{1,65536}$"}}},
    "none": {"type": "object", "properties": None, "required": "v"},
    "bomb": {
        "type": "object",
        "allOf": [{"$ref": "#/$defs/d0"}],
        "$defs": {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(40)} | {"d40": {}},
    },
    "number": {"type": "object", "properties": {"v": {"type": "number"}}, "required": ["v"]},
}
WARM = '"content":[{"type":"text","text":"warm"}]'


@pytest.fixture(scope="module")
def office(shared_office: Office, _gateway: Gateway) -> Office:
    definitions = [{"name": f"say_{name}", "inputSchema": {}, "outputSchema": schema} for name, schema in ODD.items()]
    tools(shared_office.crm, shared_office.cast.sales, definitions)
    shared_office.wait_until_known(_gateway)
    return shared_office


@pytest.fixture
def dana(office: Office, _gateway: Gateway) -> Client:
    return Client(_gateway, office.token)


@pytest.fixture
def modern_dana(office: Office, _gateway: Gateway) -> ModernClient:
    return ModernClient(_gateway, office.token)


@pytest.fixture
def log(office: Office) -> Log:
    return Log(office.cast.acme.id)


@pytest.fixture
def says(dana: Client, upstream: Upstream) -> Iterator[Callable[..., Answer]]:
    """Lets the server answer with this; the call reached it exactly once."""

    def say(result: str, name: str = "say", client: Client | None = None, **more: Any) -> Answer:
        upstream.forget()
        meta = {"progressToken": "mine"} if "events" in more else {}
        answer = (client or dana).call(name, {"result": result, **more}, **meta)
        assert len(upstream.calls) == 1
        assert answer.status == 200
        assert b'"id":null' not in answer.body
        return answer

    yield say


def outcome(log: Log) -> tuple[str, str]:
    (event,) = log.events("call.outcome")
    return event["outcome"], event.get("reason", "")


def read(answer: Answer) -> mcp_types.CallToolResult:
    """As the official Python client reads it."""
    return mcp_types.CallToolResult.model_validate_json(json.dumps(answer.result))


@pytest.mark.parametrize(
    ("name", "fits", "misfit"),
    [
        ("dangling", '{"v":1}', None),
        ("draft4", '{"v":4}', '{"v":5}'),
        ("pattern", '{"v":"a\\nb"}', '{"v":""}'),
        ("none", '{"v":1}', "[1]"),
        ("number", '{"v":1}', '{"v":"1"}'),
    ],
)
def test_an_answer_is_checked_as_far_as_its_schema_can_be(
    says: Callable[..., Answer], log: Log, office: Office, name: str, fits: str, misfit: str | None
) -> None:
    answer = says(f'{{{WARM},"structuredContent":{fits}}}', f"say_{name}")
    assert answer.result["structuredContent"] == json.loads(fits)
    assert outcome(log) == ("ok", "")
    if misfit is not None:
        log = Log(office.cast.acme.id)
        answer = says(f'{{{WARM},"structuredContent":{misfit}}}', f"say_{name}")
        assert answer.result["isError"] is True
        assert "carried out the call" in answer.text
        assert "output schema" in answer.text
        word, reason = outcome(log)
        assert (word, reason) == ("error", answer.text)


def test_a_schema_that_cannot_be_compiled_lets_the_answer_through(says: Callable[..., Answer], log: Log) -> None:
    answer = says(f'{{{WARM},"structuredContent":{{"v":1}}}}', "say_bomb")
    assert answer.result["structuredContent"] == {"v": 1}
    word, reason = outcome(log)
    assert word == "ok"
    assert reason.startswith("The answer was passed on unchecked.")


def test_a_promise_that_was_not_kept_is_noted(says: Callable[..., Answer], log: Log) -> None:
    assert says(f"{{{WARM}}}", "say_number").text == "warm"
    assert outcome(log) == ("ok", "The structured content that the tool promises was not there.")


LARGE = [
    *("1e400", "-1E400", "1e-400", "-0", "0.10", "18446744073709551615", "7960607143101464576", "9007199254740993"),
    *("123456789012345678901234567890.5", "9" * 400, "1" * 5000),
]


@pytest.mark.parametrize("number", LARGE, ids=[number[:24] for number in LARGE])
def test_a_number_beyond_a_double_is_passed_on_as_it_was_written(
    says: Callable[..., Answer], modern_dana: ModernClient, log: Log, number: str
) -> None:
    raw = f'{{{WARM},"structuredContent":{{"v":{number}}},"_meta":{{"v":{number}}},"more":{number}}}'
    for name, client in (("say", None), ("say_number", None), ("say_number", modern_dana)):
        body = says(raw, name, client).body
        assert body.count(f'"v":{number}'.encode()) == 2
        assert f'"more":{number}'.encode() in body
    assert {event["outcome"] for event in log.events("call.outcome", wanted=3)} == {"ok"}


def test_numbers_of_errors_and_notifications_are_passed_on_too(says: Callable[..., Answer], log: Log) -> None:
    error = '{"code":4711,"message":"no","data":{"v":1e400,"w":-0}}'
    answer = says("", error=error)
    assert (answer.error["code"], answer.error["message"]) == (4711, "no")
    assert b'"v":1e400,"w":-0' in answer.body
    assert outcome(log) == ("error", "The server refused the call (4711): “no”.")
    event = '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":TOKEN,"progress":%s%s}}'
    log_event = '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"error","data":{"v":1e400}}}'
    events = [event % ("1", ',"total":1e400'), log_event, event % ("1e400", ""), event % ("2", ""), event % ('"3"', "")]
    answer = says(f"{{{WARM}}}", events=events)
    lines = [line for line in answer.body.split(b"\n") if line.startswith(b"data: {")]
    assert [b"1e400" in line for line in lines] == [True, True, True, False]
    assert answer.text == "warm"


def test_a_kind_that_is_null_is_none(says: Callable[..., Answer], log: Log) -> None:
    assert says(f'{{{WARM},"resultType":null}}').text == "warm"
    assert outcome(log)[0] == "ok"


def test_what_is_said_before_the_answer_is_a_message_that_clients_can_read(says: Callable[..., Answer]) -> None:
    log = '{"method":"notifications/message","params":%s}'
    events = [
        log % '{"level":"error","data":1,"logger":5,"_meta":"x"}',
        '{"jsonrpc":"1.0",' + (log % '{"level":"error","data":null,"_meta":{"y":1}}')[1:],
        log % '{"level":"loud","data":3}',
        log % '{"level":"error"}',
        log % '"error"',
        '{"jsonrpc":"2.0","method":"notifications/elicitation/complete","params":{"elicitationId":"nobody asked"}}',
    ]
    answer = says(f"{{{WARM}}}", events=events)
    message = {"jsonrpc": "2.0", "method": "notifications/message"}
    assert answer.messages[:-1] == [
        {**message, "params": {"level": "error", "data": 1}},
        {**message, "params": {"level": "error", "data": None, "_meta": {"y": 1}}},
    ]
    assert answer.text == "warm"


@pytest.mark.parametrize("code", ["1e400", '"text"', "null", "5.5", "true"])
def test_an_error_with_a_code_that_is_none_keeps_its_words(says: Callable[..., Answer], log: Log, code: str) -> None:
    answer = says("", error=f'{{"code":{code},"message":"quota used up"}}')
    assert answer.result["isError"] is True
    assert "quota used up" in answer.text
    assert outcome(log) == ("error", answer.text)


def test_a_code_that_few_clients_can_read_becomes_one_that_all_can(says: Callable[..., Answer]) -> None:
    error = says("", error='{"code":99999999999999999999,"message":"quota used up"}').error
    assert (error["code"], error["message"]) == (-32603, "The server refused the call: quota used up")


HALF = "\\ud83d"


def test_half_a_surrogate_pair_costs_itself_alone(says: Callable[..., Answer], log: Log, office: Office) -> None:
    content = f'"content":[{{"type":"text","text":"before {HALF} after \\ud83d\\ude00 \\\\ud83d"}}]'
    structured = f'"structuredContent":{{"{HALF}":"{HALF}","v":1.50}}'
    answer = says(f'{{{content},{structured},"_meta":{{"x":"{HALF}"}}}}')
    assert answer.text == "before \ufffd after 😀 \\ud83d"
    assert answer.result["structuredContent"] == {"\ufffd": "\ufffd", "v": 1.5}
    assert answer.result["_meta"]["x"] == "\ufffd"
    assert b'"v":1.50' in answer.body
    read(answer)
    word, reason = outcome(log)
    assert word == "ok"
    assert "replaced" in reason


def test_half_a_pair_in_errors_notifications_and_a_low_half(says: Callable[..., Answer]) -> None:
    error = says("", error=f'{{"code":1,"message":"no {HALF}","data":"\\ude00"}}').error
    assert error == {"code": 1, "message": "no \ufffd", "data": "\ufffd"}
    progress = f'"method":"notifications/progress","params":{{"progressToken":TOKEN,"progress":1,"message":"{HALF}"}}'
    note = f'"method":"notifications/message","params":{{"level":"error","data":"{HALF}"}}'
    answer = says(f"{{{WARM}}}", events=[f'{{"jsonrpc":"2.0",{event}}}' for event in (progress, note)])
    assert answer.messages[0]["params"]["message"] == "\ufffd"
    assert answer.messages[1]["params"]["data"] == "\ufffd"
    assert answer.text == "warm"


@pytest.mark.parametrize(
    ("raw", "more", "text"),
    [
        ('{"content":[{"type":"text","text":"aHEXb"}]}', {"hex": "ff"}, "a\ufffdb"),
        ('{"content":[{"type":"text","text":"aHEXb"}]}', {"hex": "eda0bd"}, "a\ufffd\ufffd\ufffdb"),
        ('{"content":[{"type":"text","text":"aHEXb"}]}', {"hex": "0a09"}, "a\n\tb"),
        ('{"content":[{"type":"text","text":"a"}],"structuredContent":{"v":NaN,"w":-Infinity,"x":"NaN"}}', {}, "a"),
    ],
    ids=["invalid UTF-8", "an encoded surrogate", "control characters", "NaN and infinity"],
)
def test_bytes_that_are_no_json_cost_themselves_alone(
    says: Callable[..., Answer], log: Log, raw: str, more: dict[str, str], text: str
) -> None:
    answer = says(raw, **more)
    assert answer.text == text
    if "NaN" in raw:
        assert answer.result["structuredContent"] == {"v": None, "w": None, "x": "NaN"}
    word, reason = outcome(log)
    assert word == "ok"
    assert reason


def test_of_two_members_of_one_name_the_last_one_counts_as_for_every_client(says: Callable[..., Answer]) -> None:
    answer = says(f'{{{WARM},"structuredContent":{{"v":"x","v":1}}}}', "say_number")
    assert answer.result["structuredContent"] == {"v": 1}


UNREADABLE = ['{"content":[}', '{"content":', "[" * 200 + "]" * 200, '{"a":"\\x41"}']


@pytest.mark.parametrize("raw", UNREADABLE, ids=["broken", "cut off", "too deep", "an escape that is none"])
def test_an_answer_that_cannot_be_read_says_that_nobody_knows(
    says: Callable[..., Answer], modern_dana: ModernClient, log: Log, raw: str
) -> None:
    for client in (None, modern_dana):
        answer = says(raw, client=client)
        assert answer.result["isError"] is True
        assert "can't be read" in answer.text
        assert answer.text.endswith("Whether it carried out the call is not known; look before you repeat it.")
        assert "not made" not in answer.text
    events = log.events("call.outcome", wanted=2)
    assert {(event["outcome"], event["reason"]) for event in events} == {("error", answer.text)}


@pytest.mark.parametrize("raw", ["5", "null", '"text"', "[1]", "true", '{"resultType":"later"}'])
def test_a_result_that_is_no_result_says_that_the_call_ran(says: Callable[..., Answer], log: Log, raw: str) -> None:
    answer = says(raw)
    assert answer.result["isError"] is True
    assert "carried out the call, but its answer was not passed on" in answer.text
    assert outcome(log) == ("error", answer.text)


MENDED: list[tuple[str, list[dict[str, Any]]]] = [
    ("{}", []),
    ('{"content":null}', []),
    ('{"structuredContent":{"v":1e400}}', [{"type": "text", "text": '{"v":1e400}'}]),
    ('{"content":"hello"}', [{"type": "text", "text": "hello"}]),
    ('{"content":{"type":"text","text":"one"}}', [{"type": "text", "text": "one"}]),
    ('{"content":["hello",5,null]}', [{"type": "text", "text": text} for text in ("hello", "5", "null")]),
    ('{"content":[{"text":"no type"}]}', [{"type": "text", "text": "no type"}]),
    ('{"content":[{"type":"text","text":null}]}', [{"type": "text", "text": ""}]),
    ('{"content":[{"type":"text","text":7}]}', [{"type": "text", "text": "7"}]),
    (
        '{"content":[{"type":"text","text":"a","annotations":null,"_meta":null}]}',
        [{"type": "text", "text": "a"}],
    ),
    (
        '{"content":[{"type":"image","data":"AAAA"}]}',
        [{"type": "image", "data": "AAAA", "mimeType": "application/octet-stream"}],
    ),
    (
        '{"content":[{"type":"resource_link","uri":"file:///a"}]}',
        [{"type": "resource_link", "uri": "file:///a", "name": "file:///a"}],
    ),
    (
        '{"content":[{"type":"resource","resource":{"uri":"file:///a","mimeType":null,"text":"b"}}]}',
        [{"type": "resource", "resource": {"uri": "file:///a", "text": "b"}}],
    ),
    ('{"content":[{"type":"image"}]}', [{"type": "text", "text": '{"type":"image"}'}]),
]


@pytest.mark.parametrize(("raw", "content"), MENDED, ids=[raw for raw, _ in MENDED])
def test_a_result_is_put_right_where_its_meaning_is_clear(
    says: Callable[..., Answer], modern_dana: ModernClient, log: Log, raw: str, content: list[dict[str, Any]]
) -> None:
    for client in (None, modern_dana):
        answer = says(raw, client=client)
        assert answer.result["content"] == content
        read(answer)
    for event in log.events("call.outcome", wanted=2):
        assert event["outcome"] == "ok"
        assert "put right" in event["reason"]


@pytest.mark.parametrize(
    ("flag", "is_error"),
    [("true", True), ('"true"', True), ("1", True), ('"yes"', True), ("false", False), ("null", False), ("0", False)],
)
def test_an_error_flag_of_another_type_is_read_as_it_was_meant(
    says: Callable[..., Answer], log: Log, flag: str, is_error: bool
) -> None:
    answer = says(f'{{{WARM},"isError":{flag}}}')
    assert answer.result["isError"] is is_error
    assert outcome(log)[0] == ("error" if is_error else "ok")


def test_a_meta_that_is_no_object_gives_way(says: Callable[..., Answer]) -> None:
    for meta in ("null", "[1]", '"x"'):
        assert list(says(f'{{{WARM},"_meta":{meta}}}').result["_meta"]) == ["harriet/requestId"]


def test_what_is_well_formed_or_not_known_yet_keeps_its_bytes(says: Callable[..., Answer]) -> None:
    content = (
        '[{"type":"text","text":"a\\u0062c\\/","annotations":{"audience":["user"],"priority":1.0}},'
        '{"type":"hologram","beam":1.50,"text":null}]'
    )
    body = says(f'{{"content":{content},"structuredContent":{{"v":1.0e0}},"futureField":[1E1]}}').body.decode()
    assert f'"content":{content}' in body
    assert '"structuredContent":{"v":1.0e0},"futureField":[1E1]' in body


def test_what_was_put_right_holds_no_secret(says: Callable[..., Answer]) -> None:
    answer = says(json.dumps({"content": [{"text": f"it is {SECRET}"}], "isError": "no"}))
    assert answer.text == "it is [redacted]"


class Session(Client):
    """A client of an older revision."""

    def __init__(self, gateway: Gateway, token: str, revision: str) -> None:
        super().__init__(gateway, token)
        self._revision, self._session = "", ""
        begun = self.request("initialize", {"protocolVersion": revision, "capabilities": {}, "clientInfo": {}})
        assert begun.result["protocolVersion"] == revision
        self._revision, self._session = revision, begun.headers["mcp-session-id"]

    def headers(self, message: dict[str, Any]) -> dict[str, str]:
        headers = super().headers(message)
        del headers["mcp-protocol-version"]
        session = {"mcp-session-id": self._session} if self._session else {}
        return headers | session | ({"mcp-protocol-version": self._revision} if self._revision >= "2025-06-18" else {})


NEWER = (
    '"content":[{"type":"audio","data":"AAAA","mimeType":"audio/wav"},'
    '{"type":"resource_link","uri":"file:///a","name":"a","title":"A file","description":"What it is"}]'
)


def test_an_older_client_gets_what_its_revision_has(
    says: Callable[..., Answer], _gateway: Gateway, office: Office, modern_dana: ModernClient
) -> None:
    kinds: dict[str, list[str]] = {
        "2024-11-05": ["text", "text"],
        "2025-03-26": ["audio", "text"],
        "2025-06-18": ["audio", "resource_link"],
        "2025-11-25": ["audio", "resource_link"],
    }
    for revision, expected in kinds.items():
        client = Session(_gateway, office.token, revision)
        result = says(f"{{{NEWER}}}", client=client).result
        assert [block["type"] for block in result["content"]] == expected
        has_structure = "structuredContent" in says(f'{{{WARM},"structuredContent":{{"v":1}}}}', client=client).result
        assert has_structure == (revision >= "2025-06-18")
        if expected[1] == "text":
            assert result["content"][1]["text"] == "A file: file:///a\nWhat it is"
        assert says('{"content":[],"structuredContent":{"v":1}}', client=client).result["content"] == (
            [] if has_structure else [{"type": "text", "text": '{"v":1}'}]
        )
    assert [block["type"] for block in says(f"{{{NEWER}}}", client=modern_dana).result["content"]] == kinds[
        "2025-11-25"
    ]


@pytest.mark.parametrize("structured", ["[1,2]", '"text"', "5", "1e400", "true", "null"])
def test_structured_content_that_is_no_object_is_for_newer_clients(
    says: Callable[..., Answer], dana: Client, modern_dana: ModernClient, structured: str
) -> None:
    raw = f'{{"content":[],"structuredContent":{structured}}}'
    assert f'"structuredContent":{structured}'.encode() in says(raw, client=modern_dana).body
    older = says(raw).result
    assert "structuredContent" not in older
    text = [] if structured == "null" else [{"type": "text", "text": structured}]
    assert older["content"] == text
    assert says(f'{{{WARM},"structuredContent":{structured}}}').result["content"] == [{"type": "text", "text": "warm"}]
