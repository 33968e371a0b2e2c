"""What a directory says of a person or a group, as plain values: what the actions of provisioning are given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from unicodedata import normalize

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from harriet.people.errors import PeopleError
from harriet.people.names import clean_email, is_hidden

MOST_EMAILS = 20


@dataclass(frozen=True, slots=True)
class Address:
    value: str
    type: str = ""
    is_primary: bool | None = None
    display: str = ""

    def as_json(self) -> dict[str, Any]:
        named = {"value": self.value, "type": self.type, "display": self.display}
        kept: dict[str, Any] = {key: value for key, value in named.items() if value}
        return kept if self.is_primary is None else kept | {"primary": self.is_primary}


@dataclass(frozen=True, slots=True)
class PersonDescription:
    """Raises PeopleError when it is made, for what can't be kept."""

    user_name: str
    external_id: str = ""
    formatted_name: str = ""
    given_name: str = ""
    family_name: str = ""
    display_name: str = ""
    emails: tuple[Address, ...] = ()
    employee_number: str = ""
    is_active: bool | None = None
    """None when it says nothing of it."""

    def __post_init__(self) -> None:
        for field, longest in _LONGEST.items():
            object.__setattr__(self, field, one_line(getattr(self, field), field, longest))
        if not self.user_name:
            raise PeopleError("A user needs a userName.", field="userName")
        if len(self.emails) > MOST_EMAILS:
            raise PeopleError(f"A user has at most {MOST_EMAILS} addresses here.", field="emails")
        for email in self.emails:
            clean_email(email.value, field="emails")
            one_line(email.type, "emails.type", 40)
            one_line(email.display, "emails.display", 200)

    @property
    def address(self) -> str:
        """By which they sign in: the primary one, that for work, any, or the user name. Raises PeopleError."""
        ranked = sorted(self.emails, key=lambda email: (not email.is_primary, email.type.lower() != "work"))
        chosen = ranked[0].value if ranked else self.user_name
        try:
            validate_email(chosen.strip())
        except ValidationError:
            raise PeopleError(
                "Nobody gets an account without an e-mail address: send emails, or an address as userName.",
                field="emails",
            ) from None
        return clean_email(chosen, field="emails")

    @property
    def full_name(self) -> str:
        """As people read it; empty when the directory gave none."""
        put_together = f"{self.given_name} {self.family_name}".strip()
        return (self.display_name or self.formatted_name or put_together)[:120]


_LONGEST = {
    "user_name": 254,
    "external_id": 300,
    "formatted_name": 200,
    "given_name": 120,
    "family_name": 120,
    "display_name": 200,
    "employee_number": 120,
}
ATTRIBUTES = {
    "user_name": "userName",
    "external_id": "externalId",
    "formatted_name": "name.formatted",
    "given_name": "name.givenName",
    "family_name": "name.familyName",
    "display_name": "displayName",
    "employee_number": "employeeNumber",
}
"""As the directory calls them."""


@dataclass(frozen=True, slots=True)
class GroupDescription:
    name: str
    external_id: str = ""
    members: frozenset[str] = frozenset()
    """Ids of users, as the directory sent them."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "external_id", one_line(self.external_id, "external_id", 300))


def one_line(text: str, field: str, longest: int) -> str:
    """As Harriet keeps it; refuses what hides or breaks a line, and what is too long. Raises PeopleError."""
    kept = normalize("NFC", text.strip())
    named = ATTRIBUTES.get(field, field)
    if any(is_hidden(character) for character in kept):
        raise PeopleError(f"{named} is one line without control or hidden characters.", field=named)
    if len(kept) > longest:
        raise PeopleError(f"{named} has at most {longest} characters.", field=named)
    return kept
