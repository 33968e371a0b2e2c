"""The company's sign-in, seen from below: what it last said of a person, and where that can be exchanged.

What signs people in stands above the vault, and docks here when it starts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from harriet.lib.secret import Secret
from vault.oauth.answers import Failure
from vault.oauth.exchange import Ready

ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Subject:
    """The identity provider's own word about one person, while it is good."""

    fresh: Callable[[float], Secret]
    """An ID token, made for Harriet; renewed first where it has to be and can be, within so many seconds. Raises
    TokenProblem."""
    since: datetime
    """When the person signed in."""
    provider: str
    """What the provider is called here."""
    ready: Callable[[], Ready | Failure]
    """How it is asked, as the client for which the token was made."""


class SignIn(Protocol):
    def subject_of(self, organization_id: UUID, user_id: UUID) -> Subject | None:
        """None for whoever signed in otherwise, too long ago, or may not come in any more."""
        ...

    def is_set_up(self, organization_id: UUID) -> bool:
        """Whether there is a provider whose word can be exchanged."""
        ...


SIGN_INS: list[SignIn] = []


def subject_of(organization_id: UUID, user_id: UUID) -> Subject | None:
    found = (one.subject_of(organization_id, user_id) for one in SIGN_INS)
    return next((one for one in found if one is not None), None)


def is_set_up(organization_id: UUID) -> bool:
    return any(one.is_set_up(organization_id) for one in SIGN_INS)
