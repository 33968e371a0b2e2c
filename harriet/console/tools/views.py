"""The page "Try it": arguments in a form, the call through the gate, verdict, result and timings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse

from audit.vocabulary.words import DECISIONS, Word
from connectors.models import Connector, Tool
from connectors.pages.argument_fields import SchemaForm, WholeArguments, properties_of
from connectors.queries import pinned_definition, tool_of
from harriet.gateway.try_it import TryResult, try_tool
from harriet.lib.errors import Problem
from harriet.pages.context import PageContext, show
from harriet.pages.forms import status_of
from harriet.people.errors import NotFound
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.roles import Power


@dataclass(frozen=True, slots=True)
class TryPage(PageContext):
    template = "tools/try.html"
    active = "integrations"
    tool: Tool
    definition: Mapping[str, Any]
    form: WholeArguments | SchemaForm
    is_json: bool
    has_fields: bool
    sent: str
    """The arguments as JSON; empty before anything was called."""
    result: TryResult | None

    @property
    def connector(self) -> Connector:
        return self.tool.connector

    @property
    def verdict(self) -> Word | None:
        return DECISIONS.get(self.result.verdict) if self.result else None

    @property
    def timings(self) -> list[tuple[str, float]]:
        """What took how many milliseconds."""
        timings = self.result.timings if self.result else {}
        return [(_PARTS.get(key, key), value) for key, value in timings.items()]


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
    page = TryPage(
        tool=tool,
        definition=definition,
        form=form,
        is_json=is_json,
        has_fields=bool(properties_of(schema)),
        sent=sent,
        result=result,
    )
    return show(request, page, status=status_of(form))


_PARTS = {"ready_ms": "Getting ready (only when trying)", "call_ms": "The call, through the gate and back"}


def _try(tool: Tool, sent: str, form: WholeArguments | SchemaForm, request: OrganizationRequest) -> TryResult | None:
    try:
        return try_tool(tool.pk, sent.encode(), actor=request.actor)
    except Problem as problem:
        form.add_error(None, problem.message)
        return None
