"""Groups of the organization: what a person may use comes from them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from harriet.people.actions.create_group import create_group
from harriet.people.actions.delete_group import delete_group
from harriet.people.actions.rename_group import rename_group
from harriet.people.actions.set_group_members import set_group_members
from harriet.people.http import OrganizationRequest, needs
from harriet.people.models import Group
from harriet.people.pages.forms import ConfirmForm, GroupForm, MembersForm, RenameForm, attempt
from harriet.people.pages.people import status_of
from harriet.people.permissions import Power, has_power
from harriet.people.queries import group_of, groups_with_counts


@needs(Power.VIEW_SETTINGS)
def groups(request: OrganizationRequest) -> HttpResponse:
    context = {
        "active": "groups",
        "groups": groups_with_counts(request.organization),
        "can_manage": has_power(request.membership, Power.MANAGE_PEOPLE),
    }
    return render(request, "people/groups.html", context)


@needs(Power.MANAGE_PEOPLE)
def new(request: OrganizationRequest) -> HttpResponse:
    form = GroupForm(request.POST or None)
    made = attempt(form, lambda given: create_group(request.organization, **given, actor=request.actor))
    if made is None:
        return render(request, "people/group_new.html", {"active": "groups", "form": form}, status=status_of(form))
    messages.success(request, f"The group {made} was created. Now say who is in it.")
    return redirect("groups:detail", made.pk)


@needs(Power.VIEW_SETTINGS)
def group(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    return group_page(request, group_of(request.organization, pk))


def group_page(request: OrganizationRequest, group: Group, **forms: Any) -> HttpResponse:
    context = {
        "active": "groups",
        "group": group,
        "members": group.memberships.select_related("user").order_by("user__email"),
        "keys": group.integration_keys.filter(revoked_at=None),
        "members_form": MembersForm(group),
        "rename_form": RenameForm(initial={"name": group.name}),
        "delete_form": ConfirmForm(group.slug),
        "can_manage": has_power(request.membership, Power.MANAGE_PEOPLE),
        **forms,
    }
    return render(request, "people/group.html", context, status=400 if forms else 200)


@require_POST
@needs(Power.MANAGE_PEOPLE)
def members(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    group = group_of(request.organization, pk)
    form = MembersForm(group, request.POST)
    if not form.is_valid():
        return group_page(request, group, members_form=form)
    set_group_members(group, form.cleaned_data["members"], actor=request.actor)
    messages.success(request, f"The people of {group} were saved.")
    return redirect("groups:detail", pk)


@require_POST
@needs(Power.MANAGE_PEOPLE)
def rename(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    group, form = group_of(request.organization, pk), RenameForm(request.POST)
    if attempt(form, lambda given: rename_group(group, given["name"], actor=request.actor)) is None:
        return group_page(request, group, rename_form=form)
    messages.success(request, f"The group is now called {group}.")
    return redirect("groups:detail", pk)


@require_POST
@needs(Power.MANAGE_PEOPLE)
def delete(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    group = group_of(request.organization, pk)
    name, form = group.name, ConfirmForm(group.slug, request.POST)
    if not form.is_valid():
        return group_page(request, group, delete_form=form)
    delete_group(group, actor=request.actor)
    messages.success(request, f"The group {name} was deleted, and every permission that it gave.")
    return redirect("groups:list")
