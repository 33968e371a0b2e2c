"""What a type of credential is. Each file beside this one says everything about one type; `registry` names them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from harriet.lib.secret import Secret
from vault.opened import OpenCredential

Placement = Mapping[str, str]
"""Where and how a secret is sent, nothing secret: the inputs of its type, by their `key`."""


SignsInBy = Literal["itself", "person", "organization", "client", "service_account", "exchange"]
"""What goes with a request: the secret itself, or a token that a person, an admin for everybody, Harriet or a service
account was given, or for which a person's company sign-in was exchanged."""
ITSELF: SignsInBy = "itself"
PERSON: SignsInBy = "person"
ORGANIZATION: SignsInBy = "organization"
CLIENT: SignsInBy = "client"
SERVICE_ACCOUNT: SignsInBy = "service_account"
EXCHANGE: SignsInBy = "exchange"


@dataclass(frozen=True, slots=True)
class Input:
    """One thing that is entered beside the secret: a field of the form, of the API and of a set-up file.

    Types that ask for the same thing share the object.
    """

    name: str
    """Of the field in the form and in the API."""
    key: str
    """Of the value in a placement and in a set-up file."""
    label: str
    help: str = ""
    longest: int | None = None
    """In characters, as the form takes it; the type's own rules say more."""
    choices: tuple[tuple[str, str], ...] = ()
    """Values and their words, the usual one first. Without any it is text."""
    keeps_spaces: bool = False
    """Spaces around it are kept as they were entered, so that a rule can speak of them."""
    is_sealed: bool = False
    """It is sealed together with the secret and never shown again, rather than stored in the placement."""


@dataclass(frozen=True, slots=True)
class CredentialType:
    """One way to sign in to a server. Its functions raise CredentialRefused, with the field that is wrong."""

    code: str
    """Stored with each credential, and said in the API and in set-up files: it never changes. At most 40 characters."""
    name: str
    """In a sentence."""
    label: str
    """In a list to choose from."""
    inputs: tuple[Input, ...]
    check_placement: Callable[[Placement], dict[str, str]]
    """The whole placement, with what was left out filled in. What was entered stays in it under its `key`: the form
    shows it again, and sends it with the next change."""
    check_secret: Callable[[Secret, str, Placement], None]
    """Refuses a secret, or a user name, that can't be sent in a placement that was checked."""
    place: Callable[[Secret, str, Placement], OpenCredential]
    """What goes with a request, from secret, user name and placement. Every call goes through it."""
    sent_as: Callable[[Placement], str]
    """How the secret travels, as a short phrase."""
    example: Mapping[str, str]
    """What somebody may enter, by the names of the inputs; the API's documentation shows it."""
    unasked: tuple[Input, ...] = ()
    """Inputs that the API and set-up files take and pages don't ask for: almost nobody needs another than the usual."""

    signs_in_by: SignsInBy = ITSELF
    """For all but a secret, `place` raises NoStaticSecret: `vault.oauth` gives the token for each request."""

    @property
    def is_oauth(self) -> bool:
        return self.signs_in_by != ITSELF

    @property
    def needs_secret(self) -> bool:
        """Whether it can't be saved without: an OAuth client may be public, or registered already."""
        return self.signs_in_by in {ITSELF, SERVICE_ACCOUNT}

    @property
    def has_username(self) -> bool:
        return any(one.is_sealed for one in self.inputs)
