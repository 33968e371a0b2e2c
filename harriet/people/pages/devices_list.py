"""The list of whatever can call: people's devices, their credentials, and shared integration keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from django.db.models import Model, Q, QuerySet
from django.db.models.functions import Now
from django.http import HttpResponse

from harriet.pages.context import PageContext, show
from harriet.pages.tables.chips import Chips, Filter
from harriet.pages.tables.declared import Column, Table
from harriet.pages.tables.listed import Listed
from harriet.people.models import AccessToken, Device, Organization, User
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.pages.tables import listed_for
from harriet.people.permissions import has_power
from harriet.people.queries import devices_of, known_to_leavers, still_here, tokens_of
from harriet.people.roles import Power

T = TypeVar("T", bound=Model)

_LATELY, _SOON = Now() - timedelta(days=30), Now() + timedelta(days=14)
SEEN = (
    Filter("", "All", Q()),
    Filter("lately", "Seen in the last 30 days", Q(last_seen_at__gte=_LATELY)),
    Filter("quiet", "Not for 30 days", Q(last_seen_at__lt=_LATELY)),
    Filter("never", "Never seen", Q(last_seen_at=None)),
)
EXPIRING = (
    Filter("", "All", Q()),
    Filter("soon", "Expires in 14 days", Q(expires_at__lt=_SOON)),
    Filter("never", "Never seen", Q(last_seen_at=None)),
)
_SEEN, _EXPIRES, _MADE, _ACTIONS = (
    Column("seen", "Last seen", sort="last_seen_at", is_optional=True),
    Column("expires", "Expires", sort="expires_at", is_optional=True),
    Column("made", "Made", sort="created_at", is_optional=True, is_shown_at_first=False),
    Column("actions", "Actions", is_label_read=True),
)
DEVICES = Table(
    key="devices",
    columns=(
        Column("name", "Device", sort="name"),
        Column("person", "Person", sort="user__email", is_optional=True),
        Column("kind", "Kind", sort="kind", is_optional=True),
        Column("since", "Registered", sort="created_at", is_optional=True),
        _SEEN,
        _ACTIONS,
    ),
    order="person",
)
TOKENS = Table(
    key="tokens",
    columns=(
        Column("name", "Name", sort="name"),
        Column("person", "Person", sort="user__email", is_optional=True),
        Column("kind", "Kind", sort="kind", is_optional=True),
        _SEEN,
        _EXPIRES,
        _MADE,
        _ACTIONS,
    ),
    order="expires",
    prefix="tokens_",
    size=10,
)
KEYS_DUE = (*EXPIRING, Filter("due", "Known to somebody who left", known_to_leavers()))
KEYS = Table(
    key="shared-keys",
    columns=(
        Column("name", "Key", sort="name"),
        Column("groups", "Groups", is_optional=True),
        Column("by", "Seen by", sort="made_by", is_optional=True),
        _SEEN,
        _EXPIRES,
        _MADE,
        _ACTIONS,
    ),
    order="expires",
    prefix="keys_",
    size=10,
)


@dataclass(frozen=True, slots=True)
class KeyRow:
    key: AccessToken
    seen_by: list[User]
    """Who made it, then who was given it."""
    left: list[User]
    """Of them, whoever has no access here any more: the key is due for rotation."""


@dataclass(frozen=True, slots=True)
class DevicesPage(PageContext):
    template = "people/devices.html"
    active = "devices"
    table: Listed[Device]
    tokens: Listed[AccessToken]
    keys: Listed[AccessToken]
    key_rows: list[KeyRow]
    text: str
    can_manage: bool


@needs(Power.VIEW_SETTINGS)
def devices_page(request: OrganizationRequest) -> HttpResponse:
    text, organization = request.GET.get("q", "").strip(), request.organization
    shared, of_people = Q(kind=AccessToken.Kind.INTEGRATION), Q(user__isnull=False)
    tokens = _searched(tokens_of(organization), text)
    keys = _listed(request, KEYS, tokens.filter(shared).prefetch_related("known_to"), KEYS_DUE)
    return show(
        request,
        DevicesPage(
            table=_listed(request, DEVICES, _searched(devices_of(organization), text), SEEN),
            tokens=_listed(request, TOKENS, tokens.filter(of_people), EXPIRING),
            keys=keys,
            key_rows=_key_rows(organization, keys.rows),
            text=text,
            can_manage=has_power(request.membership, Power.MANAGE_TOKENS),
        ),
    )


def _key_rows(organization: Organization, keys: list[AccessToken]) -> list[KeyRow]:
    seen = {key.pk: [*([key.created_by] if key.created_by else []), *key.known_to.all()] for key in keys}
    here = still_here(organization, {user.pk for people in seen.values() for user in people})
    return [KeyRow(key, seen[key.pk], [user for user in seen[key.pk] if user.pk not in here]) for key in keys]


def _listed(request: OrganizationRequest, table: Table, found: QuerySet[T], filters: tuple[Filter, ...]) -> Listed[T]:
    chips = Chips(filters, request.GET, f"{table.prefix}show")
    can_tick = has_power(request.membership, Power.MANAGE_TOKENS)
    return listed_for(request, table, chips.narrowed(found), chips=chips.shown(found), can_tick=can_tick)


def _searched(found: QuerySet[T], text: str) -> QuerySet[T]:
    if not text:
        return found
    return found.filter(Q(name__icontains=text) | Q(user__email__icontains=text) | Q(user__name__icontains=text))
