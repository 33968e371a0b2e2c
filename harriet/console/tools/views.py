"""The page "Try it": arguments in a form, the call through the gate, verdict, result and timings."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render

from audit.vocabulary.words import DECISIONS
from connectors.models import Tool
from connectors.queries import pinned_definition, tool_of
from harriet.console.tools.fields import SchemaForm, WholeArguments, properties_of
from harriet.gateway.try_it import TryResult, try_tool
from harriet.lib.errors import Problem
from harriet.people.errors import NotFound
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.roles import Power


@needs(Power.MANAGE_CONNECTORS)
def try_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    tool = tool_of(request.organization, pk)
    if tool.kind != Tool.Kind.TOOL:
        raise NotFound("Only tools are tried here. Prompts and resources are read by a client, such as the Inspector.")
    definition = pinned_definition(tool).definition
    schema = definition.get("inputSchema") or {}
    is_json = "json" in request.GET or not properties_of(schema)
    form = WholeArguments(request.POST or None) if is_json else SchemaForm(schema, request.POST or None)
    sent, result = "", None
    if request.method == "POST" and form.is_valid():
        sent = json.dumps(form.arguments_given, ensure_ascii=False)
        result = _try(tool, sent, form, request)
    context = {
        "active": "integrations",
        "tool": tool,
        "connector": tool.connector,
        "definition": definition,
        "form": form,
        "is_json": is_json,
        "has_fields": bool(properties_of(schema)),
        "sent": sent,
        "result": result,
        "verdict": DECISIONS.get(result.verdict) if result else None,
        "timings": [(_PARTS.get(key, key), value) for key, value in result.timings.items()] if result else [],
    }
    return render(request, "tools/try.html", context, status=400 if form.errors else 200)


_PARTS = {"ready_ms": "Getting ready (only when trying)", "call_ms": "The call, through the gate and back"}


def _try(tool: Tool, sent: str, form: Any, request: OrganizationRequest) -> TryResult | None:
    try:
        return try_tool(tool.pk, sent.encode(), actor=request.actor)
    except Problem as problem:
        form.add_error(None, problem.message)
        return None
