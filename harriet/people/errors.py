"""What can go wrong with people, said to people."""

from __future__ import annotations

from harriet.lib.errors import Problem


class PeopleError(Problem):
    """Base of the family; shown as 400 when nothing nearer fits."""


class NotAllowed(PeopleError):
    """The actor may not do this (403)."""


class NotFound(PeopleError):
    """It does not exist, or belongs to somebody else: both read the same (404)."""
