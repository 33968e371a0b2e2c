"""Tell who looks after a connector that calls of one of its tools pause, since nearly all of the last ones failed at
the server; and when it works again. Each time once, however many processes see it."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.urls import reverse

from audit.actor import SYSTEM
from audit.record import record
from connectors.audit_labels import connector_label, tool_label
from connectors.events import ToolFails, ToolWorksAgain
from connectors.models import Tool
from harriet.people.actions.settle_matter import tell_end_of_matter
from harriet.people.actions.tell_people import tell_people
from harriet.people.notifications.keys import about_connector
from harriet.people.notifications.kinds import TOOL_FAILS, Matter
from harriet.people.notifications.recipients import who_look_after


@transaction.atomic
def tell_of_failing_tool(tool_id: UUID, failed: int, calls: int) -> None:
    """`failed` of its last `calls` failed at the server."""
    tool = _locked(tool_id)
    if tool is None:
        return
    text = (
        f"{failed} of the last {calls} calls of {tool} failed at {tool.connector.name}, so calls of it pause. It is "
        "tried again by itself; the connector’s other tools go on."
    )
    news = tell_people(_matter(tool, text), who_look_after(tool.organization_id, tool.connector.owner_id))
    if news:
        event = ToolFails(connector=connector_label(tool.connector), tool=tool_label(tool), failed=failed, calls=calls)
        record(event, organization_id=tool.organization_id, actor=SYSTEM)


@transaction.atomic
def tell_end_of_failing(tool_id: UUID) -> None:
    """A call of it was answered again."""
    tool = _locked(tool_id)
    if tool is None or not tell_end_of_matter(_matter(tool, f"{tool} of {tool.connector.name} works again.")):
        return
    event = ToolWorksAgain(connector=connector_label(tool.connector), tool=tool_label(tool))
    record(event, organization_id=tool.organization_id, actor=SYSTEM)


def _locked(tool_id: UUID) -> Tool | None:
    """One process after the other."""
    rows = Tool.objects.select_for_update(of=["self"], no_key=True).select_related("connector")
    return rows.filter(pk=tool_id).first()


def _matter(tool: Tool, text: str) -> Matter:
    key = f"{about_connector(tool.connector_id)}{TOOL_FAILS.code} {tool.pk}"
    path = reverse("connectors:detail", args=[tool.connector_id])
    return Matter(TOOL_FAILS, tool.organization_id, key, text, path)
