"""The vault page: which secrets are kept, who looks after them, when they are due. Never a value."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Page
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from harriet.pages.pagination import page_of
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.permissions import has_power
from harriet.people.roles import Power
from vault.actions.change_schedule import change_schedule
from vault.errors import CredentialNotFound, CredentialRefused
from vault.models import Credential, DataKey
from vault.pages.rows import SOON, CredentialRow, row_of
from vault.pages.schedule_form import ScheduleForm, schedule_of
from vault.queries import credentials_of, data_keys_of, due_of

ACTIVE = "vault"
"""The entry of the navigation that these pages belong to."""


@dataclass(frozen=True, slots=True)
class VaultPage:
    page: Page[Credential]
    rows: list[CredentialRow]
    total: int
    due_count: int
    only_due: bool
    data_keys: list[DataKey]
    can_change: bool
    active: str = ACTIVE


@dataclass(frozen=True, slots=True)
class SchedulePage:
    credential: Credential
    form: ScheduleForm
    active: str = ACTIVE


@needs(Power.VIEW_SETTINGS)
def vault_page(request: OrganizationRequest) -> HttpResponse:
    now, organization = timezone.now(), request.organization
    everything, due = credentials_of(organization.pk), due_of(organization.pk, now + SOON)
    only_due = request.GET.get("show") == "due"
    page = page_of(due if only_due else everything, request)
    shown = VaultPage(
        page=page,
        rows=[row_of(credential, now) for credential in page],
        total=everything.count(),
        due_count=due.count(),
        only_due=only_due,
        data_keys=data_keys_of(organization.pk),
        can_change=has_power(request.membership, Power.MANAGE_CREDENTIALS),
    )
    return render(request, "vault/list.html", _context(shown))


@needs(Power.MANAGE_CREDENTIALS)
def schedule_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    """Who looks after one secret and when it is rotated; the secret itself isn't asked for."""
    credential = _credential(request, pk)
    form = ScheduleForm(request.POST or None, organization=request.organization, initial=schedule_of(credential))
    if form.is_valid() and _change(form, credential, request):
        messages.success(request, f"Saved who looks after the secret of {credential.name}.")
        return redirect("vault:list")
    return render(request, "vault/schedule.html", _context(SchedulePage(credential, form)))


def _context(page: VaultPage | SchedulePage) -> dict[str, Any]:
    return {one.name: getattr(page, one.name) for one in fields(page)}


def _change(form: ScheduleForm, credential: Credential, request: OrganizationRequest) -> bool:
    try:
        change_schedule(
            request.organization,
            credential.connector_id,
            actor=request.actor,
            owner=form.cleaned_data["owner"],
            rotate_every_days=form.cleaned_data["rotate_every_days"],
        )
    except CredentialRefused as refused:
        form.add_problem(refused)
        return False
    return True


def _credential(request: OrganizationRequest, pk: UUID) -> Credential:
    credential = credentials_of(request.organization.pk).filter(pk=pk).first()
    if credential is None:
        raise CredentialNotFound("There is no such credential here.")
    return credential
