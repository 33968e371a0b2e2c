"""The page of one secret: who looks after it and when it is rotated. Never a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from harriet.pages.context import PageContext, show
from harriet.pages.forms import attempt
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.roles import Power
from vault.actions.change_schedule import change_schedule
from vault.errors import CredentialNotFound
from vault.models import Credential
from vault.pages.rows import CredentialRow, row_of
from vault.pages.schedule_form import ScheduleForm, schedule_of
from vault.queries import credentials_of


@dataclass(frozen=True, slots=True)
class SchedulePage(PageContext):
    template = "vault/schedule.html"
    active = "vault"
    credential: Credential
    form: ScheduleForm

    @property
    def row(self) -> CredentialRow:
        return row_of(self.credential, timezone.now())


@needs(Power.MANAGE_CREDENTIALS)
def schedule_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    """Who looks after one secret and when it is rotated; the secret itself isn't asked for."""
    credential = _credential(request, pk)
    form = ScheduleForm(request.POST or None, organization=request.organization, initial=schedule_of(credential))
    if attempt(form, lambda given: _change(given, credential, request)) is not None:
        messages.success(request, f"Saved who looks after the secret of {credential.name}.")
        return redirect("vault:list")
    return show(request, SchedulePage(credential, form))


def _change(given: dict[str, Any], credential: Credential, request: OrganizationRequest) -> bool:
    change_schedule(request.organization, credential.connector_id, actor=request.actor, **given)
    return True


def _credential(request: OrganizationRequest, pk: UUID) -> Credential:
    credential = credentials_of(request.organization.pk).filter(pk=pk).first()
    if credential is None:
        raise CredentialNotFound("There is no such credential here.")
    return credential
