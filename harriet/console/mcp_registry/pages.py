"""The page of the registry: who may read it, at which address, and what stands in it."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from connectors.models import Profile
from connectors.queries import approved_profiles
from harriet.pages.context import PageContext, show
from harriet.pages.counts import Several, several
from harriet.pages.forms import attempt, status_of
from harriet.people.actions.set_registry import set_registry
from harriet.people.models import Organization
from harriet.people.pages.guards import OrganizationRequest, needs_to_save
from harriet.people.permissions import has_power
from harriet.people.roles import Power

SHOWN = 30


class RegistryForm(forms.Form):
    registry = forms.ChoiceField(
        label="Who may read it", choices=Organization.Registry.choices, widget=forms.RadioSelect
    )


@dataclass(frozen=True, slots=True)
class RegistryPage(PageContext):
    template = "unmanaged/registry.html"
    active = "unmanaged"
    form: RegistryForm
    address: str
    readers: str
    """As it is, in words."""
    is_on: bool
    profiles: Several[Profile]
    can_manage: bool


@require_http_methods(["GET", "HEAD", "POST"])
@needs_to_save(Power.MANAGE_PROFILES)
def registry_page(request: OrganizationRequest) -> HttpResponse:
    organization = request.organization
    form = RegistryForm(request.POST or None, initial={"registry": organization.registry})
    saved = attempt(form, lambda given: set_registry(organization, given["registry"], actor=request.actor))
    if saved is not None:
        messages.success(request, "Saved. It holds from the next request on.")
        return redirect("registry_settings:detail")
    page = RegistryPage(
        form=form,
        address=f"{settings.BASE_URL}/registry/{organization.slug}",
        readers=organization.get_registry_display(),
        is_on=organization.registry != Organization.Registry.OFF,
        profiles=several(approved_profiles(organization), SHOWN),
        can_manage=has_power(request.membership, Power.MANAGE_PROFILES),
    )
    return show(request, page, status=status_of(form))
