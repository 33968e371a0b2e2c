"""Uses all that a server offers once, with made-up values, as a real client might: `manage.py probe --exercise`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from connectors.errors import UpstreamError, UpstreamRefusedCredential
from connectors.inspect.probe import FoundServer, Probe
from connectors.inspect.sample_values import NoSample, sample_of
from connectors.transports.base import Caller, Request
from harriet.lib.errors import Problem
from harriet.lib.mcp.methods import ELICITATION_CREATE, PROMPTS_GET, RESOURCES_READ, TOOLS_CALL

CALL_SECONDS = 60.0
MOST_ROUNDS = 8
MOST_READ = 5
"""Resources that are read."""

_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_INPUT_REQUIRED = b'"input_required"'
_DECLINED = b'{"action":"decline"}'
CAN_ANSWER = b'{"elicitation":{"form":{}}}'


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of one use."""

    method: str
    name: str
    """A tool's or prompt's name, or a resource's address."""
    is_ok: bool
    said: str
    """The server's answer as JSON, or why there is none."""


class Trial:
    """Of one server that was looked at."""

    def __init__(self, probe: Probe, found: FoundServer) -> None:
        self._probe = probe
        self._tools = {tool["name"]: tool for tool in found.tools}
        self._found = found
        self._caller = Caller(("probe",), CAN_ANSWER)

    async def everything(self, but: Iterable[str] = ()) -> list[Tried]:
        """Calls each tool, gets each prompt, reads the first resources."""
        used = [await self._with_sample(tool) for name, tool in self._tools.items() if name not in set(but)]
        for prompt in self._found.others.get("prompts", []):
            used.append(await self._get(prompt))
        for resource in self._found.others.get("resources", [])[:MOST_READ]:
            uri = str(resource.get("uri", ""))
            used.append(await self._use(Request(RESOURCES_READ, b'"uri":' + msgspec.json.encode(uri), uri)))
        return used

    async def call(self, name: str, arguments: bytes) -> Tried:
        """Calls one tool with these arguments, a JSON object."""
        tool = self._tools.get(name)
        if tool is None:
            return Tried(TOOLS_CALL, name, False, "The server doesn't offer this tool, or it can't be used.")
        members = b'"name":%b,"arguments":%b' % (msgspec.json.encode(name), arguments)
        schema = tool.get("inputSchema")
        return await self._use(
            Request(TOOLS_CALL, members, name, arguments, schema if isinstance(schema, dict) else {})
        )

    async def _with_sample(self, tool: dict[str, Any]) -> Tried:
        try:
            arguments = sample_of(tool.get("inputSchema"), free=self._something(tool))
        except NoSample as reason:
            return Tried(TOOLS_CALL, tool["name"], False, f"Not called: no arguments can be made up, {reason}.")
        return await self.call(tool["name"], msgspec.json.encode(arguments if isinstance(arguments, dict) else {}))

    def _something(self, tool: dict[str, Any]) -> Any:
        """For a parameter that takes any object: the largest one at hand, which came from the server itself, so that
        it can see whether anything of it was lost on the way."""
        schemas = [other.get("inputSchema") or {} for other in self._tools.values() if other is not tool]
        return max(schemas, key=lambda schema: len(msgspec.json.encode(schema)), default={})

    async def _get(self, prompt: dict[str, Any]) -> Tried:
        name = str(prompt.get("name", ""))
        wanted = prompt.get("arguments")
        required = [one for one in wanted if isinstance(one, dict)] if isinstance(wanted, list) else []
        values = {str(one.get("name")): "sample" for one in required if one.get("required")}
        members = b'"name":%b,"arguments":%b' % (msgspec.json.encode(name), msgspec.json.encode(values))
        return await self._use(Request(PROMPTS_GET, members, name))

    async def _use(self, request: Request) -> Tried:
        try:
            return await self._rounds(request)
        except UpstreamRefusedCredential as refusal:
            return await self._after_sign_in(request, refusal)
        except UpstreamError as problem:
            problem.clean(self._probe.redactor.in_text)
            return Tried(request.method, request.name, False, problem.message)

    async def _after_sign_in(self, request: Request, refusal: UpstreamRefusedCredential) -> Tried:
        """Once more with another token, where there is one: the server refused before it did anything."""
        refusal.clean(self._probe.redactor.in_text)
        try:
            if await self._probe.signs_in_again(refusal):
                return await self._use(request)
        except Problem as problem:
            return Tried(request.method, request.name, False, f"{refusal.message} {problem.message}")
        return Tried(request.method, request.name, False, refusal.message)

    async def _rounds(self, request: Request) -> Tried:
        """Answers what the server asks in between, as often as it may be asked (SPEC 2026-07-28 mrtr)."""
        first = request.members
        for _ in range(MOST_ROUNDS):
            answer = await self._probe.transport.request(
                self._probe.endpoint,
                self._probe.credential,
                request,
                caller=self._caller,
                deadline=CALL_SECONDS,
                on_notification=_nothing,
                on_question=_on_question,
            )
            if answer.result is None:
                return self._used(request, False, answer.error or b"{}")
            fields = _FIELDS(answer.result)
            if fields.get("resultType") != msgspec.Raw(_INPUT_REQUIRED):
                return self._used(request, fields.get("isError") != msgspec.Raw(b"true"), answer.result)
            request.members = first + _answers(fields)
        return Tried(request.method, request.name, False, f"The server asked back more than {MOST_ROUNDS} times.")

    def _used(self, request: Request, is_ok: bool, raw: bytes) -> Tried:
        text = self._probe.redactor.in_text(msgspec.json.encode(msgspec.json.decode(raw)).decode())  # unescaped
        return Tried(request.method, request.name, is_ok, text)


def _answers(fields: dict[str, msgspec.Raw]) -> bytes:
    """The members of the next round: an answer to each question, and the state exactly as it came."""
    asked = msgspec.json.decode(fields["inputRequests"]) if "inputRequests" in fields else {}
    answers = {key: msgspec.Raw(_answer(one.get("method"), one.get("params"))) for key, one in asked.items()}
    members = b',"inputResponses":' + msgspec.json.encode(answers)
    if "requestState" in fields:
        members += b',"requestState":' + bytes(fields["requestState"])
    return members


def _answer(method: Any, params: Any) -> bytes:
    """Accepts forms with their defaults; no other question is one that this client said it could answer."""
    if method != ELICITATION_CREATE or not isinstance(params, dict) or params.get("mode", "form") != "form":
        return _DECLINED
    try:
        content = sample_of(params.get("requestedSchema"), only_required=False)
    except NoSample:
        return _DECLINED
    return b'{"action":"accept","content":%b}' % msgspec.json.encode(content)


async def _on_question(method: str, params: bytes) -> bytes:
    return b'"result":' + _answer(method, msgspec.json.decode(params))


async def _nothing(raw: bytes) -> None:
    return
