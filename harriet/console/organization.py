"""The organization's settings: its name, how long calls are held, which internal hosts connectors may reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from harriet.pages.context import PageContext, show
from harriet.pages.forms import attempt
from harriet.people.actions.change_organization import LONGEST_HOLD, change_organization
from harriet.people.models import Organization
from harriet.people.pages.guards import OrganizationRequest, needs_to_save
from harriet.people.permissions import has_power
from harriet.people.roles import Power


class OrganizationForm(forms.Form):
    name = forms.CharField(max_length=120, help_text="As people see it on pages and in mails.")
    hold_seconds = forms.IntegerField(
        label="Hold calls for (seconds)",
        min_value=0,
        max_value=LONGEST_HOLD,
        help_text="How long a call that needs approval is kept open at most. Then, or before its client gives up, "
        "the client is told to come back.",
    )
    internal_hosts = forms.CharField(
        label="Allowed internal hosts",
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "class": "code", "spellcheck": "false"}),
        help_text="One a line: a host name, an address or a network such as 10.1.0.0/16. "
        "Connectors reach nothing else inside your network. What is on the machine that runs Harriet is allowed by "
        "whoever operates it (HARRIET_ALLOWED_LOCAL_HOSTS).",
    )
    new_clients = forms.ChoiceField(
        label="AI clients that nobody has used here",
        choices=Organization.NewClients.choices,
        help_text="Whether people may sign in with one at once, or an IT admin allows it first under AI clients. What "
        "is in use already stays as it is.",
    )

    @classmethod
    def of(cls, organization: Organization) -> OrganizationForm:
        return cls(
            initial={
                "name": organization.name,
                "hold_seconds": organization.hold_seconds,
                "internal_hosts": "\n".join(organization.internal_hosts),
                "new_clients": organization.new_clients,
            }
        )


@dataclass(frozen=True, slots=True)
class OrganizationPage(PageContext):
    template = "console/organization.html"
    active = "settings"
    form: OrganizationForm
    may_change: bool


@require_http_methods(["GET", "HEAD", "POST"])
@needs_to_save(Power.MANAGE_ORGANIZATION)
def organization_page(request: OrganizationRequest) -> HttpResponse:
    form = OrganizationForm(request.POST) if request.method == "POST" else OrganizationForm.of(request.organization)
    if attempt(form, lambda given: _save(request, given)) is not None:
        messages.success(request, "Saved.")
        return redirect("organization:detail")
    may_change = has_power(request.membership, Power.MANAGE_ORGANIZATION)
    return show(request, OrganizationPage(form=form, may_change=may_change), status=422 if form.errors else 200)


def _save(request: OrganizationRequest, given: dict[str, Any]) -> Organization:
    hosts = given["internal_hosts"].splitlines()
    return change_organization(request.organization, **(given | {"internal_hosts": hosts}), actor=request.actor)
