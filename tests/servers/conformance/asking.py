"""What the fixture asks its client, in the way of the client's revision."""

from __future__ import annotations

from typing import Any

from tests.servers.conformance.content import Context, text
from tests.servers.conformance.start import FLAGS, MODERN


class Asks(Exception):
    """The request can go on once the client has answered."""

    def __init__(self, requests: dict[str, Any], state: str | None) -> None:
        super().__init__("input required")
        self.requests, self.state = requests, state


async def ask(ctx: Context, params: dict[str, Any], requests: dict[str, Any], state: str | None = None) -> Any:
    """The answers by key: from the request itself, or from the client while it waits."""
    if ctx.protocol_version != MODERN or "--asks-as-before" in FLAGS:
        return {key: await ask_now(ctx, request) for key, request in requests.items()}
    given = params.get("inputResponses") or {}
    if any(not is_answer(request, given.get(key)) for key, request in requests.items()):
        raise Asks(requests, state)
    return given


def is_answer(request: dict[str, Any], answer: Any) -> bool:
    needed = {"elicitation/create": "action", "sampling/createMessage": "content", "roots/list": "roots"}
    return isinstance(answer, dict) and needed[request["method"]] in answer


async def ask_now(ctx: Context, request: dict[str, Any]) -> Any:
    declared = ctx.session.client_capabilities
    name = {"elicitation/create": "elicitation", "sampling/createMessage": "sampling", "roots/list": "roots"}
    if declared is None or getattr(declared, name[request["method"]]) is None:
        raise ValueError("The client can't be asked this.")
    return await ctx.session._request_outbound.send_raw_request(request["method"], request.get("params"), None)


def form(message: str, properties: dict[str, Any], required: list[str] | None = None) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": required or list(properties)}
    return {"method": "elicitation/create", "params": {"message": message, "requestedSchema": schema}}


def sample(prompt: str, most: int) -> dict[str, Any]:
    message = {"role": "user", "content": text(prompt)}
    return {"method": "sampling/createMessage", "params": {"messages": [message], "maxTokens": most}}


ROOTS = {"method": "roots/list", "params": {}}
NAME = form("What is your name?", {"name": {"type": "string"}})
