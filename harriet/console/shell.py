"""What the shell around every page shows: the rail, the organization, the inbox, the account menu."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from harriet.console.navigation import Section, sections_for
from harriet.console.queries import Waiting, waiting_of
from harriet.pages.counts import AtMost
from harriet.pages.links import Link
from harriet.people.models import Membership, Organization
from harriet.people.permissions import has_power, is_operator
from harriet.people.queries import has_owner
from harriet.people.roles import Power
from harriet.people.sends_mail import sends_mail
from harriet.signin.provider_queries import has_active_provider

_ACCOUNT = (
    ("Your account", "console:account"),
    ("Notifications", "people:notifications"),
    ("Password", "account_change_password"),
    ("Two-factor sign-in", "mfa_index"),
    ("Passkeys", "mfa_list_webauthn"),
)
_ABOUT_ACCOUNT = 2
"""Of these, how many are not about the means of signing in."""


class Shell:
    """Asks the database only for what the template shows: a signed-out page costs nothing."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self.membership: Membership | None = getattr(request, "membership", None)
        self.organization: Organization | None = getattr(request, "organization", None)
        self.query = request.GET.get("q", "") if request.path.endswith("/search/") else ""

    @cached_property
    def sections(self) -> list[Section]:
        return sections_for(self.membership, tickets=self.waiting.tickets, is_operator=is_operator(self._request.user))

    @cached_property
    def waiting(self) -> Waiting:
        return waiting_of(self.membership) if self.membership else Waiting()

    @property
    def unread(self) -> AtMost:
        return self.waiting.unread

    @property
    def stops(self) -> AtMost:
        """Emergency stops that stand: said on every page."""
        return self.waiting.stops

    @property
    def waits_for_owner(self) -> bool:
        """For the sign-in page: the installation was not set up."""
        return not has_owner()

    @property
    def sends_mail(self) -> bool:
        """No page says that a mail is on its way where none can be."""
        return sends_mail()

    @property
    def can_switch(self) -> bool:
        return len(getattr(self._request, "memberships", [])) > 1

    @property
    def can_search(self) -> bool:
        return self.membership is not None

    @property
    def can_read_records(self) -> bool:
        """For parts/record_link.html: from a page to its subject's row in Records."""
        return has_power(self.membership, Power.VIEW_RECORDS)

    @property
    def role(self) -> str:
        return self.membership.get_role_display() if self.membership else ""

    @property
    def initials(self) -> str:
        words = str(self._request.user).partition("@")[0].replace(".", " ").split()
        return "".join(word[0] for word in words[:2]).upper() or "?"

    @property
    def has_providers(self) -> bool:
        """For the sign-in page: somebody may come from an identity provider."""
        return has_active_provider()

    @property
    def account_links(self) -> list[Link]:
        """Whoever came by single sign-on has no means of their own to look after here."""
        is_confined = getattr(self._request.user, "confined_to", None) is not None
        own = _ACCOUNT[:_ABOUT_ACCOUNT] if is_confined else _ACCOUNT
        return [Link(reverse(name), label) for label, name in own]

    @property
    def sign_out_url(self) -> str:
        return reverse("account_logout")


def shell_of(request: HttpRequest) -> Shell:
    """One for a request, so that a page and the frame around it count the same, once."""
    found: Shell | None = getattr(request, "shell", None)
    if found is None:
        found = request.shell = Shell(request)  # type: ignore[attr-defined]
    return found


def shell(request: HttpRequest) -> dict[str, Any]:
    return {"shell": shell_of(request)}
