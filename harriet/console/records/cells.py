"""Values as Records shows them: in words, and as links to the rows that they lead to."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import ManyToManyField
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from harriet.console.records.registry import field_of, target_of, url_name
from harriet.console.records.viewer import Viewer
from harriet.lib.records import INSTALLATION, Record
from harriet.pages.parts import json_block, reltime, visible

LONGEST_IN_LIST = 160
"""Characters."""
LONGEST = 4000
"""Characters: a page stays under 100 KB whatever a server sent."""
MOST_LINKS = 50
NONE = format_html('<span class="soft">none</span>')
NOT_HERE = format_html('<span class="soft">no longer here</span>')


class Cells:
    """The cells of some rows. What they lead to is read in one query for each model, and only as far as the viewer may
    read it: of anything else not even the name is shown."""

    def __init__(self, viewer: Viewer, record: Record, rows: Sequence[Any], names: Iterable[str]) -> None:
        self.viewer, self.record = viewer, record
        self.targets = {
            name: target for name in names if (target := target_of(record, name)) and not _is_many(record, name)
        }
        self.found = self._read(rows)

    def _read(self, rows: Sequence[Any]) -> Mapping[str, Mapping[Any, Any]]:
        wanted: dict[str, set[Any]] = defaultdict(set)
        of_model = {target.model: target for target in self.targets.values() if target.scope != INSTALLATION}
        for name, target in self.targets.items():
            wanted[target.model] |= {id for row in rows if (id := _id(self.record, row, name)) is not None}
        return {
            model: self.viewer.list_of(target).in_bulk(wanted[model]) if wanted[model] else {}
            for model, target in of_model.items()
        }

    def text(self, row: Any, name: str) -> SafeString:
        """Without a link, for the list's first column, which leads to the row itself."""
        if target := self.targets.get(name):
            id = _id(self.record, row, name)
            led_to = self.found.get(target.model, {}).get(id)
            return visible(target.title(led_to)) if led_to is not None else self.cell(row, name)
        return self.cell(row, name)

    def cell(self, row: Any, name: str, longest: int = LONGEST_IN_LIST) -> SafeString:
        if target := self.targets.get(name):
            return self._link(target, _id(self.record, row, name))
        if _is_many(self.record, name):
            return self._links(row, name)
        return _worded(self.record, row, name, longest)

    def _link(self, target: Record, id: Any) -> SafeString:
        if id is None:
            return NONE
        if target.scope == INSTALLATION:
            return format_html("<code>{}</code>", id)
        row = self.found[target.model].get(id)
        return link_to(target, row) if row is not None else NOT_HERE

    def _links(self, row: Any, name: str) -> SafeString:
        """Of a relation to many rows, on a row's own page."""
        target = target_of(self.record, name)
        if target is None:
            return NONE
        ids = getattr(row, name).order_by().values("pk")
        rows = list(self.viewer.list_of(target).filter(pk__in=ids).order_by("pk")[: MOST_LINKS + 1])
        links = [link_to(target, one) for one in rows[:MOST_LINKS]]
        if len(rows) > MOST_LINKS:
            links.append(format_html('<span class="soft">and more</span>'))
        return format_html_join(", ", "{}", ((link,) for link in links)) if links else NONE


def link_to(record: Record, row: Any) -> SafeString:
    return format_html('<a href="{}">{}</a>', address_of(record, row), visible(record.title(row)))


def address_of(record: Record, row: Any) -> str:
    return reverse(url_name(record, "change"), args=[row.pk])


def _is_many(record: Record, name: str) -> bool:
    return isinstance(field_of(record, name), ManyToManyField)


def _id(record: Record, row: Any, name: str) -> Any:
    field = field_of(record, name)
    return getattr(row, field.attname if field else name)


def _worded(record: Record, row: Any, name: str, longest: int) -> SafeString:
    field, value = field_of(record, name), getattr(row, name)
    if isinstance(value, bool):
        return format_html("{}", "Yes" if value else "No")
    if isinstance(value, datetime) or (value is None and field and field.get_internal_type() == "DateTimeField"):
        return reltime(value)
    if isinstance(value, (list, dict)):
        return _listed(value, record.fields[name])
    if value is None or value == "":
        return NONE
    if name in record.words:
        return format_html("{}", dict(record.words[name]()).get(value, value))
    if field is not None and field.flatchoices:
        return format_html("{}", dict(field.flatchoices).get(value, value))
    if field is not None and field.get_internal_type() in ("UUIDField", "SlugField"):
        return format_html("<code>{}</code>", value)
    return visible(Truncator(str(getattr(value, "name", value))).chars(longest))


def _listed(value: list[Any] | dict[str, Any], label: str) -> SafeString:
    """Short lists of words as a line, all else as JSON; of what is long the beginning alone."""
    if not value:
        return NONE
    if isinstance(value, list) and all(isinstance(one, str) and len(one) < 60 for one in value) and len(value) < 30:
        return visible(", ".join(value))
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    block: SafeString = json_block(text if len(text) <= LONGEST else f"{text[:LONGEST]} … (shortened)", label)
    return block
