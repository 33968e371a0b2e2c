"""What one person can call, through whichever profile, and the rule that decides about the rest."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Value
from django.http import HttpResponse

from connectors.access.facts import ProfileRow, ToolRow
from connectors.access.in_database import callable_first, profiles_with
from connectors.access.load_part import load_part
from connectors.access.preview import best_verdict, waits_in
from connectors.access.rules import Verdict
from connectors.access.usable import usable_tools
from connectors.models import Tool
from connectors.queries import BY_KIND
from harriet.pages.context import PageContext, show
from harriet.pages.counts import AtMost, at_most
from harriet.pages.keyset import page_after
from harriet.pages.links import link_with
from harriet.people.models import Membership
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.queries import person_of
from harriet.people.roles import Power
from harriet.people.search_words import Noun, is_found_by

ORDER = ("rank", "connector__name", "place", "name", "pk")


@dataclass(frozen=True, slots=True)
class OfferedRow:
    tool: ToolRow
    verdict: Verdict
    profile: ProfileRow | None
    """Through which they may call it, or come nearest to it."""

    @property
    def waits(self) -> str:
        """As `waits_in` says it of the profile through which the person may."""
        return waits_in(self.profile, self.tool) if self.profile is not None else ""


@dataclass(frozen=True, slots=True)
class PersonCanCallPage(PageContext):
    template = "profiles/person.html"
    active = "people"
    person: Membership
    rows: list[OfferedRow]
    is_all: bool
    text: str
    """What the names are searched for."""
    allowed: AtMost
    all: AtMost
    next: str
    """The query of the next page; empty on the last."""
    is_first: bool


@needs(Power.VIEW_SETTINGS)
def person_can_call_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    """Everything that is offered anywhere; what the person may call first, when all is asked for."""
    membership = person_of(request.organization, pk)
    text, is_all = request.GET.get("q", "").strip()[:100], request.GET.get("show") == "all"
    everything = Tool.objects.filter(organization=request.organization)
    if text:
        everything = everything.filter(is_found_by(request.organization.pk, Noun.TOOL, text))
    allowed = everything.filter(pk__in=usable_tools(membership).order_by().values("pk"))
    shown = callable_first(everything, membership) if is_all else allowed.annotate(rank=Value(0))
    cursor = request.GET.get("after", "")
    page = page_after(shown.annotate(place=BY_KIND), ORDER, cursor)
    return show(
        request,
        PersonCanCallPage(
            person=membership,
            rows=_rows(membership, page.rows),
            is_all=is_all,
            text=text,
            allowed=at_most(allowed),
            all=at_most(everything),
            next=link_with(request.GET, "after", page.after) if page.after else "",
            is_first=not cursor,
        ),
    )


def _rows(membership: Membership, tools: list[Tool]) -> list[OfferedRow]:
    ids = [tool.pk for tool in tools]
    facts = load_part(membership.organization, tools=ids, people=[membership.pk], profiles=profiles_with(tools))
    member, rows = facts.members[membership.user_id], (facts.tools[pk] for pk in ids if pk in facts.tools)
    return [OfferedRow(row, *best_verdict(facts, row, member)) for row in rows]
