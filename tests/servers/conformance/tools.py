"""The tools that answer by themselves, and the table of all tools."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from mcp.server.subscriptions import InMemorySubscriptionBus, PromptsListChanged, ToolsListChanged

from tests.servers.conformance.asking_tools import (
    ask_in_rounds,
    ask_model,
    ask_name,
    ask_roots,
    ask_several,
    ask_what_is_declared,
    ask_with_state,
    defaults,
    elicitation,
    enums,
    missing_capability,
    sampling,
    streaming_elicitation,
)
from tests.servers.conformance.content import IMAGE, WAV, Context, Result, embedded, said, text
from tests.servers.conformance.start import MODERN

Tool = Callable[[Context, dict[str, Any], dict[str, Any]], Awaitable[Result]]
BUS = InMemorySubscriptionBus()


async def simple_text(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    return said(text("This is a simple text response for testing."))


async def image(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    return said(IMAGE)


async def audio(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    return said({"type": "audio", "data": WAV, "mimeType": "audio/wav"})


async def embedded_resource(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    return said(embedded("test://embedded-resource", "text/plain", "This is an embedded resource content."))


async def mixed(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    data = json.dumps({"test": "data", "value": 123})
    inner = embedded("test://mixed-content-resource", "application/json", data)
    return said(text("Multiple content types test:"), IMAGE, inner)


async def logging(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    for number, what in enumerate(("Tool execution started", "Tool processing data", "Tool execution completed")):
        if number:
            await asyncio.sleep(0.05)
        await ctx.session.send_log_message("info", what, related_request_id=ctx.request_id)
    return said(text("Logged."))


async def progress(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    for number, step in enumerate((0, 50, 100)):
        if number:
            await asyncio.sleep(0.05)
        await ctx.session.report_progress(step, 100)
    return said(text("Went from 0 to 100."))


async def error(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    return said(text("This tool intentionally returns an error for testing"), isError=True)


async def logging_tool(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    await ctx.session.send_log_message("info", "logged", related_request_id=ctx.request_id)
    return said(text("Logged once."))


async def trigger_tools(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    await BUS.publish(ToolsListChanged())
    if ctx.protocol_version != MODERN:
        await ctx.session.send_tool_list_changed()
    return said(text("Said that the tools changed."))


async def trigger_prompts(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    await BUS.publish(PromptsListChanged())
    if ctx.protocol_version != MODERN:
        await ctx.session.send_prompt_list_changed()
    return said(text("Said that the prompts changed."))


async def reconnection(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    if ctx.close_sse_stream is not None:
        await ctx.close_sse_stream()
        await asyncio.sleep(0.3)
    return said(text("Still here after the stream was closed."))


CANCELLED: list[str] = []


async def wait(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    try:
        await asyncio.sleep(20)
    except asyncio.CancelledError:
        CANCELLED.append(str(arguments.get("mark")))
        raise
    return said(text("Waited to the end."))


async def cancelled(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    return said(text(json.dumps(CANCELLED)))


def schema(properties: dict[str, Any] | None = None, *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": properties or {}, "required": list(required)}


RICH_SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }
    },
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"},
        "email": {"type": "string"},
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}
REGION = {"region": {"type": "string", "x-mcp-header": "Region", "description": "Where"}}

TOOLS: dict[str, tuple[Tool, dict[str, Any]]] = {
    "test_simple_text": (simple_text, schema()),
    "test_image_content": (image, schema()),
    "test_audio_content": (audio, schema()),
    "test_embedded_resource": (embedded_resource, schema()),
    "test_multiple_content_types": (mixed, schema()),
    "test_tool_with_logging": (logging, schema()),
    "test_tool_with_progress": (progress, schema()),
    "test_error_handling": (error, schema()),
    "test_sampling": (sampling, schema({"prompt": {"type": "string"}}, "prompt")),
    "test_elicitation": (elicitation, schema({"message": {"type": "string"}}, "message")),
    "test_elicitation_sep1034_defaults": (defaults, schema()),
    "test_elicitation_sep1330_enums": (enums, schema()),
    "test_input_required_result_elicitation": (ask_name, schema()),
    "test_input_required_result_sampling": (ask_model, schema()),
    "test_input_required_result_list_roots": (ask_roots, schema()),
    "test_input_required_result_request_state": (ask_with_state, schema()),
    "test_input_required_result_multiple_inputs": (ask_several, schema()),
    "test_input_required_result_multi_round": (ask_in_rounds, schema()),
    "test_input_required_result_tampered_state": (ask_with_state, schema()),
    "test_input_required_result_capabilities": (ask_what_is_declared, schema()),
    "test_missing_capability": (missing_capability, schema()),
    "test_logging_tool": (logging_tool, schema()),
    "test_streaming_elicitation": (streaming_elicitation, schema()),
    "test_trigger_tool_change": (trigger_tools, schema()),
    "test_trigger_prompt_change": (trigger_prompts, schema()),
    "test_reconnection": (reconnection, schema()),
    "wait": (wait, schema({"mark": {"type": "string"}}, "mark")),
    "cancelled": (cancelled, schema()),
    "test_x_mcp_header": (simple_text, schema(REGION)),
    "json_schema_2020_12_tool": (simple_text, RICH_SCHEMA),
}
