"""Tables as the person who looks wants them: what they chose is read and kept. Pages of all apps use it."""

from __future__ import annotations

from typing import Any, TypeVar
from urllib.parse import urlsplit

from django.db.models import Model, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from harriet.pages.tables.choice import Choice
from harriet.pages.tables.declared import Table
from harriet.pages.tables.listed import Listed, listed
from harriet.people.actions.keep_table import keep_table
from harriet.people.models import Membership
from harriet.people.pages.guards import OrganizationRequest, in_organization
from harriet.people.queries import table_preference_of

T = TypeVar("T", bound=Model)


def listed_for(request: OrganizationRequest, table: Table, rows: QuerySet[T], **shown: Any) -> Listed[T]:
    """The page of the table that the address asks for, with the person's columns."""
    shown["save_url"] = reverse("people:table", args=[table.key])
    shown["ticked"] = frozenset(request.GET.getlist("ticked"))
    return listed(table, rows, request.GET, choice=choice_of(request.membership, table), **shown)


def choice_of(membership: Membership, table: Table) -> Choice:
    kept = table_preference_of(membership, table.key)
    return Choice(frozenset(kept.shown), frozenset(kept.hidden), kept.is_dense) if kept else Choice()


@require_POST
@in_organization
def keep_this_table(request: OrganizationRequest, table: str) -> HttpResponse:
    keep_table(
        request.membership,
        table,
        offered=request.POST.getlist("offered"),
        shown=request.POST.getlist("shown"),
        is_dense="is_dense" in request.POST,
    )
    return redirect(_back(request))


def _back(request: OrganizationRequest) -> str:
    """The list that the choice was made on, with its filters; the start page for an address of elsewhere."""
    back = request.POST.get("back", "")
    is_here = back.startswith("/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return back if is_here and not urlsplit(back).netloc else "/"
