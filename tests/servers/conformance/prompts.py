"""The prompts, one of which asks."""

from __future__ import annotations

from typing import Any

from mcp.shared.exceptions import MCPError

from tests.servers.conformance.asking import ask, form
from tests.servers.conformance.content import IMAGE, Context, Result, embedded, text


def user(content: dict[str, Any]) -> dict[str, Any]:
    return {"role": "user", "content": content}


PROMPTS = {
    "test_simple_prompt": [],
    "test_prompt_with_arguments": ["arg1", "arg2"],
    "test_prompt_with_embedded_resource": ["resourceUri"],
    "test_prompt_with_image": [],
    "test_input_required_result_prompt": [],
}


async def prompt(ctx: Context, params: dict[str, Any]) -> Result:
    name, arguments = params["name"], params.get("arguments") or {}
    if name == "test_simple_prompt":
        return {"messages": [user(text("This is a simple prompt for testing."))]}
    if name == "test_prompt_with_arguments":
        line = f"Prompt with arguments: arg1='{arguments.get('arg1')}', arg2='{arguments.get('arg2')}'"
        return {"messages": [user(text(line))]}
    if name == "test_prompt_with_embedded_resource":
        inner = embedded(str(arguments.get("resourceUri")), "text/plain", "Embedded resource content for testing.")
        return {"messages": [user(inner), user(text("Please process the embedded resource above."))]}
    if name == "test_prompt_with_image":
        return {"messages": [user(IMAGE), user(text("Please analyze the image above."))]}
    if name == "test_input_required_result_prompt":
        wanted = form("What context should the prompt use?", {"context": {"type": "string"}})
        got = await ask(ctx, params, {"user_context": wanted})
        return {"messages": [user(text(str((got["user_context"].get("content") or {}).get("context"))))]}
    raise MCPError(-32602, f"There is no prompt {name}.")
