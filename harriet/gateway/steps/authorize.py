"""Step ②: whether the caller may use what the call names, and whether its arguments fit."""

from __future__ import annotations

from connectors.access.scopes import in_order
from connectors.models import Tool
from harriet.gateway.errors import InsufficientScope, NotOffered, ToolRefusal
from harriet.gateway.policy.grant import Grant
from harriet.gateway.policy.snapshot import view_of
from harriet.gateway.policy.view import View, why_hidden
from harriet.gateway.steps.request import Call
from harriet.gateway.steps.schema import INPUT, Schemas
from harriet.lib.mcp.methods import TOOLS_CALL


def authorize(call: Call) -> Grant:
    """The grant for this. Raises NotOffered, the same for what isn't there and for what isn't theirs."""
    view = view_of(call.snapshot, call.principal, call.profile)
    grant, kind = named_by(call, view)
    if grant is None:
        if scope := view.beyond.get((kind, _shown(call))):
            raise InsufficientScope(call.name, _needed(call, scope))
        raise NotOffered(kind, call.name, why_hidden(view, kind, call.name, call.principal, call.profile))
    return grant


def _shown(call: Call) -> str:
    """Resources stand together under their connector's short name."""
    if call.connector_id is None:
        return call.name
    connector = call.snapshot.facts.connectors.get(call.connector_id)
    return connector.slug if connector is not None else ""


def _needed(call: Call, scope: str) -> str:
    """All that the client's next token needs: what it has, and what this takes (RFC 6750 §3.1)."""
    return in_order((call.principal.scopes or frozenset()) | {scope})


def named_by(call: Call, view: View) -> tuple[Grant | None, str]:
    """What a call names: the grant, if the caller has one, and the kind of thing that it is."""
    if call.method == TOOLS_CALL:
        return view.grants.get(call.name), Tool.Kind.TOOL
    if call.connector_id is None:
        return view.prompts.get(call.name), Tool.Kind.PROMPT
    return view.resources.get(call.connector_id), Tool.Kind.RESOURCES


async def check_arguments(call: Call, grant: Grant, schemas: Schemas) -> None:
    """For connectors whose admin wants it; otherwise what a server takes is its own business. Raises ToolRefusal with
    what is wrong, for the model to correct. A schema that can't be compiled refuses nothing: the admin was told."""
    checker = await schemas.checker(grant.tool.pinned_for(call.speaks_sessions), INPUT)
    verdict = checker.check(call.values, len(call.arguments))
    if verdict.fits is False:
        raise ToolRefusal(f"The arguments don't fit the tool's schema. {verdict.words}".strip())
    if verdict.fits is None and checker.can_check:
        raise ToolRefusal(
            f"The arguments can't be checked before they leave, as your IT team wants it here, so nothing was sent. "
            f"{verdict.words} Give fewer or smaller arguments, or show this message to your IT team."
        )
