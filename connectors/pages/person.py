"""What one person can call, through whichever profile, and the rule that decides about the rest."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render

from connectors.access.facts import MemberRow, OrganizationFacts
from connectors.access.load import load_for_page
from connectors.access.preview import best_verdict, in_order
from harriet.pages.pagination import page_of
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.queries import person_of
from harriet.people.roles import Power


@needs(Power.VIEW_SETTINGS)
def person(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    membership = person_of(request.organization, pk)
    facts = load_for_page(request.organization)
    rows = _rows(facts, facts.members[membership.user_id])
    allowed = [row for row in rows if row["verdict"].is_allowed]
    is_all = request.GET.get("show") == "all"
    context = {
        "active": "people",
        "person": membership,
        "page": page_of(rows if is_all else allowed, request),
        "is_all": is_all,
        "allowed": len(allowed),
        "all": len(rows),
    }
    return render(request, "profiles/person.html", context)


def _rows(facts: OrganizationFacts, member: MemberRow) -> list[dict[str, Any]]:
    """Everything that is offered anywhere, what is allowed first."""
    rows = []
    for tool in facts.tools.values():
        verdict, profile = best_verdict(facts, tool, member)
        rows.append({"tool": tool, "verdict": verdict, "profile": profile})
    return sorted(rows, key=lambda row: (not row["verdict"].is_allowed, *in_order(row["tool"])))
