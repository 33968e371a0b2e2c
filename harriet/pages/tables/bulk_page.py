"""The page between ticking rows and changing them: exactly what will change, what stays and why; then it is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from django.contrib import messages
from django.db.models import Model
from django.forms import Form
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect

from harriet.pages.context import PageContext, show
from harriet.pages.forms import ConfirmForm, status_of
from harriet.pages.tables.bulk import BulkAction, Noun, Plan, carry_out, plan_of

T = TypeVar("T", bound=Model)
LONGEST_QUERY = 2000
"""Characters of the filters that are kept."""


@dataclass(frozen=True, slots=True)
class BulkPage(PageContext):
    """Each list has one of its own, which says in which part of the pages it stands."""

    list_name: ClassVar[str]
    plan: Plan[Any]
    back: str
    kept: Mapping[str, Sequence[str]]
    """What the change needs beside the rows, already said and found right."""
    confirm: ConfirmForm | None


@dataclass(frozen=True, slots=True)
class BulkFormPage(PageContext):
    """Asks for what the change needs beside the rows."""

    list_name: ClassVar[str]
    title: str
    names: Sequence[str]
    ids: Sequence[str]
    action: str
    form: Form
    back: str


def asked(
    request: HttpRequest, page: type[BulkFormPage], action: BulkAction[T], rows: Sequence[T], form: Form, *, back: str
) -> HttpResponse:
    """Asks, with what is wrong with an answer beside it. Nothing is changed, and the rows stay ticked."""
    shown = page(
        title=f"{action.label}: {action.noun.counted(len(rows))}",
        names=[action.name(row) for row in rows],
        ids=[str(row.pk) for row in rows],
        action=action.key,
        form=form,
        back=with_ticks(request, back, rows),
    )
    return show(request, shown, status=status_of(form))


def nothing_ticked(request: HttpRequest, noun: Noun, back: str) -> HttpResponse:
    messages.error(request, f"Nothing was changed: tick at least one {noun.one} first.")
    return redirect(as_it_was(request, back))


def answers(request: HttpRequest) -> QueryDict | None:
    """What was filled in; None before anybody was asked."""
    return request.POST if "filled" in request.POST or "sure" in request.POST else None


def preview_or_do(
    request: HttpRequest,
    page: type[BulkPage],
    action: BulkAction[T],
    rows: Sequence[T],
    *,
    back: str,
    kept: Mapping[str, Sequence[str]] | None = None,
) -> HttpResponse:
    """Shows the plan; carries it out once that was confirmed. What is left to change is looked at again then."""
    if not rows:
        return nothing_ticked(request, action.noun, back)
    plan = plan_of(action, rows)
    is_sure = "sure" in request.POST
    confirm = ConfirmForm(plan.typed, request.POST if is_sure else None) if action.needs_typing else None
    if is_sure and plan.changes and (confirm is None or confirm.is_valid()):
        outcome = carry_out(plan)
        if outcome.done:
            messages.success(request, outcome.done)
        if outcome.left:
            messages.warning(request, outcome.left)
        return redirect(as_it_was(request, back))
    shown = page(plan=plan, back=with_ticks(request, back, rows), kept=kept or {}, confirm=confirm)
    return show(request, shown, status=status_of(*[confirm] if confirm else []))


def as_it_was(request: HttpRequest, back: str, ticked: Sequence[str] = ()) -> str:
    """The list with the filters, the order and the page from which rows were sent: `list`, in tables/head.html."""
    said = request.POST.get("list", "")
    query = QueryDict(said if len(said) <= LONGEST_QUERY else "", mutable=True)
    query.setlist("ticked", list(ticked))
    return f"{back}?{query.urlencode()}" if query.urlencode() else back


def with_ticks(request: HttpRequest, back: str, rows: Sequence[Model]) -> str:
    """The list as it was, with the same rows ticked."""
    return as_it_was(request, back, [str(row.pk) for row in rows])
