"""What can go wrong at the door, said to people and to their IT team."""

from __future__ import annotations

from harriet.people.errors import PeopleError

SHOW_IT = " Show this to your IT team."


class SignInRefused(PeopleError):
    """Nothing was changed and nobody is signed in. The message quotes nothing that the provider sent unproved."""


def refused(what: str) -> SignInRefused:
    """`what` went wrong between Harriet and the provider: for the person it is one sentence to pass on."""
    return SignInRefused(f"You are not signed in: {what}{SHOW_IT}")


class Taken(PeopleError):
    """Somebody here has this name or address already (409)."""
