"""Keeps the filters of a list under a name, for one person; and forgets them."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from harriet.people.errors import PeopleError
from harriet.people.models import Membership, SavedFilter
from harriet.people.names import clean_name

MOST_FILTERS = 30
"""Of one person, for one list."""
LONGEST_QUERY = 2000
"""Characters."""


def keep_filter(membership: Membership, table: str, name: str, query: str) -> SavedFilter:
    """Under a name that is taken, the filters take the place of the old ones. No audit event: it changes what one
    person looks at of what they may see anyway. Raises PeopleError."""
    name = clean_name(name, longest=80)
    query = urlencode(parse_qsl(query))
    if not query:
        raise PeopleError("There is nothing to save: choose a filter first.")
    if len(query) > LONGEST_QUERY:
        raise PeopleError("These filters are too long to be saved. Leave some out.")
    mine = SavedFilter.objects.filter(membership=membership, table=table)
    if mine.exclude(name=name).count() >= MOST_FILTERS:
        raise PeopleError(f"You have {MOST_FILTERS} saved filters here. Remove one first.")
    kept, _ = SavedFilter.objects.update_or_create(
        membership=membership, table=table, name=name, defaults={"query": query}
    )
    return kept


def forget_filter(membership: Membership, filter_id: UUID) -> None:
    """One of their own; nothing happens when it is gone already."""
    SavedFilter.objects.filter(membership=membership, pk=filter_id).delete()
