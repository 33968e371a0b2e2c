"""What a text finds for a member: a few of each noun, and where the others are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q
from django.urls import reverse

from approvals.queries import tickets_for
from harriet.console.search.nouns import Hit, hit_of_ticket, hits_of, searched_by
from harriet.console.search.places import ACTIONS, PAGES, found_among
from harriet.people.models import Membership, User
from harriet.people.search_words import Noun, first_found, has_words

LONGEST = 100
"""Characters of a text that is looked for."""
MOST = 8
"""Of one noun, on the page; its list has all."""


@dataclass(frozen=True, slots=True)
class Found:
    """A section of what was found."""

    key: str
    title: str
    hits: list[Hit]
    all_url: str = ""
    """Where all are; empty when these are."""


def find(membership: Membership, user: User, text: str, *, most: int = MOST, pages: int = 50) -> list[Found]:
    """At most so many of each noun, and so many pages and actions; only what the member may open. One query for the
    words, and at most one for each noun that they find."""
    text = text.strip()[:LONGEST]
    nouns = searched_by(membership)
    asked = [*(one.noun for one in nouns), Noun.TICKET.value]
    found = first_found(membership.organization_id, asked, text, most + 1)
    sections = [
        Found("actions", "Actions", found_among(ACTIONS, membership, user, text)[:pages]),
        Found("pages", "Pages", found_among(PAGES, membership, user, text)[:pages]),
    ]
    for noun in nouns:
        if ids := found.get(noun.noun):
            hits = hits_of(noun, membership, ids[:most])
            sections.append(Found(noun.noun, noun.title, hits, noun.all_url(text) if len(ids) > most else ""))
    sections += _tickets(membership, text, found.get(Noun.TICKET.value, []), most)
    return [section for section in sections if section.hits]


def _tickets(membership: Membership, text: str, ids: list[UUID], most: int) -> Iterator[Found]:
    """`ids` are the first that the words find, of all the organization's. The newest first; the one with this number,
    if it is one, before all others."""
    number = text.removeprefix("#")
    is_number = number.isascii() and number.isdecimal() and len(number) < 9
    numbered = Q(number=int(number)) if is_number else Q(pk=None)
    # Of very many, the newest are met soon; of few, or none, they are looked up rather than met.
    named = Q(pk__in=ids) if len(ids) <= most else has_words(Noun.TICKET, text)
    seen, by_words = tickets_for(membership), ids and not text.startswith("#")
    numbers = seen.filter(numbered) if is_number else ()
    rows = [*numbers, *(seen.filter(named & ~numbered)[: most + 1] if by_words else ())]
    url = f"{reverse('tickets:list')}?{urlencode({'q': text, 'show': 'all'})}"
    yield Found("ticket", "Tickets", [hit_of_ticket(one) for one in rows[:most]], url if len(rows) > most else "")
