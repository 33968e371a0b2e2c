"""The page of a group, and making one: what a person may use comes from groups."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from harriet.pages.context import PageContext, show
from harriet.pages.forms import ConfirmForm, attempt, status_of
from harriet.pages.long_list import LongList, long_list
from harriet.people.actions.add_to_group import add_to_group
from harriet.people.actions.create_group import create_group
from harriet.people.actions.delete_group import delete_group
from harriet.people.actions.remove_from_group import remove_from_group
from harriet.people.actions.rename_group import rename_group
from harriet.people.models import AccessToken, Group
from harriet.people.pages.fields import Members
from harriet.people.pages.forms import AddPeopleForm, GroupForm, RenameForm
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.pages.once import first_of
from harriet.people.permissions import has_power
from harriet.people.queries import group_of, person_of
from harriet.people.roles import Power


@dataclass(frozen=True, slots=True)
class NewGroupPage(PageContext):
    template = "people/group_new.html"
    active = "groups"
    form: GroupForm


@needs(Power.MANAGE_PEOPLE)
def new_group_page(request: OrganizationRequest) -> HttpResponse:
    form = GroupForm(request.POST or None)
    actor, organization = request.actor, request.organization
    made = attempt(form, lambda given: first_of(request, lambda: create_group(organization, **given, actor=actor).pk))
    if made is None:
        return show(request, NewGroupPage(form=form), status=status_of(form))
    messages.success(request, f"The group {form.cleaned_data['name']} was created. Now say who is in it.")
    return redirect("groups:detail", made)


@dataclass(frozen=True, slots=True)
class GroupPage(PageContext):
    template = "people/group.html"
    active = "groups"
    group: Group
    members: LongList
    keys: QuerySet[AccessToken]
    people_form: AddPeopleForm
    rename_form: RenameForm
    delete_form: ConfirmForm
    can_manage: bool


@needs(Power.VIEW_SETTINGS)
def group_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    return _shown(request, group_of(request.organization, pk))


def _shown(
    request: OrganizationRequest,
    group: Group,
    *,
    people_form: AddPeopleForm | None = None,
    rename_form: RenameForm | None = None,
    delete_form: ConfirmForm | None = None,
) -> HttpResponse:
    """The page, with the form that was sent when something was wrong with it."""
    page = GroupPage(
        group=group,
        members=long_list(Members(group), request.GET),
        keys=group.integration_keys.filter(revoked_at=None),
        people_form=people_form or AddPeopleForm(group),
        rename_form=rename_form or RenameForm(initial={"name": group.name}),
        delete_form=delete_form or ConfirmForm(group.slug),
        can_manage=has_power(request.membership, Power.MANAGE_PEOPLE),
    )
    return show(request, page, status=status_of(page.people_form, page.rename_form, page.delete_form))


@require_POST
@needs(Power.MANAGE_PEOPLE)
def add_people_to_group(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    group = group_of(request.organization, pk)
    form = AddPeopleForm(group, request.POST)
    added = attempt(form, lambda given: add_to_group(group, given["people"], actor=request.actor))
    if added is None:
        return _shown(request, group, people_form=form)
    word = "person was" if added == 1 else "people were"
    messages.success(request, f"{added} {word} added to {group}." if added else f"They are in {group} already.")
    return redirect("groups:detail", pk)


@require_POST
@needs(Power.MANAGE_PEOPLE)
def remove_person_from_group(request: OrganizationRequest, pk: UUID, person_pk: UUID) -> HttpResponse:
    group, membership = group_of(request.organization, pk), person_of(request.organization, person_pk)
    remove_from_group(group, membership, actor=request.actor)
    messages.success(request, f"{membership.user} is not in {group} any more.")
    return redirect("groups:detail", pk)


@require_POST
@needs(Power.MANAGE_PEOPLE)
def rename_this_group(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    group, form = group_of(request.organization, pk), RenameForm(request.POST)
    if attempt(form, lambda given: rename_group(group, given["name"], actor=request.actor)) is None:
        return _shown(request, group, rename_form=form)
    messages.success(request, f"The group is now called {group}.")
    return redirect("groups:detail", pk)


@require_POST
@needs(Power.MANAGE_PEOPLE)
def delete_this_group(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    group = group_of(request.organization, pk)
    name, form = group.name, ConfirmForm(group.slug, request.POST)
    if not form.is_valid():
        return _shown(request, group, delete_form=form)
    delete_group(group, actor=request.actor)
    messages.success(request, f"The group {name} was deleted, and every permission that it gave.")
    return redirect("groups:list")
