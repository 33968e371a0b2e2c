"""Changing what a held call sends and approving that, in two steps: what is wanted, then what differs, side by side."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from approvals.actions.edit_action import edit_action
from approvals.changes import changes_between
from approvals.deciders import Ways, ways_of
from approvals.edited_call import Judged, judged_edit
from approvals.errors import ApprovalError
from approvals.models import PendingAction, Ticket
from approvals.pages.differences import Difference, differences_of
from approvals.pages.edit_form import EditForm, EditJsonForm, can_be_typed
from approvals.pages.tickets import held_call_or_404
from approvals.sealed_parts import sent_of
from harriet.lib.json.canonical import canonical_bytes
from harriet.pages.context import PageContext, show
from harriet.pages.forms import add_problem, status_of
from harriet.people.pages.fresh_sign_in import sign_in_again, signed_in_lately
from harriet.people.pages.guards import OrganizationRequest, in_organization

CHANGED = "What this call sends was changed in the meantime. Here it is as it is now: change it again."
DONE = {
    "runs": "Changed and approved. The call runs now, once, with what you just saw.",
    "waits for the second": "Changed, and approved by you. It runs once a second person has approved it, too.",
    "waits again": "Changed. As it is now it needs another decision, so somebody else decides on it.",
}


@dataclass(frozen=True, slots=True)
class EditPage(PageContext):
    template = "tickets/edit.html"
    active = "tickets"
    ticket: Ticket
    action: PendingAction
    form: EditForm | EditJsonForm
    is_json: bool
    can_be_typed: bool
    """All of it as JSON."""


@dataclass(frozen=True, slots=True)
class DifferencePage(PageContext):
    template = "tickets/edit_preview.html"
    active = "tickets"
    ticket: Ticket
    action: PendingAction
    differences: list[Difference]
    judged: Judged
    ways: Ways
    reason: str
    sent: list[tuple[str, str]]
    """The form, as it was filled in."""
    shown: str

    @property
    def is_riskier(self) -> bool:
        return self.judged.risk != self.action.risk


@require_http_methods(["GET", "HEAD", "POST"])
@in_organization
def edit(request: OrganizationRequest, number: int) -> HttpResponse:
    """A form; sent, what differs; sent from there, it is done. A GET never does anything."""
    ticket = held_call_or_404(request, number)
    ways = ways_of(ticket.action, request.membership)
    if ways.edit:
        messages.error(request, ways.edit)
        return redirect("tickets:detail", number)
    if ways.needs_fresh_sign_in and not signed_in_lately(request):
        return sign_in_again(request, reverse("tickets:edit", args=[number]))
    before = json.loads(sent_of(ticket.action).arguments)
    given: Mapping[str, Any] = before if isinstance(before, dict) else {}
    form = _form(request, ticket.action, given)
    if request.method != "POST" or "again" in request.POST:
        return _ask(request, ticket, form, given)
    if request.POST.get("edition", "") != str(ticket.action.edition):
        messages.warning(request, CHANGED)
        return redirect("tickets:edit", number)
    if not form.is_valid():
        return _ask(request, ticket, form, given)
    return _preview_or_do(request, ticket, form, given, ways)


def _form(request: OrganizationRequest, action: PendingAction, given: Mapping[str, Any]) -> EditForm | EditJsonForm:
    data = request.POST if request.method == "POST" else None
    pinned = action.tool.versions.filter(is_pinned=True).first()
    schema = pinned.definition.get("inputSchema") if pinned is not None else None
    if "json" in request.GET and can_be_typed(given):
        return EditJsonForm(given, data)
    return EditForm(given, schema if isinstance(schema, Mapping) else {}, data)


def _ask(
    request: OrganizationRequest, ticket: Ticket, form: EditForm | EditJsonForm, given: Mapping[str, Any]
) -> HttpResponse:
    page = EditPage(ticket, ticket.action, form, isinstance(form, EditJsonForm), can_be_typed(given))
    return show(request, page, status=status_of(form))


def _preview_or_do(
    request: OrganizationRequest,
    ticket: Ticket,
    form: EditForm | EditJsonForm,
    given: Mapping[str, Any],
    ways: Ways,
) -> HttpResponse:
    action, after = ticket.action, form.arguments_given
    try:
        wanted = canonical_bytes(after)
        judged = judged_edit(action, sent_of(action).arguments, wanted)
    except ApprovalError as problem:
        add_problem(form, problem)
        return _ask(request, ticket, form, given)
    shown = sha256(wanted).hexdigest()
    if request.POST.get("shown") == shown and "sure" in request.POST:
        return _do(request, ticket, wanted, form.cleaned_data["reason"])
    page = DifferencePage(
        ticket=ticket,
        action=action,
        differences=differences_of(changes_between(given, after)),
        judged=judged,
        ways=ways,
        reason=form.cleaned_data["reason"],
        sent=[(name, request.POST[name]) for name in (*form.fields, "edition") if name in request.POST],
        shown=shown,
    )
    return show(request, page)


def _do(request: OrganizationRequest, ticket: Ticket, wanted: bytes, reason: str) -> HttpResponse:
    try:
        became = edit_action(ticket.action, wanted, reason=reason, actor=request.actor, edition=ticket.action.edition)
    except ApprovalError as problem:
        messages.error(request, problem.message)
    else:
        messages.success(request, DONE[became])
    return redirect("tickets:detail", ticket.number)
