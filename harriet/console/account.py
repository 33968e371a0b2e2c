"""A person's own account: what they are called, and the browsers in which they are signed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from harriet.pages.context import PageContext, show
from harriet.pages.forms import attempt, status_of
from harriet.people.actions.end_sessions import end_other_sessions
from harriet.people.actions.note_session import note_session
from harriet.people.actions.rename_person import rename_person
from harriet.people.actors import actor_of
from harriet.people.browsers import browser_words
from harriet.people.errors import NotFound
from harriet.people.middleware import address_of
from harriet.people.models import BrowserSession, User

MOST_SESSIONS = 50
"""That the page lists: those used last."""


@dataclass(frozen=True, slots=True)
class ShownSession:
    row: BrowserSession
    browser: str
    is_this: bool


class NameForm(forms.Form):
    name = forms.CharField(
        label="Your name", help_text="What your colleagues see.", widget=forms.TextInput(attrs={"autocomplete": "name"})
    )


class OneSessionForm(forms.Form):
    session = forms.UUIDField(required=False)


@dataclass(frozen=True, slots=True)
class AccountPage(PageContext):
    template = "console/account.html"
    form: NameForm
    sessions: list[ShownSession]


@require_http_methods(["GET", "HEAD", "POST"])
def account_page(request: HttpRequest) -> HttpResponseBase:
    user = cast(User, request.user)
    form = NameForm(request.POST or None, initial={"name": user.name})
    if attempt(form, lambda given: rename_person(user, given["name"], actor=actor_of(user))):
        messages.success(request, "Your name is saved.")
        return redirect("console:account")
    return show(request, AccountPage(form=form, sessions=_sessions(request, user)), status=status_of(form))


@require_POST
def end_sessions(request: HttpRequest) -> HttpResponse:
    """Of one other browser, or of all."""
    user, form = cast(User, request.user), OneSessionForm(request.POST)
    if not form.is_valid():
        raise NotFound("There is no such browser of yours.")
    only = form.cleaned_data["session"]
    count = end_other_sessions(user, str(request.session.session_key), only, actor=actor_of(user))
    where = "one browser" if count == 1 else f"{count} browsers"
    messages.success(request, f"You are signed out of {where}." if count else "You were signed in nowhere else.")
    return redirect("console:account")


def _sessions(request: HttpRequest, user: User) -> list[ShownSession]:
    """The one in use first; it is always among them, however it began."""
    current = str(request.session.session_key)
    if not BrowserSession.objects.filter(session=current).exists():
        note_session(user, current, str(request.META.get("HTTP_USER_AGENT", "")), address_of(request))
    rows = BrowserSession.objects.filter(user=user).order_by("-seen_at")[:MOST_SESSIONS]
    shown = [ShownSession(row, browser_words(row.browser), row.session_id == current) for row in rows]
    return sorted(shown, key=lambda one: not one.is_this)
