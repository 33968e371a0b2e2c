"""Giving several secrets another owner or another schedule, as ticked in the vault. The secrets stay as they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from harriet.pages.picking_form import PickingForm
from harriet.pages.tables.bulk import BulkAction, Noun, ticked_ids
from harriet.pages.tables.bulk_page import BulkFormPage, BulkPage, answers, asked, nothing_ticked, preview_or_do
from harriet.people.models import Organization
from harriet.people.pages.fields import AccountField
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.roles import Power
from vault.actions.change_schedule import LONGEST_DAYS, change_schedule
from vault.models import Credential
from vault.queries import credentials_of

SECRETS = Noun("secret", "secrets")


class BulkSecretsPage(BulkPage):
    __slots__ = ()
    template = "tables/bulk.html"
    active = "vault"
    list_name = "Vault"


class AskedOfSecretsPage(BulkFormPage):
    __slots__ = ()
    template = "tables/bulk_form.html"
    active = "vault"
    list_name = "Vault"


class OwnerForm(PickingForm):
    def __init__(self, organization: Organization, *args: Any) -> None:
        super().__init__(*args)
        self.fields["owner"] = AccountField(organization, label="Owner")


class IntervalForm(forms.Form):
    rotate_every_days = forms.IntegerField(
        label="Rotate every … days",
        required=False,
        min_value=1,
        max_value=LONGEST_DAYS,
        help_text="Counted from the day on which each secret was saved. Leave empty for no schedule.",
    )

    def __init__(self, organization: Organization, *args: Any) -> None:
        super().__init__(*args)


@require_POST
@needs(Power.MANAGE_CREDENTIALS)
def change_many_secrets(request: OrganizationRequest) -> HttpResponse:
    back, kind = reverse("vault:list"), _KINDS.get(request.POST.get("action", ""))
    rows = list(credentials_of(request.organization.pk).filter(pk__in=ticked_ids(request.POST)))
    if not rows or kind is None:
        return nothing_ticked(request, SECRETS, back)
    form_class, make = kind
    form = form_class(request.organization, answers(request))
    if not form.is_valid():
        return asked(request, AskedOfSecretsPage, make(request, {}), rows, form, back=back)
    kept = {name: [str(request.POST.get(name, ""))] for name in form.fields}
    return preview_or_do(request, BulkSecretsPage, make(request, form.cleaned_data), rows, back=back, kept=kept)


def _owned(request: OrganizationRequest, given: dict[str, Any]) -> BulkAction[Credential]:
    owner = given.get("owner")

    def do(one: Credential) -> None:
        days = one.rotate_every_days
        change_schedule(
            request.organization, one.connector_id, owner=owner, rotate_every_days=days, actor=request.actor
        )

    return BulkAction(
        "owner",
        "Change the owner of",
        f"given to {owner}",
        SECRETS,
        do=do,
        stays=lambda one: f"{owner} looks after it already" if owner and one.owner_id == owner.pk else "",
        note="The new owner is reminded when a secret is due. The secrets stay as they are.",
    )


def _scheduled(request: OrganizationRequest, given: dict[str, Any]) -> BulkAction[Credential]:
    days = given.get("rotate_every_days")
    words = f"made due every {days} days" if days else "left without a schedule"

    def do(one: Credential) -> None:
        owner = one.owner
        change_schedule(
            request.organization, one.connector_id, owner=owner, rotate_every_days=days, actor=request.actor
        )

    return BulkAction(
        "interval",
        "Change the schedule of",
        words,
        SECRETS,
        do=do,
        stays=lambda one: "its schedule is that already" if given and one.rotate_every_days == days else "",
        note="Each is due again counted from the day on which it was saved. The secrets stay as they are.",
    )


_KINDS: dict[
    str,
    tuple[
        type[OwnerForm] | type[IntervalForm],
        Callable[[OrganizationRequest, dict[str, Any]], BulkAction[Credential]],
    ],
] = {"owner": (OwnerForm, _owned), "interval": (IntervalForm, _scheduled)}
