"""A connector's tab Activity: the latest events of the audit log, and the latest syncs."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpResponse

from connectors.actions.sync_connector import summary_of
from connectors.models import BulkChange, SyncRun
from connectors.pages.connector.page import ConnectorPage
from connectors.pages.logged_calls import Happened, latest_events
from connectors.queries import bulk_changes_of, connector_of
from connectors.sync_remarks import RemarkList, remarks_of
from harriet.pages.context import show
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.permissions import has_power
from harriet.people.roles import Power

MOST_SYNCS = 20
MOST_CHANGES = 10


@dataclass(frozen=True, slots=True)
class SyncRow:
    run: SyncRun
    summary: str
    remarks: list[RemarkList]


@dataclass(frozen=True, slots=True)
class ActivityTab(ConnectorPage):
    template = "connectors/activity.html"
    tab = "activity"
    runs: list[SyncRow]
    changes: list[BulkChange]
    """Of many tools at once, the latest; where each can still be undone."""
    events: list[Happened]
    can_read: bool


@needs(Power.VIEW_SETTINGS)
def activity_tab(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    connector = connector_of(request.organization, pk)
    runs = SyncRun.objects.filter(connector=connector)[:MOST_SYNCS]
    can_read = has_power(request.membership, Power.VIEW_AUDIT)
    page = ActivityTab(
        request,
        connector,
        runs=[SyncRow(run, summary_of(run), remarks_of(run, 5)) for run in runs],
        changes=list(bulk_changes_of(connector)[:MOST_CHANGES]),
        events=latest_events(request.organization.id, connector.id) if can_read else [],
        can_read=can_read,
    )
    return show(request, page)
