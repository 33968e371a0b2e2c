"""What one person can call, through whichever profile, and the rule that decides about the rest."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.core.paginator import Page
from django.http import HttpResponse

from connectors.access.facts import MemberRow, OrganizationFacts, ProfileRow, ToolRow
from connectors.access.load import load_for_page
from connectors.access.preview import best_verdict, in_order
from connectors.access.rules import Verdict
from harriet.pages.context import PageContext, show
from harriet.pages.pagination import page_of
from harriet.people.models import Membership
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.queries import person_of
from harriet.people.roles import Power


@dataclass(frozen=True, slots=True)
class OfferedRow:
    tool: ToolRow
    verdict: Verdict
    profile: ProfileRow | None
    """Through which they may call it, or come nearest to it."""


@dataclass(frozen=True, slots=True)
class PersonCanCallPage(PageContext):
    template = "profiles/person.html"
    active = "people"
    person: Membership
    page: Page[OfferedRow]
    is_all: bool
    allowed: int
    all: int


@needs(Power.VIEW_SETTINGS)
def person_can_call_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    membership = person_of(request.organization, pk)
    facts = load_for_page(request.organization)
    rows = _rows(facts, facts.members[membership.user_id])
    allowed = [row for row in rows if row.verdict.is_allowed]
    is_all = request.GET.get("show") == "all"
    page = page_of(rows if is_all else allowed, request)
    return show(
        request,
        PersonCanCallPage(person=membership, page=page, is_all=is_all, allowed=len(allowed), all=len(rows)),
    )


def _rows(facts: OrganizationFacts, member: MemberRow) -> list[OfferedRow]:
    """Everything that is offered anywhere, what is allowed first."""
    rows = [OfferedRow(tool, *best_verdict(facts, tool, member)) for tool in facts.tools.values()]
    return sorted(rows, key=lambda row: (not row.verdict.is_allowed, *in_order(row.tool)))
