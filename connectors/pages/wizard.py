"""The wizard: four steps, each saved as it is left, and a last page with what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from connectors.actions.save_basics import save_basics
from connectors.actions.test_connection import test_connection
from connectors.errors import ConnectorError
from connectors.inspect.findings import Finding, worst_of
from connectors.models import Connector
from connectors.pages.connector.shared_account import is_unsigned
from connectors.pages.forms import BasicsForm, ConnectionForm
from connectors.pages.kept_findings import KeptTest, keep_findings, kept_test
from connectors.pages.kept_prefill import kept_prefill
from connectors.pages.moved_address import question_about_secret, saved_connection
from connectors.pages.prefill import Prefill
from connectors.pages.shared_forms import credential_form, saved_credential
from connectors.queries import connector_of
from connectors.wizard_steps import ACCESS, AUTHENTICATION, BASICS, CONNECTION, DONE, SAVE, STEPS, is_reached
from harriet.pages.context import PageContext, show
from harriet.pages.forms import attempt, status_of
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.roles import Power
from vault.models import Credential
from vault.queries import credential_of

MOST_REMARKS = 20


@dataclass(frozen=True, slots=True)
class StepLink:
    key: str
    label: str
    url: str
    """Empty while the step can't be opened."""
    is_current: bool
    is_done: bool


@dataclass(frozen=True, slots=True)
class StepPage(PageContext):
    """One step, with the stepper above and what is known so far beside it."""

    active = "integrations"
    step: ClassVar[str]
    request: OrganizationRequest
    connector: Connector | None
    """None until the first step is saved."""
    form: forms.Form

    @property
    def steps(self) -> list[StepLink]:
        return [_step_link(self.connector, key, label, self.step) for key, label in STEPS]

    @property
    def test(self) -> KeptTest | None:
        """Of what is saved. Beside the error of a form that was just sent it would be taken for that one's."""
        if self.connector is None or self.request.method == "POST":
            return None
        return kept_test(self.request, self.connector)

    @property
    def works(self) -> bool:
        """The last test found nothing that stops a call."""
        return self.test is not None and self.test.works

    @property
    def credential(self) -> Credential | None:
        return credential_of(self.connector.id) if self.connector else None


def _step_link(connector: Connector | None, key: str, label: str, current: str) -> StepLink:
    is_open = connector is not None and is_reached(connector, key)
    url = reverse(f"connectors:setup_{key}", args=[connector.pk]) if connector and is_open else ""
    return StepLink(key, label, url, key == current, is_open and connector is not None and key != connector.wizard_step)


@dataclass(frozen=True, slots=True)
class BasicsStepPage(StepPage):
    template = "connectors/wizard_basics.html"
    step = BASICS
    begun: Connector | None = None
    """Of the first step alone, which has the same form."""


@dataclass(frozen=True, slots=True)
class ConnectionStepPage(StepPage):
    template = "connectors/wizard_connection.html"
    step = CONNECTION
    other: Prefill | None = None
    """What the draft was begun from, under a name that it doesn't have any more: its address isn't filled in."""


@dataclass(frozen=True, slots=True)
class AuthenticationStepPage(StepPage):
    template = "connectors/wizard_authentication.html"
    step = AUTHENTICATION


@needs(Power.MANAGE_CONNECTORS)
def resume_set_up(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    """The first step that is still to do."""
    connector = connector_of(request.organization, pk)
    if connector.wizard_step == DONE:
        return redirect("connectors:detail", pk)
    step = ACCESS if connector.wizard_step == SAVE else connector.wizard_step
    return redirect(f"connectors:setup_{step}", pk)


@needs(Power.MANAGE_CONNECTORS)
def basics_step(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    connector = draft_at(request, pk, BASICS)
    initial = {name: getattr(connector, name) for name in ("name", "slug", "description", "icon")}
    form = BasicsForm(request.POST or None, initial=initial)
    if attempt(form, lambda given: save_basics(connector, **given, actor=request.actor)) is None:
        return show(request, BasicsStepPage(request, connector, form), status=status_of(form))
    return redirect("connectors:setup_connection", pk)


@needs(Power.MANAGE_CONNECTORS)
def connection_step(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    """Saves, then tries the server: what was found is shown here, or beside the next step when it works."""
    connector = draft_at(request, pk, CONNECTION)
    prefill = None if connector.url else kept_prefill(request, connector.pk)
    is_meant = prefill is not None and ("fill" in request.GET or prefill.is_meant_for(connector.name))
    url = prefill.url if prefill is not None and is_meant else connector.url
    form = ConnectionForm(request.POST or None, initial={"url": url, "allow_internal": connector.allow_internal})
    if (question := question_about_secret(request, connector, form)) is not None:
        return question
    if not saved_connection(request, connector, form):
        page = ConnectionStepPage(request, connector, form, other=None if is_meant else prefill)
        return show(request, page, status=status_of(form))
    return redirect(f"connectors:setup_{_tested(request, connector, CONNECTION, then=AUTHENTICATION)}", pk)


@needs(Power.MANAGE_CONNECTORS)
def authentication_step(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    connector = draft_at(request, pk, AUTHENTICATION)
    form = credential_form(request, connector)
    saved = saved_credential(request, connector, form)
    if saved is None:
        return show(request, AuthenticationStepPage(request, connector, form), status=status_of(form))
    step = _tested(request, connector, AUTHENTICATION, then=ACCESS, findings=saved.findings)
    if is_unsigned(pk) and "test" not in request.POST:
        return redirect("connectors:sign_in_for_everybody", pk)
    return redirect(f"connectors:setup_{step}", pk)


def _tested(
    request: OrganizationRequest, connector: Connector, step: str, *, then: str, findings: Sequence[Finding] = ()
) -> str:
    """Where the wizard goes on: to the next step, or no further while the server doesn't work or was only tried."""
    found = findings or test_connection(connector, actor=request.actor)
    keep_findings(request, connector, found)
    is_broken = worst_of(found).kind == "danger"
    return step if is_broken or "test" in request.POST else then


def draft_at(request: OrganizationRequest, pk: UUID, step: str) -> Connector:
    """Raises ConnectorError for a connector that is set up, and for a step that isn't reached."""
    connector = connector_of(request.organization, pk)
    if connector.state != Connector.State.DRAFT:
        raise ConnectorError(f"{connector} is set up already. Change it on its own page.")
    if not is_reached(connector, step):
        raise ConnectorError("Finish the earlier steps first; the draft is in the list of integrations.")
    return connector
