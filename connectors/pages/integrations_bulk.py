"""Pausing, resuming, syncing and testing several connectors that were ticked among Integrations."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from connectors.actions.pause_connector import pause_connector
from connectors.actions.resume_connector import resume_connector
from connectors.models import Connector
from connectors.tasks import sync_for, test_for
from harriet.pages.tables.bulk import BulkAction, Noun, ticked_ids
from harriet.pages.tables.bulk_page import BulkPage, nothing_ticked, preview_or_do
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.roles import Power

CONNECTORS = Noun("connector", "connectors")


class BulkConnectorsPage(BulkPage):
    __slots__ = ()
    template = "tables/bulk.html"
    active = "integrations"
    list_name = "Integrations"


@require_POST
@needs(Power.MANAGE_CONNECTORS)
def change_many_connectors(request: OrganizationRequest) -> HttpResponse:
    back, action = reverse("connectors:list"), _actions(request).get(request.POST.get("action", ""))
    if action is None:
        return nothing_ticked(request, CONNECTORS, back)
    ticked = Connector.objects.filter(organization=request.organization, pk__in=ticked_ids(request.POST))
    rows = list(ticked.select_related("organization", "owner").order_by("name", "pk"))
    return preview_or_do(request, BulkConnectorsPage, action, rows, back=back)


def _actions(request: OrganizationRequest) -> dict[str, BulkAction[Connector]]:
    actor, user_id = request.actor, str(request.user.pk)
    actions: tuple[BulkAction[Connector], ...] = (
        BulkAction(
            "pause",
            "Pause",
            "paused",
            CONNECTORS,
            do=lambda one: pause_connector(one, actor=actor),
            stays=lambda one: "" if one.state == Connector.State.ACTIVE else _state(one),
            note="Calls to what they offer are refused until somebody resumes them.",
        ),
        BulkAction(
            "resume",
            "Resume",
            "resumed",
            CONNECTORS,
            do=lambda one: resume_connector(one, actor=actor),
            stays=lambda one: "" if one.state == Connector.State.PAUSED else _state(one),
            note="Calls to what they offer run again.",
        ),
        BulkAction(
            "sync",
            "Sync",
            "put in line to be synced",
            CONNECTORS,
            do=lambda one: sync_for.delay(str(one.pk), user_id),
            stays=_draft,
            note="What is new comes disabled, what has changed goes into quarantine.",
        ),
        BulkAction(
            "test",
            "Test",
            "put in line to be tested",
            CONNECTORS,
            do=lambda one: test_for.delay(str(one.pk), user_id),
            stays=_draft,
            note="Each server is asked whether it answers; its state then says what was found.",
        ),
    )
    return {action.key: action for action in actions}


def _draft(connector: Connector) -> str:
    return "it is a draft" if connector.state == Connector.State.DRAFT else ""


def _state(connector: Connector) -> str:
    return _draft(connector) or f"it is {connector.get_state_display().lower()} already"
