"""The dictionary of Harriet's own tools, and how one runs: after the steps of every call, without a server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from harriet.gateway.builtin.ticket_status import ticket_status
from harriet.gateway.content.results import Fields
from harriet.gateway.policy.grant import Grant
from harriet.gateway.policy.own_tools import STATUS_TOOL
from harriet.gateway.steps.request import Call

OWN_TOOLS: dict[str, Callable[[Call], Awaitable[Fields]]] = {
    STATUS_TOOL: ticket_status,
}
"""By name, as the grants of `policy/own_tools.py` have it."""


def run_own(call: Call, grant: Grant) -> Awaitable[Fields]:
    """The answer of one of Harriet's tools."""
    return OWN_TOOLS[grant.tool.name](call)
