"""What somebody wants done to many tools at once, and how that is said before and after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from connectors.access.grantees import access_words
from connectors.errors import ConnectorError
from connectors.models import EVERYONE


class _Words(NamedTuple):
    title: str
    """Of the page, and on its buttons."""
    done: str
    already: str
    """After "3 are", and after "3 were"."""


_WORDS = {
    "enable": _Words("Enable {what}", "enabled", "on already"),
    "disable": _Words("Disable {what}", "disabled", "off already"),
    "confirm": _Words(
        "Require confirmation for {what}", "set to require confirmation", "set to require confirmation already"
    ),
    "unconfirm": _Words("Lift the confirmation of {what}", "set to require no confirmation", "without it already"),
    "add": _Words("Let {who} call {what}, too", "opened to {who}", "open to them already"),
    "remove": _Words("Take {what} from {who}", "taken from {who}", "not theirs anyway"),
    "replace": _Words("Let {who} alone call {what}", "opened to {who} alone", "theirs alone already"),
}
_LETS_MORE = frozenset({"enable", "unconfirm", "add", "replace"})
"""What lets more happen leaves quarantined tools as they are; what lets less happen takes them too."""


@dataclass(frozen=True, slots=True)
class Wish:
    """`groups` (id → name) and `roles` are for add, remove and replace."""

    action: str
    groups: Mapping[UUID, str] | None = None
    roles: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.action not in _WORDS:
            raise ConnectorError("Choose what to do with the ticked tools.", field="action")
        if self.action in {"add", "remove"} and not (self.groups or self.roles):
            raise ConnectorError("Choose groups or roles first.", field="groups")

    @property
    def lets_more(self) -> bool:
        return self.action in _LETS_MORE

    @property
    def is_about_access(self) -> bool:
        return self.action in {"add", "remove", "replace"}

    @property
    def gives_to_everyone(self) -> bool:
        return self.action in {"add", "replace"} and EVERYONE in self.roles

    @property
    def who(self) -> str:
        return access_words(sorted((self.groups or {}).values()), self.roles)

    def title(self, what: str) -> str:
        return _WORDS[self.action].title.format(what=what, who=self.who)

    @property
    def done(self) -> str:
        return _WORDS[self.action].done.format(who=self.who)

    @property
    def already(self) -> str:
        return _WORDS[self.action].already

    def to_json(self) -> dict[str, Any]:
        groups = {str(key): name for key, name in (self.groups or {}).items()}
        return {"action": self.action, "groups": groups, "roles": list(self.roles)}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Wish:
        return cls(row["action"], {UUID(key): name for key, name in row["groups"].items()}, tuple(row["roles"]))

    @classmethod
    def about_access(cls, how: str, groups: Iterable[Any], roles: Iterable[str]) -> Wish:
        return cls(how, {group.pk: group.name for group in groups}, tuple(sorted(roles)))
