"""How an app says what Settings → Records shows of its models: values only, read by harriet/console/records/.

Models are named by their label ("people.Device"), pages and powers by theirs, so that an app below says all of it
without knowing the floors above.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

INSTALLATION = ""
"""The scope of rows that belong to no organization: for whoever operates the installation alone."""


@dataclass(frozen=True, slots=True)
class Page:
    """The page where a row's subject is looked after: what may be changed is changed there, by its actions."""

    view: str
    """A URL's name, such as "connectors:detail"."""
    label: str
    """What the link says."""
    argument: str = ""
    """The field that fills the URL's one argument; may lead over relations ("action__ticket__number")."""
    power: str = "see company settings"
    """The harriet.people.permissions.Power without which that page stays closed, and the link is not shown."""


@dataclass(frozen=True, slots=True)
class History:
    """Which events of the audit log are about a row: by a column of the log, or else by what the events name."""

    column: str = ""
    """person_id, connector_id, tool_id or request_id: the log finds these by an index."""
    of: str = "pk"
    """The field that holds the id to look for; may lead over relations. Empty: every event of these codes is about
    the row."""
    codes: tuple[str, ...] = ()
    """Without a column: beginnings of the codes to look among, such as ("group.",). The latest of them are read."""
    named: str = ""
    """Beside the row's id, the field whose value those events give as a detail."""


@dataclass(frozen=True, slots=True)
class Record:
    """One model's pages in Records. Every field of the model is either in `fields` or in `hidden`: a new one is
    decided about before Harriet starts."""

    model: str
    one: str
    many: str
    meaning: str
    """What such a row is, in a sentence for somebody who came today."""
    scope: str
    """The lookup that leads to the organization ("organization", "tool__organization_id"), or INSTALLATION."""
    fields: Mapping[str, str]
    """What a row's page shows, in that order: the field (or a property) and what it is called there."""
    columns: tuple[str, ...]
    """Of them, those of the list; the first leads to the row."""
    hidden: Mapping[str, str] = field(default_factory=dict)
    """What is shown to nobody, and why."""
    search: str = ""
    """The indexed text field that a search looks at the beginning of."""
    search_help: str = ""
    filters: tuple[str, ...] = ()
    """Fields to filter by. Relations and ids of other rows lead here from those rows' pages."""
    words: Mapping[str, Callable[[], list[tuple[str, str]]]] = field(default_factory=dict)
    """Of a text field that has no choices in the model: its values and their words, as a form's select takes them."""
    indexed: tuple[str, ...] = ()
    """Of these, the fields that an index finds rows by."""
    time: str = ""
    """The indexed field that says when it began: the newest stand first, and From and To ask for it. Without one, rows
    stand in the order of their ids."""
    links: Mapping[str, str] = field(default_factory=dict)
    """Ids that are no foreign keys, because their model lives on another floor: the field and the model's label."""
    title: Callable[[Any], str] = str
    select: tuple[str, ...] = ()
    """Relations that `title` and properties read."""
    needs: tuple[str, ...] = ()
    """Hidden or large fields that `title` and properties read."""
    page: Page | None = None
    history: History | None = None
    empty: str = "Rows will stand here as soon as there are any."
