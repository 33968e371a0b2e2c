"""The pages of off-boarding: the checklist for one person, and the list of what nobody active looks after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from connectors.models import Connector
from connectors.ownerless import owned_things, ownerless_things
from harriet.console.handing_over.hand_over import MOST_AT_ONCE, Step, hand_over, steps_for, steps_of
from harriet.console.handing_over.holdings import SHOWN, Holdings, holdings_of, leaver_of
from harriet.pages.context import PageContext, show
from harriet.pages.counts import Several, several
from harriet.pages.forms import ConfirmForm, attempt, status_of
from harriet.pages.picking_form import PickingForm
from harriet.people.models import Membership, Organization
from harriet.people.pages.fields import PersonField
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.roles import Power
from vault.models import Credential

SORTS = {
    "connectors": "Connectors",
    "credentials": "Secrets",
    "profiles": "Profiles that nobody else has",
    "groups": "Groups that decide with nobody else in them",
    "agents": "Agents",
}


class HandOverForm(PickingForm):
    """Whatever there is to hand over is ticked."""

    def __init__(self, organization: Organization, there_is: dict[str, bool], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sorts = [(sort, SORTS[sort]) for sort, is_there in there_is.items() if is_there]
        self.fields["to"] = PersonField(
            organization, only_active=True, label="Who has it from now on", help_text="They are told."
        )
        self.fields["what"] = forms.MultipleChoiceField(
            label="What", choices=sorts, initial=[sort for sort, _ in sorts], widget=forms.CheckboxSelectMultiple
        )


@dataclass(frozen=True, slots=True)
class OffBoardPage(PageContext):
    template = "people/off_board.html"
    active = "people"
    person: Membership
    holdings: Holdings
    form: HandOverForm
    remove_form: ConfirmForm


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Power.MANAGE_PEOPLE)
def off_board_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    person = leaver_of(request.organization, pk)
    holdings = holdings_of(person)
    there_is = {sort: bool(getattr(holdings, sort)) for sort in SORTS}
    form = HandOverForm(request.organization, there_is, request.POST or None)
    owned = owned_things(request.organization.pk, person.user_id)
    steps = steps_of(person, (owned.connectors[:MOST_AT_ONCE], owned.credentials[:MOST_AT_ONCE]))
    if _handed_over(request, form, steps):
        return redirect("console:off_board", pk)
    remove_form = ConfirmForm(person.user.email)
    return show(request, OffBoardPage(person, holdings, form, remove_form), status=status_of(form))


@dataclass(frozen=True, slots=True)
class HandOverPage(PageContext):
    template = "people/hand_over.html"
    active = "people"
    connectors: Several[Connector]
    credentials: Several[Credential]
    form: HandOverForm


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Power.MANAGE_PEOPLE)
def hand_over_page(request: OrganizationRequest) -> HttpResponse:
    """What nobody active looks after, whoever did before."""
    orphans = ownerless_things(request.organization.pk)
    connectors, credentials = several(orphans.connectors, SHOWN), several(orphans.credentials, SHOWN)
    there_is = {"connectors": bool(connectors), "credentials": bool(credentials)}
    form = HandOverForm(request.organization, there_is, request.POST or None)
    steps = steps_for(orphans.connectors[:MOST_AT_ONCE], orphans.credentials[:MOST_AT_ONCE])
    if _handed_over(request, form, steps):
        return redirect("console:hand_over")
    return show(request, HandOverPage(connectors, credentials, form), status=status_of(form))


def _handed_over(request: OrganizationRequest, form: HandOverForm, steps: dict[str, Step]) -> bool:
    names = attempt(form, lambda given: hand_over(steps, given["what"], given["to"], request.actor))
    if names is None:
        return False
    what = "1 thing was" if len(names) == 1 else f"{len(names)} things were"
    to = form.cleaned_data["to"].user
    messages.success(request, f"{what} handed over to {to}." if names else "Nothing was left to hand over.")
    return True
