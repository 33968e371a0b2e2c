"""Pages and actions that the search finds by their names, such as "Audit" or "New connector"."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from harriet.console.search.nouns import Hit
from harriet.people.models import Membership, User
from harriet.people.permissions import has_power, is_operator
from harriet.people.roles import Power
from harriet.people.search_words import words_in


@dataclass(frozen=True, slots=True)
class Place:
    label: str
    view: str
    power: Power | None = None
    other_words: str = ""
    """By which people may look for it, too."""
    is_operators: bool = False
    """For whoever looks after the installation."""

    @property
    def all_words(self) -> str:
        return f"{self.label} {self.other_words}"


PAGES = (
    Place("Overview", "console:overview", Power.VIEW_SETTINGS, "home dashboard"),
    Place("Integrations", "connectors:list", Power.VIEW_SETTINGS, "connectors servers mcp"),
    Place("Profiles", "profiles:list", Power.VIEW_SETTINGS, "addresses"),
    Place("People", "people:list", Power.VIEW_SETTINGS, "users members employees"),
    Place("Groups", "groups:list", Power.VIEW_SETTINGS, "teams"),
    Place("Devices", "devices:list", Power.VIEW_SETTINGS, "tokens credentials keys laptops"),
    Place("Vault", "vault:list", Power.VIEW_SETTINGS, "secrets credentials rotation"),
    Place("Tickets", "tickets:list", Power.DECIDE_ACTIONS, "approvals waiting held calls"),
    Place("Audit", "audit:list", Power.VIEW_AUDIT, "log events history"),
    Place("Records", "admin:records", Power.VIEW_RECORDS, "rows tables"),
    Place("Settings", "organization:detail", Power.VIEW_SETTINGS, "organization company"),
    Place(
        "Settings → Sign-in",
        "sign_in:list",
        Power.VIEW_SETTINGS,
        "sso single sign-on saml oidc entra okta domain",
    ),
    Place("Settings → This installation", "organization:installation", Power.VIEW_SETTINGS, "version health backup"),
    Place("Settings → Mail", "organization:installation", Power.VIEW_SETTINGS, "smtp e-mail test"),
    Place("Settings → Licences", "organization:licences", Power.VIEW_SETTINGS, "packages"),
    Place("Organizations", "admin:installation", None, "installation", is_operators=True),
    Place("My AI", "me:home", None, "tools"),
    Place("My AI → My tools", "me:tools", None, "what i can use request access"),
    Place("My AI → Devices", "me:devices", None, "laptop tokens"),
    Place("My AI → Connect a client", "me:connect", None, "claude cursor set up address"),
    Place("My AI → Activity", "me:activity", None, "calls history"),
    Place("My AI → Usage", "me:usage", None, "my limits how many calls counts quota"),
    Place("My AI → Waiting", "me:waiting", None, "held calls tickets approvals"),
    Place("Inbox", "console:inbox", None, "notices notifications"),
    Place("Your account", "console:account", None, "name sessions"),
    Place("Your account → Notifications", "people:notifications", None, "mail choose what you hear of preferences"),
    Place("Your account → Password", "account_change_password", None, "change"),
    Place("Your account → Two-factor sign-in", "mfa_index", None, "authenticator recovery codes"),
    Place("Your account → Passkeys", "mfa_list_webauthn", None, "security keys"),
    Place("Help", "help:documents", None, "documents documentation docs guide manual words"),
    Place("REST API", "api:page", None, "reference schema"),
)
ACTIONS = (
    Place("New connector", "connectors:new", Power.MANAGE_CONNECTORS, "add create integration server"),
    Place("Invite somebody", "people:invite", Power.MANAGE_PEOPLE, "add new person user colleague invitation"),
    Place("New group", "groups:new", Power.MANAGE_PEOPLE, "add create team"),
    Place("New profile", "profiles:new", Power.MANAGE_PROFILES, "add create"),
    Place("New integration key", "devices:new_key", Power.MANAGE_TOKENS, "add create shared token"),
    Place("Connect a client", "me:connect", None, "claude cursor set up"),
    Place("Change your password", "account_change_password"),
    Place("Switch organization", "people:choose", None, "company"),
    Place("Sign out", "account_logout", None, "log out leave"),
)


def found_among(places: tuple[Place, ...], membership: Membership, user: User, text: str) -> list[Hit]:
    """Those that the member may open and in whose words each word of the text begins one; by their own names first."""
    words = words_in(text)
    if not words:
        return []
    fitting = [place for place in places if _fits(place.all_words, words) and _may(place, membership, user)]
    fitting.sort(key=lambda place: not _fits(place.label, words))
    return [Hit(place.label, reverse(place.view)) for place in fitting]


def _may(place: Place, membership: Membership, user: User) -> bool:
    if place.is_operators:
        return is_operator(user)
    return place.power is None or has_power(membership, place.power)


def _fits(said: str, words: list[str]) -> bool:
    own = said.lower().replace("-", " ").split()
    return all(any(one.startswith(word) for one in own) for word in words)
