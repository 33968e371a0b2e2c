"""The list of whatever can call: people's devices, their credentials, and shared integration keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple, Self, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from django.db.models.functions import Lower, Now
from django.http import HttpResponse

from harriet.pages.context import PageContext, show
from harriet.pages.picking import MOST_FOUND
from harriet.pages.tables.chips import Chips, Filter
from harriet.pages.tables.declared import Column, Table
from harriet.pages.tables.listed import Listed
from harriet.people.models import AccessToken, Device, Membership, Organization, User
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.pages.tables import listed_for
from harriet.people.permissions import has_power
from harriet.people.queries import devices_of, known_to_leavers, still_here, tokens_of
from harriet.people.roles import Power
from harriet.people.search_words import Noun, first_found

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
    size=15,
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
    is_cut: bool
    """The search found more than it looks through."""
    can_manage: bool


@needs(Power.VIEW_SETTINGS)
def devices_page(request: OrganizationRequest) -> HttpResponse:
    text, organization = request.GET.get("q", "").strip(), request.organization
    shared, of_people = Q(kind=AccessToken.Kind.INTEGRATION), Q(user__isnull=False)
    search = _Search.of(organization, text)
    tokens = tokens_of(organization)
    keys = tokens.filter(shared & search.keys).prefetch_related("known_to")
    listed_keys = _listed(request, KEYS, keys, KEYS_DUE)
    return show(
        request,
        DevicesPage(
            table=_listed(request, DEVICES, devices_of(organization).filter(search.devices), SEEN),
            tokens=_listed(request, TOKENS, tokens.filter(of_people & search.credentials), EXPIRING),
            keys=listed_keys,
            key_rows=_key_rows(organization, listed_keys.rows),
            text=text,
            is_cut=search.is_cut,
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


class _Search(NamedTuple):
    """What finds devices, credentials of people, and keys. Everything while nothing is searched for."""

    devices: Q = Q()
    credentials: Q = Q()
    keys: Q = Q()
    is_cut: bool = False
    """More are found than are looked through."""

    @classmethod
    def of(cls, organization: Organization, text: str) -> Self:
        """By words of a device's name, or of whose it is: so many that each list is read among few rows. A credential
        stands with its device, or is found by how its own name begins; of what has no device, such as keys, there are
        fewer, and any part of the name finds it."""
        if not text:
            return cls()
        found = first_found(organization.pk, (Noun.DEVICE, Noun.PERSON), text, MOST_FOUND + 1)
        named, people = (found.get(noun, []) for noun in (Noun.DEVICE, Noun.PERSON))
        theirs = Q(user__in=Membership.objects.filter(pk__any_of=people).values("user"))
        by_name = Q(name__icontains=text)
        without_device = ~Q(kind=AccessToken.Kind.DEVICE) & by_name
        devices = devices_of(organization).filter(_one_of("pk", named) | theirs)
        tokens = tokens_of(organization).filter(user__isnull=False).alias(beginning=Lower("name"))
        tokens = tokens.filter(
            _one_of("device__pk", named) | theirs | without_device | Q(beginning__startswith=text.lower()),
        )
        lists = [list(rows.order_by().values_list("pk", flat=True)[: MOST_FOUND + 1]) for rows in (devices, tokens)]
        is_cut = any(len(one) > MOST_FOUND for one in (named, people, *lists))
        found_devices, found_tokens = (_one_of("pk", one[:MOST_FOUND]) for one in lists)
        return cls(found_devices, found_tokens, by_name, is_cut)


def _one_of(name: str, ids: list[UUID]) -> Q:
    """Of none, the database need not be asked."""
    return Q(**{f"{name}__any_of": ids}) if ids else Q(pk__in=[])
