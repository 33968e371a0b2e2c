"""What an autonomous profile lets run without a person: made with an end, and ended early."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from connectors.actions.end_scope import end_scope
from connectors.actions.make_scope import make_scope
from connectors.expressions.reading import LONGEST
from connectors.models import AutonomousScope, Profile, Risk
from connectors.models.autonomous_scopes import HOLDING
from connectors.pages.fields import ManyToolsField
from connectors.queries import profile_of, scope_of
from harriet.lib.changed import Changed
from harriet.pages.picking_form import PickingForm
from harriet.people.models import Organization
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.roles import Power

_LASTS = (
    ("1", "1 hour"),
    ("8", "8 hours"),
    ("24", "1 day"),
    ("168", "7 days"),
    ("720", "30 days"),
    ("2160", "90 days"),
)


class ScopeForm(PickingForm):
    name = forms.CharField(label="Name", max_length=80, help_text="Such as: Nightly clean-up.")
    reason = forms.CharField(label="Why this may run unasked", max_length=300)
    lasts = forms.ChoiceField(label="Ends after", choices=_LASTS, initial="24")
    moderate = forms.BooleanField(
        label="Every tool of moderate risk", required=False, help_text="In this profile, also those enabled later."
    )
    condition = forms.CharField(
        label="Only when",
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false", "autocapitalize": "off"}),
        help_text="A condition on the arguments, such as args.amount <= 100; a connector's tab Rules shows what it may "
        "speak of. Empty: always. What can't be worked out waits.",
    )

    def __init__(self, organization: Organization, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tools"] = ManyToolsField(
            organization,
            required=False,
            label="Tools",
            help_text="By name; tools of unknown risk run only when they are named.",
        )


def scopes_shown(profile: Profile) -> list[AutonomousScope]:
    """Those that hold, the next to end first."""
    holding = profile.scopes.filter(HOLDING)
    return list(holding.select_related("made_by").prefetch_related("tools").order_by("expires_at"))


def scope_made(profile: Profile, given: dict[str, Any], request: OrganizationRequest) -> AutonomousScope:
    tools = given["tools"]
    return make_scope(
        profile,
        name=given["name"],
        reason=given["reason"],
        expires_at=timezone.now() + timedelta(hours=int(given["lasts"])),
        tools=tools.added if isinstance(tools, Changed) else tools,
        classes=[Risk.MODERATE] if given["moderate"] else [],
        condition=given["condition"],
        actor=request.actor,
    )


@require_POST
@needs(Power.MANAGE_PROFILES)
def end_this_scope(request: OrganizationRequest, pk: UUID, scope_pk: UUID) -> HttpResponse:
    scope = scope_of(profile_of(request.organization, pk), scope_pk)
    is_ended = end_scope(scope, actor=request.actor)
    messages.success(request, f"The scope {scope} was ended." if is_ended else f"The scope {scope} was over already.")
    return redirect("profiles:detail", pk)
