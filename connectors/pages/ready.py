"""The page after the wizard: what was found, and the short way from there to a client."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from connectors.actions.begin_profile import begin_profile
from connectors.actions.sync_connector import summary_of
from connectors.bulk.lots import remarks_on
from connectors.counts import Counts, enabled_words
from connectors.models import Connector, Profile, Risk, SyncRun, Tool
from connectors.pages.standing import OwnReview, Standing, own_review, standing_of
from connectors.queries import connector_of, counts_of, last_sync_of
from connectors.sync_remarks import RemarkList, remarks_of
from harriet.pages.context import PageContext, show
from harriet.pages.forms import attempt, status_of
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.roles import Power

MOST_REMARKS = 20
MOST_TOOLS = 24
"""That can be ticked here; the table of tools has all."""
_RISKS = list(Risk.values)


class BeginForm(forms.Form):
    """A profile with some of the tools: the read-only ones are ticked, unless what they say speaks to the AI."""

    name = forms.CharField(label="Name of the profile", initial="Work", max_length=80)

    def __init__(self, tools: list[Tool], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        speaking = remarks_on([tool.pk for tool in tools])
        self.fields["tools"] = forms.TypedMultipleChoiceField(
            label="Tools to switch on",
            coerce=UUID,
            required=False,
            choices=[(str(tool.pk), _label(tool, is_speaking=tool.pk in speaking)) for tool in tools],
            initial=[str(one.pk) for one in tools if one.risk == Risk.READ_ONLY and one.pk not in speaking],
            widget=forms.CheckboxSelectMultiple,
        )


def _label(tool: Tool, *, is_speaking: bool) -> str:
    warning = ". Its definition speaks to the AI: look at its page first" if is_speaking else ""
    return f"{tool.name} ({Risk(tool.risk).label}){warning}"


@dataclass(frozen=True, slots=True)
class ReadyPage(PageContext):
    template = "connectors/ready.html"
    active = "integrations"
    request: OrganizationRequest
    connector: Connector
    standing: Standing
    run: SyncRun | None
    form: BeginForm | None
    """None when there is nothing to begin with, or it is in a profile of the person's already."""
    profile: Profile | None
    """Of the person's, that offers the connector."""

    @property
    def own(self) -> OwnReview | None:
        return own_review(self.standing, self.request.membership)

    @property
    def counts(self) -> Counts:
        return counts_of(self.connector)

    @property
    def enabled(self) -> str:
        return enabled_words(self.counts)

    @property
    def summary(self) -> str:
        """Empty when its tools could not be read."""
        return summary_of(self.run) if self.run and self.run.is_success else ""

    @property
    def remarks(self) -> list[RemarkList]:
        return remarks_of(self.run, MOST_REMARKS)

    @property
    def more_tools(self) -> int:
        return max(0, self.counts.tools - MOST_TOOLS)


@require_safe
@needs(Power.MANAGE_CONNECTORS)
def ready_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    connector = connector_of(request.organization, pk)
    if connector.state == Connector.State.DRAFT:
        return redirect("connectors:setup", pk)
    return show(request, _page(request, connector, BeginForm(_tools(connector))))


@require_POST
@needs(Power.MANAGE_CONNECTORS)
def begin_with_connector(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    """Tools, profile and oneself in it at once; the next page connects the client."""
    connector = connector_of(request.organization, pk)
    form = BeginForm(_tools(connector), request.POST)
    made = attempt(
        form,
        lambda given: begin_profile(connector, request.membership, given["name"], given["tools"], actor=request.actor),
    )
    if made is None:
        return show(request, _page(request, connector, form), status=status_of(form))
    return redirect(f"{reverse('me:connect')}?profile={made.pk}")


def _page(request: OrganizationRequest, connector: Connector, form: BeginForm) -> ReadyPage:
    mine = Profile.objects.filter(organization=request.organization, connectors=connector, people=request.membership)
    profile = mine.first()
    has_tools = bool(form.fields["tools"].choices)  # type: ignore[attr-defined]
    return ReadyPage(
        request=request,
        connector=connector,
        standing=standing_of(connector),
        run=last_sync_of(connector),
        form=form if has_tools and profile is None else None,
        profile=profile,
    )


def _tools(connector: Connector) -> list[Tool]:
    """Those that can be switched on, the harmless first."""
    rows = Tool.objects.filter(connector=connector, kind=Tool.Kind.TOOL, state=Tool.State.PINNED)
    offered = sorted(rows.order_by("position", "pk")[:500], key=lambda tool: _RISKS.index(tool.risk))
    return offered[:MOST_TOOLS]
