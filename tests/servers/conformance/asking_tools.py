"""The tools that ask: for words, for a choice, for the model, for roots, in one round or in several."""

from __future__ import annotations

import json
from typing import Any

from mcp.shared.exceptions import MCPError

from tests.servers.conformance.asking import NAME, ROOTS, Asks, ask, form, sample
from tests.servers.conformance.content import Context, Result, said, text
from tests.servers.conformance.start import MODERN


async def sampling(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    got = await ask(ctx, params, {"model": sample(arguments.get("prompt", ""), 100)})
    return said(text(f"LLM response: {got['model']['content'].get('text', '')}"))


async def elicitation(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    fields = {
        "username": {"type": "string", "description": "User's response"},
        "email": {"type": "string", "description": "User's email address"},
    }
    got = await ask(ctx, params, {"user": form(arguments.get("message", ""), fields)})
    return said(text(f"User response: {json.dumps(got['user'])}"))


async def defaults(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    fields = {
        "name": {"type": "string", "default": "John Doe"},
        "age": {"type": "integer", "default": 30},
        "score": {"type": "number", "default": 95.5},
        "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
        "verified": {"type": "boolean", "default": True},
    }
    return completed(await ask(ctx, params, {"user": form("Please check these.", fields, [])}))


async def enums(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    options = ["option1", "option2", "option3"]
    titled = [{"const": f"value{n}", "title": f"{word} Option"} for n, word in enumerate(("First", "Second"), 1)]
    choices = [{"const": f"value{n}", "title": f"{word} Choice"} for n, word in enumerate(("First", "Second"), 1)]
    names = ["Option One", "Option Two", "Option Three"]
    fields = {
        "untitledSingle": {"type": "string", "enum": options},
        "titledSingle": {"type": "string", "oneOf": titled},
        "legacyEnum": {"type": "string", "enum": ["opt1", "opt2", "opt3"], "enumNames": names},
        "untitledMulti": {"type": "array", "items": {"type": "string", "enum": options}},
        "titledMulti": {"type": "array", "items": {"anyOf": choices}},
    }
    return completed(await ask(ctx, params, {"user": form("Please choose.", fields, [])}))


def completed(got: Any) -> Result:
    user = got["user"]
    return said(text(f"Elicitation completed: action={user['action']}, content={json.dumps(user.get('content'))}"))


async def ask_name(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    got = await ask(ctx, params, {"user_name": NAME})
    return said(text(f"Hello, {(got['user_name'].get('content') or {}).get('name')}!"))


async def ask_model(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    got = await ask(ctx, params, {"capital_question": sample("What is the capital of France?", 100)})
    return said(text(str(got["capital_question"]["content"].get("text"))))


async def ask_roots(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    got = await ask(ctx, params, {"client_roots": ROOTS})
    return said(text(", ".join(str(root["uri"]) for root in got["client_roots"]["roots"])))


async def ask_with_state(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    request = form("Please confirm", {"ok": {"type": "boolean"}})
    await ask(ctx, params, {"confirm": request}, "to-be-confirmed")
    is_known = ctx.protocol_version != MODERN or params.get("requestState") == "to-be-confirmed"
    return said(text("state-ok" if is_known else "the state is missing"))


async def ask_several(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    requests = {"user_name": NAME, "greeting": sample("Generate a greeting", 50), "client_roots": ROOTS}
    got = await ask(ctx, params, requests, "three-questions")
    return said(text(f"Got {len(got)} answers."))


async def ask_in_rounds(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    first = {"step1": form("Step 1: What is your name?", {"name": {"type": "string"}})}
    second = {"step2": form("Step 2: What is your favorite color?", {"color": {"type": "string"}})}
    if params.get("requestState") != "round-2":
        await ask(ctx, params, first, "round-1")
        if ctx.protocol_version == MODERN:
            raise Asks(second, "round-2")
    await ask(ctx, params, second, "round-2")
    return said(text("Both rounds are done."))


async def ask_what_is_declared(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    declared = ctx.session.client_capabilities
    requests: dict[str, Any] = {}
    if declared is not None and declared.sampling is not None:
        requests["model"] = sample("Say something.", 20)
    if declared is not None and declared.elicitation is not None:
        requests["user"] = NAME
    if requests:
        await ask(ctx, params, requests)
    return said(text(f"Asked for {len(requests)} things."))


async def missing_capability(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    declared = ctx.session.client_capabilities
    if declared is None or declared.sampling is None:
        raise MCPError(-32021, "This needs a client with sampling.", {"requiredCapabilities": {"sampling": {}}})
    return said(text("The client has sampling."))


async def streaming_elicitation(ctx: Context, arguments: dict[str, Any], params: dict[str, Any]) -> Result:
    await ctx.session.report_progress(1, 2)
    return await ask_name(ctx, arguments, params)
