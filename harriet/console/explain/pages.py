"""The pages of explaining: one question each, asked by links and forms that change nothing."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from approvals.gate import GateDecision, stricter
from connectors.access.rules import may_open
from connectors.access.usable import usable_tools
from connectors.models import Profile, Risk, Tool, of_risk
from connectors.queries import BY_KIND
from harriet.console.explain.besides import Beside, besides
from harriet.console.explain.coverage import CoverageRow, coverage_rows, ungated
from harriet.console.explain.forms import DraftForm, ViewAsForm, WhyForm
from harriet.console.explain.replay import DAYS, Replay, replay
from harriet.console.explain.why import Answer, SeenTool, answers, part_with_rules, seen_by
from harriet.pages.context import PageContext, show
from harriet.pages.keyset import page_after
from harriet.pages.links import link_with
from harriet.pages.tables.chips import Chips, Filter
from harriet.pages.tables.declared import Column, Table
from harriet.pages.tables.listed import Listed
from harriet.people.models import Membership
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.pages.tables import listed_for
from harriet.people.roles import Power

_ORDER = ("connector__name", "place", "name", "pk")


@dataclass(frozen=True, slots=True)
class WhyPage(PageContext):
    template = "explain/why.html"
    active = "explain"
    form: WhyForm
    person: Membership | None
    tool: Tool | None
    answers: list[Answer]
    besides: list[Beside]

    @property
    def best(self) -> Answer | None:
        return self.answers[0] if self.answers else None

    @property
    def verdict(self) -> GateDecision | None:
        """With any client of theirs, through the profile that lets most happen; None where no profile has the tool."""
        if self.best is None:
            return None
        decision = GateDecision(self.best.gate.decision.kind if self.best.gate else "refuse", self.best.reason)
        for one in self.besides:
            if one.says in ("hold", "refuse"):
                decision = stricter(decision, GateDecision(one.says, one.sentence))
        return decision


@require_safe
@needs(Power.VIEW_SETTINGS)
def why_page(request: OrganizationRequest) -> HttpResponse:
    form = WhyForm(request.organization, request.GET or None)
    person, tool = (form.cleaned_data["person"], form.cleaned_data["tool"]) if form.is_valid() else (None, None)
    found = answers(person, tool) if person and tool else []
    beside = besides(person, tool) if person and tool else []
    return show(request, WhyPage(form=form, person=person, tool=tool, answers=found, besides=beside))


@dataclass(frozen=True, slots=True)
class ViewAsPage(PageContext):
    template = "explain/view_as.html"
    active = "explain"
    form: ViewAsForm
    person: Membership | None
    profile: Profile | None
    opens: str
    """Why they can't open the profile; empty when they can, or nobody was chosen."""
    tools: list[SeenTool]
    next: str
    is_first: bool


@require_safe
@needs(Power.VIEW_SETTINGS)
def view_as_page(request: OrganizationRequest) -> HttpResponse:
    form = ViewAsForm(request.organization, request.GET or None)
    if not form.is_valid():
        return show(request, ViewAsPage(form, None, None, "", [], "", True))
    person, profile = form.cleaned_data["person"], form.cleaned_data["profile"]
    cursor = request.GET.get("after", "")
    page = page_after(usable_tools(person, profile).annotate(place=BY_KIND), _ORDER, cursor)
    opens, tools = _as_they_see(person, profile, [tool.pk for tool in page.rows])
    after = link_with(request.GET, "after", page.after) if page.after else ""
    return show(request, ViewAsPage(form, person, profile, opens, tools, after, not cursor))


def _as_they_see(person: Membership, profile: Profile, ids: list[UUID]) -> tuple[str, list[SeenTool]]:
    facts = part_with_rules(person, ids, Profile.objects.filter(pk=profile.pk))
    row, member = facts.profiles[profile.pk], facts.members[person.user_id]
    opens = may_open(row.facts, member.facts)
    return "" if opens.is_allowed else opens.reason, seen_by(facts, row, member)


@dataclass(frozen=True, slots=True)
class PolicyPage(PageContext):
    template = "explain/policy.html"
    active = "explain"
    form: DraftForm
    result: Replay | None
    parts: list[str]
    """What is tried, in words."""
    is_rule: bool
    """A rule is among it."""
    days: int = DAYS


@require_safe
@needs(Power.VIEW_SETTINGS)
def policy_page(request: OrganizationRequest) -> HttpResponse:
    form = DraftForm(request.organization, request.GET or None)
    if not form.is_valid():
        return show(request, PolicyPage(form, None, [], is_rule=False))
    draft = form.draft()
    return show(
        request, PolicyPage(form, replay(request.organization, draft), form.words(), is_rule=bool(draft.effect))
    )


COVERAGE = Table(
    key="coverage",
    columns=(
        Column("tool", "Tool", sort="name"),
        Column("connector", "Connector", sort="connector__name"),
        Column("word", "Harmless says"),
        Column("profiles", "Runs in"),
        Column("people", "For"),
        Column("calls", "Calls in 30 days"),
    ),
    order="tool",
)
FILTERS = (
    Filter("", "All", Q()),
    Filter("proposed", "Nobody has looked", Q(risk_override="", risk_proposed=Risk.READ_ONLY)),
    Filter("word", "By an admin’s word", Q(risk_override=Risk.READ_ONLY)),
    Filter("scope", "By a scope", ~of_risk(Risk.READ_ONLY)),
)


@dataclass(frozen=True, slots=True)
class CoveragePage(PageContext):
    template = "explain/coverage.html"
    active = "explain"
    table: Listed[Tool]
    rows: list[CoverageRow]


@require_safe
@needs(Power.VIEW_SETTINGS)
def coverage_page(request: OrganizationRequest) -> HttpResponse:
    found, chips = ungated(request.organization), Chips(FILTERS, request.GET)
    table = listed_for(request, COVERAGE, chips.narrowed(found), chips=chips.shown(found), can_tick=False)
    return show(request, CoveragePage(table, coverage_rows(request.organization, table.rows)))
