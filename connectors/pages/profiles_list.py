"""The list of profiles: what each offers, to whom, and its address."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Coalesce, NullIf
from django.http import HttpResponse

from connectors.counts import offer_words
from connectors.models import Profile, Tool
from harriet.pages.context import PageContext, show
from harriet.pages.tables.chips import Chips, Filter
from harriet.pages.tables.declared import Column, Table
from harriet.pages.tables.listed import Listed
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.pages.tables import listed_for
from harriet.people.permissions import has_power
from harriet.people.roles import Power
from harriet.people.search_words import Noun, has_words

Counts = dict[UUID, Counter[str]]
"""By profile, by kind."""
NAMED = 5
"""Groups, people, connectors that one row names."""
_GROUPS, _PEOPLE = Profile.groups.through.objects, Profile.people.through.objects
_FOR_SOMEBODY = Q(Exists(_GROUPS.filter(profile=OuterRef("pk")))) | Q(Exists(_PEOPLE.filter(profile=OuterRef("pk"))))
FILTERS = (
    Filter("", "All", Q()),
    Filter("used", "For somebody", _FOR_SOMEBODY),
    Filter("nobody", "For nobody yet", ~_FOR_SOMEBODY),
)
PROFILES = Table(
    key="profiles",
    columns=(
        Column("name", "Profile", sort="name"),
        Column("whom", "For", is_optional=True),
        Column("connectors", "Connectors", is_optional=True),
        Column("enabled", "Enabled", is_optional=True),
        Column("address", "Address", sort="slug", is_optional=True),
        Column("since", "Since", sort="created_at", is_optional=True, is_shown_at_first=False),
    ),
    order="name",
)


@dataclass(frozen=True, slots=True)
class Named:
    """The first of several names, and whether there are more."""

    shown: list[str]
    has_more: bool


@dataclass(frozen=True, slots=True)
class ProfileRow:
    profile: Profile
    groups: Named
    people: Named
    connectors: Named
    enabled: str
    """ "12 tools, 1 prompt"."""
    single: str
    """ "single: 2 tools, 1 prompt", or nothing."""


@dataclass(frozen=True, slots=True)
class ProfilesPage(PageContext):
    template = "profiles/list.html"
    active = "profiles"
    table: Listed[Profile]
    rows: list[ProfileRow]
    text: str
    show: str
    is_empty: bool
    can_manage: bool


@needs(Power.VIEW_SETTINGS)
def profiles_page(request: OrganizationRequest) -> HttpResponse:
    text, chips = request.GET.get("q", "").strip(), Chips(FILTERS, request.GET)
    everything = Profile.objects.filter(organization=request.organization)
    found = everything.filter(has_words(Noun.PROFILE, text)) if text else everything
    rows = with_names(chips.narrowed(found).select_related("organization"))
    table = listed_for(request, PROFILES, rows, chips=chips.shown(found))
    return show(
        request,
        ProfilesPage(
            table=table,
            rows=_rows(table.rows),
            text=text,
            show=chips.chosen.key,
            is_empty=not table.rows and not everything.exists(),
            can_manage=has_power(request.membership, Power.MANAGE_PROFILES),
        ),
    )


def with_names(profiles: QuerySet[Profile]) -> QuerySet[Profile]:
    """With the first names of whom each is for and what it offers: a profile may be for a hundred thousand people."""
    person = Coalesce(NullIf("membership__user__name", Value("")), "membership__user__email", output_field=TextField())
    return profiles.annotate(
        group_names=_first(_GROUPS, "group_id", "group__name"),
        people_names=_first(_PEOPLE, "membership_id", person),
        connector_names=_first(Profile.connectors.through.objects, "connector_id", "connector__name"),
    )


def _first(links: Any, column: str, name: Any) -> ArraySubquery:
    """One more than a row names, in the order of the index that finds them."""
    return ArraySubquery(links.filter(profile=OuterRef("pk")).order_by(column).values_list(name)[: NAMED + 1])


def _rows(profiles: list[Profile]) -> list[ProfileRow]:
    enabled, single = _enabled(profiles), _single(profiles)
    return [
        ProfileRow(
            profile=profile,
            groups=_named(getattr(profile, "group_names", [])),
            people=_named(getattr(profile, "people_names", [])),
            connectors=_named(getattr(profile, "connector_names", [])),
            enabled=_counted(enabled[profile.pk]),
            single=f"single: {_counted(single[profile.pk])}" if profile.pk in single else "",
        )
        for profile in profiles
    ]


def _named(names: list[str]) -> Named:
    return Named(names[:NAMED], len(names) > NAMED)


def _enabled(profiles: list[Profile]) -> Counts:
    """Of the tools in each that can be called, by kind: those of whole connectors, and single ones of others."""
    links, callable_now = Profile.connectors.through.objects, Tool.State.PINNED
    whole = links.filter(
        profile__in=[profile.pk for profile in profiles],
        connector__tools__is_enabled=True,
        connector__tools__state=callable_now,
    )
    found = _by_profile(whole.values_list("profile", "connector__tools__kind").annotate(count=Count("pk")))
    among = links.filter(profile=OuterRef("profile"), connector=OuterRef("tool__connector"))
    others = _links_to_tools(profiles).filter(~Exists(among), tool__is_enabled=True, tool__state=callable_now)
    for profile_id, counts in _by_profile(_kinds(others)).items():
        found[profile_id].update(counts)
    return found


def _single(profiles: list[Profile]) -> Counts:
    return _by_profile(_kinds(_links_to_tools(profiles)))


def _links_to_tools(profiles: list[Profile]) -> QuerySet[Any]:
    return Profile.tools.through.objects.filter(profile__in=[profile.pk for profile in profiles])


def _kinds(links: QuerySet[Any]) -> Any:
    return links.values_list("profile", "tool__kind").annotate(count=Count("pk"))


def _by_profile(rows: Iterable[tuple[UUID, str, int]]) -> Counts:
    found: Counts = defaultdict(Counter)
    for profile_id, kind, count in rows:
        found[profile_id][kind] += count
    return found


def _counted(count: Counter[str]) -> str:
    return offer_words(count[Tool.Kind.TOOL], count[Tool.Kind.PROMPT], count[Tool.Kind.RESOURCES])
