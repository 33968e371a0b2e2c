"""Where a person chooses how they hear of what: one choice for each kind of matter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from harriet.pages.context import PageContext, show
from harriet.pages.forms import attempt, status_of
from harriet.people.actions.choose_notifications import choose_notifications
from harriet.people.models import User
from harriet.people.notifications.channels.registry import CHANNELS
from harriet.people.notifications.kinds import KINDS, Kind
from harriet.people.notifications.preferences import channels_of

OFFERED = [kind for kind in KINDS.values() if not kind.is_fixed]
FIXED = [kind for kind in KINDS.values() if kind.is_fixed]


class NotificationsForm(forms.Form):
    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        now = channels_of(user.pk)
        for kind in OFFERED:
            choices = [(key, channel.label) for key, channel in CHANNELS.items()]
            self.fields[kind.code] = forms.ChoiceField(
                label=kind.label, help_text=kind.hears, choices=choices, initial=now[kind.code]
            )


@dataclass(frozen=True, slots=True)
class NotificationsPage(PageContext):
    template = "people/notifications.html"
    form: NotificationsForm
    fixed: list[Kind]
    has_mail: bool
    """Whether a mail server is set up."""


@require_http_methods(["GET", "HEAD", "POST"])
def notifications_page(request: HttpRequest) -> HttpResponse:
    """For everybody who is signed in: it is about the person, whatever organization they work in."""
    user = request.user
    assert isinstance(user, User)
    form = NotificationsForm(user, request.POST or None)
    if attempt(form, lambda given: choose_notifications(user, given) or True):
        messages.success(request, "Saved. It holds from the next thing that happens.")
        return redirect("people:notifications")
    page = NotificationsPage(form=form, fixed=FIXED, has_mail=bool(settings.EMAIL_URL))
    return show(request, page, status=status_of(form))
