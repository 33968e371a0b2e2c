"""The wizard's last step: who may call the tools, a group made in place, and what a chosen person will see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from connectors.access.rules import CallerFacts, ToolFacts, Verdict, is_permitted
from connectors.actions.activate_connector import activate_connector
from connectors.actions.save_access import save_access
from connectors.actions.save_access_with_group import save_access_with_group
from connectors.actions.sync_connector import sync_connector
from connectors.models import Connector, Tool
from connectors.pages.forms import AccessForm
from connectors.pages.kept_findings import kept_test
from connectors.pages.wizard import StepPage, draft_at
from connectors.wizard_steps import ACCESS
from harriet.lib.ids import new_id
from harriet.pages.context import show
from harriet.pages.forms import attempt, status_of
from harriet.people.models import Membership
from harriet.people.pages.fields import PeopleField, PersonField
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.roles import Power


class AccessStepForm(AccessForm):
    """With a group that isn't there yet, and somebody to look at it for."""

    new_group = forms.CharField(
        label="Make a new group",
        required=False,
        max_length=120,
        help_text="For example: Sales. It is made when you save, and may call the tools.",
    )

    field_order = (
        "everyone", "groups", "new_group", "new_people", "roles", "requires_confirmation", "person",
    )  # fmt: skip

    def __init__(self, organization: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(organization, *args, **kwargs)
        self.fields["new_people"] = PeopleField(organization, required=False, label="People in the new group")
        self.fields["person"] = PersonField(
            organization, only_active=True, required=False, label="Person", nothing="Nobody"
        )
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if given.get("new_people") and not given.get("new_group", "").strip():
            self.add_error("new_group", "Give the new group a name, or take the people out of it again.")
        return given


@dataclass(frozen=True, slots=True)
class WillSee:
    """What one person would see with what is chosen now: nothing of it is saved."""

    person: str
    verdict: Verdict
    tools: tuple[str, ...]
    """By name, as the last test found them."""
    count: str
    """ "84 tools"; empty when no test has found any."""
    is_confirmed: bool

    @property
    def more(self) -> bool:
        return bool(self.tools) and self.count.partition(" ")[0] != str(len(self.tools))


@dataclass(frozen=True, slots=True)
class AccessStepPage(StepPage):
    template = "connectors/wizard_access.html"
    step = ACCESS
    will_see: WillSee | None = None


@needs(Power.MANAGE_CONNECTORS)
def access_step(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    """Saves, activates and syncs; or only shows what somebody will see."""
    connector = draft_at(request, pk, ACCESS)
    form = AccessStepForm.of(connector, request.POST or None)
    if "preview" in request.POST and form.is_valid():
        page = AccessStepPage(request, connector, form, will_see=_will_see(request, connector, form))
        return show(request, page)
    if attempt(form, lambda given: _save(request, connector, form, given)) is None:
        return show(request, AccessStepPage(request, connector, form), status=status_of(form))
    if "later" in request.POST:
        messages.success(request, f"The draft of {connector} was saved. It is in the list when you come back.")
        return redirect("connectors:list")
    activate_connector(connector, actor=request.actor)
    sync_connector(connector, actor=request.actor)
    return redirect("connectors:ready", pk)


def _save(request: OrganizationRequest, connector: Connector, form: AccessForm, given: dict[str, Any]) -> Connector:
    access: dict[str, Any] = {
        "groups": given["groups"],
        "roles": form.chosen_roles,
        "requires_confirmation": given["requires_confirmation"],
        "actor": request.actor,
    }
    if name := given["new_group"].strip():
        return save_access_with_group(connector, name=name, people=given["new_people"], **access)
    return save_access(connector, **access)


def _will_see(request: OrganizationRequest, connector: Connector, form: AccessForm) -> WillSee | None:
    given, person = form.cleaned_data, form.cleaned_data["person"]
    if person is None:
        form.add_error("person", "Choose whom to look at it for.")
        return None
    groups, new = {group.pk: group.name for group in given["groups"]}, new_id()
    if name := given["new_group"].strip():
        groups[new] = name
    caller = _as_caller(person, {new} if person in given["new_people"] else set())
    test = kept_test(request, connector)
    tools = next((one for one in test.findings if one.title == "Tools" and one.names), None) if test else None
    tool = ToolFacts(
        tool_id=new,
        name=f"Every tool of {connector.name}",
        connector_id=connector.pk,
        connector_name=connector.name,
        connector_state=Connector.State.ACTIVE,
        state=Tool.State.PINNED,
        is_enabled=True,
        groups=groups,
        roles=frozenset(form.chosen_roles),
    )
    return WillSee(
        person=str(person.user),
        verdict=is_permitted(tool, caller),
        tools=tuple(tools.names) if tools else (),
        count=tools.short if tools else "",
        is_confirmed=given["requires_confirmation"],
    )


def _as_caller(person: Membership, more: set[UUID]) -> CallerFacts:
    groups = frozenset(person.groups.values_list("pk", flat=True)) | more
    return CallerFacts(str(person.user), True, person.role, groups, person.pk)
