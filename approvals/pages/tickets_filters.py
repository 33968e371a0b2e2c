"""Which tickets the list shows, beside its chips: by state, risk, connector, tool, who asked, and since when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import Q
from django.http import QueryDict
from django.utils import timezone

from approvals.lifecycle import RAN, State
from connectors.models import Risk

STATES: dict[str, tuple[str, list[str]]] = {
    "waiting": ("Waiting for approval", [State.WAITING]),
    "running": ("Approved or running", [State.APPROVED, State.EXECUTING]),
    "ran": ("Ran", list(RAN)),
    "rejected": ("Rejected", [State.REJECTED]),
    "expired": ("Expired", [State.EXPIRED]),
    "withdrawn": ("Withdrawn or ended", [State.WITHDRAWN, State.ENDED]),
    "void": ("Approval no longer fitted", [State.INVALID]),
    "unknown": ("Started, outcome unknown", [State.UNKNOWN]),
}
DAYS = {"1": "The last day", "7": "The last 7 days", "30": "The last 30 days"}
_STANDING = ("waiting", "running")
"""What is open."""


class TicketFilterForm(forms.Form):
    """A value that nobody offered filters nothing."""

    state = forms.ChoiceField(required=False, choices=[("", "Any"), *((key, STATES[key][0]) for key in STATES)])
    risk = forms.ChoiceField(required=False, choices=[("", "Any"), *Risk.choices])
    connector = forms.CharField(required=False, max_length=100)
    tool = forms.CharField(required=False, max_length=128)
    who = forms.CharField(required=False, max_length=200, label="Asked for by")
    since = forms.ChoiceField(required=False, choices=[("", "Any time"), *DAYS.items()], label="Opened in")

    @property
    def chosen(self) -> dict[str, str]:
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}

    def which(self) -> Q:
        found = Q()
        for name, value in self.chosen.items():
            found &= _FILTERS[name](value)
        return found


_FILTERS: dict[str, Any] = {
    "state": lambda key: Q(action__state__in=STATES[key][1]),
    "risk": lambda risk: Q(action__risk=risk),
    "connector": lambda text: Q(action__connector__name__icontains=text),
    "tool": lambda text: Q(action__tool__name__icontains=text),
    "who": lambda text: Q(requester_label__icontains=text),
    "since": lambda days: Q(created_at__gte=timezone.now() - timedelta(days=int(days))),
}


def with_fitting_chip(query: QueryDict, form: TicketFilterForm) -> QueryDict:
    """Asked for a state that no open ticket has, all tickets are meant."""
    state = form.chosen.get("state", "")
    if not state or state in _STANDING or query.get("show", "open") not in ("open", "waiting"):
        return query
    changed = query.copy()
    changed["show"] = "all"
    return changed
