"""Connectors that were begun and not finished: they are resumed from the list of integrations, or discarded there."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from connectors.actions.discard_draft import discard_draft
from connectors.errors import ConnectorError
from connectors.models import Connector
from connectors.queries import connector_of
from connectors.wizard_steps import ACCESS, SAVE, step_label
from harriet.pages.context import PageContext, show
from harriet.people.models import Organization
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.roles import Power
from vault.models import Credential
from vault.queries import credential_of

MOST_DRAFTS = 10
"""On top of the list of integrations; the rest is behind its filter."""


@dataclass(frozen=True, slots=True)
class DraftRow:
    connector: Connector
    step: str
    """Where it goes on, as the wizard calls it."""


@dataclass(frozen=True, slots=True)
class Drafts:
    rows: list[DraftRow]
    has_more: bool


def drafts_of(organization: Organization) -> Drafts:
    """The newest first."""
    drafts = Connector.objects.filter(organization=organization, state=Connector.State.DRAFT).select_related("owner")
    found = list(drafts.order_by("-created_at")[: MOST_DRAFTS + 1])
    return Drafts([DraftRow(one, _next_step(one)) for one in found[:MOST_DRAFTS]], len(found) > MOST_DRAFTS)


def _next_step(draft: Connector) -> str:
    return step_label(ACCESS if draft.wizard_step == SAVE else draft.wizard_step)


@dataclass(frozen=True, slots=True)
class DiscardPage(PageContext):
    template = "connectors/discard.html"
    active = "integrations"
    connector: Connector

    @property
    def credential(self) -> Credential | None:
        return credential_of(self.connector.pk)


@needs(Power.MANAGE_CONNECTORS)
def discard_draft_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    """Asked once: there is little in a draft, and no call was ever made with it."""
    draft = connector_of(request.organization, pk)
    if draft.state != Connector.State.DRAFT:
        raise ConnectorError(f"{draft} is no draft. Delete it on its own page, in Settings.")
    if request.method != "POST":
        return show(request, DiscardPage(draft))
    name = draft.name
    discard_draft(draft, actor=request.actor)
    messages.success(request, f"The draft {name} was discarded.")
    return redirect("connectors:list")
