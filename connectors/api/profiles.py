"""The REST API of profiles: what each is called, and its lists of whom it is for and what it offers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.response import Response

from connectors import queries
from connectors.actions.change_profile import change_profile
from connectors.actions.create_profile import create_profile
from connectors.actions.delete_profile import delete_profile
from connectors.api import serializers as s
from connectors.errors import ConnectorError
from connectors.models import Connector, Profile, Tool
from harriet.lib.batches import in_batches
from harriet.lib.changed import Changed
from harriet.people.api.inner_lists import InnerChangeSerializer, refuse_parts, with_first_names
from harriet.people.api.newest import Newest
from harriet.people.api.serializers import PersonSerializer
from harriet.people.api.view_parts import checked, demand_view, groups_named
from harriet.people.api.views import GroupsWithin
from harriet.people.models import Membership, Organization
from harriet.people.queries import people_of

AT_ONCE = 500
"""Names that are looked for in one query."""
KINDS = {"tools": Tool.Kind.TOOL, "prompts": Tool.Kind.PROMPT, "resources": Tool.Kind.RESOURCES}
"""Three lists outside, one inside."""
Found = Callable[[Organization, list[str]], Mapping[str, Any]]


class Profiles(generics.ListAPIView[Profile]):
    serializer_class = s.ProfileSerializer
    pagination_class = Newest

    def get_queryset(self) -> QuerySet[Profile]:
        demand_view(self.request)
        found = queries.profiles_of(self.request.organization)  # type: ignore[attr-defined]
        return with_first_names(found, s.ProfileSerializer)

    @extend_schema(request=s.ProfileChangeSerializer, responses={201: s.ProfileSerializer})  # type: ignore[untyped-decorator]
    def post(self, request: Any) -> Response:
        given = checked(s.ProfileChangeSerializer, request)
        given.pop("whole_lists", None)
        given = _resolved(request.organization, given)
        for needed in ("slug", "name"):
            if needed not in given:
                raise ConnectorError("A profile needs it.", field=needed)
        given["tools"] = [tool for field in KINDS for tool in given.pop(field, ())]
        made = create_profile(request.organization, **given, actor=request.actor)
        shown = s.ProfileSerializer(queries.profile_of(request.organization, made.pk)).data
        return Response(shown, status=status.HTTP_201_CREATED)


class OneProfile(generics.GenericAPIView[Profile]):
    serializer_class = s.ProfileSerializer

    def get(self, request: Any, pk: UUID) -> Response:
        demand_view(request)
        return Response(s.ProfileSerializer(queries.profile_of(request.organization, pk)).data)

    @extend_schema(request=s.ProfileChangeSerializer)  # type: ignore[untyped-decorator]
    def patch(self, request: Any, pk: UUID) -> Response:
        profile, given = queries.profile_of(request.organization, pk), checked(s.ProfileChangeSerializer, request)
        refuse_parts(profile, s.ProfileSerializer, given)
        given = _resolved(request.organization, given)
        if wanted := {field: given.pop(field) for field in KINDS if field in given}:
            given["tools"] = _instead(profile, wanted)
        change_profile(profile, **given, actor=request.actor)
        return Response(s.ProfileSerializer(queries.profile_of(request.organization, pk)).data)

    def delete(self, request: Any, pk: UUID) -> Response:
        delete_profile(queries.profile_of(request.organization, pk), actor=request.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _instead(profile: Profile, wanted: Mapping[str, list[Tool]]) -> Changed[Tool]:
    """Of single tools, prompts and resources those kinds change that were given; the others stay as they are."""
    chosen = [tool for tools in wanted.values() for tool in tools]
    mine = profile.tools.filter(kind__in=[KINDS[field] for field in wanted])
    return Changed(chosen, list(mine.exclude(pk__in=[tool.pk for tool in chosen]).values_list("pk", flat=True)))


class _WithinProfile(generics.GenericAPIView[Any]):
    """One of a profile's lists: read by whoever sees company settings, changed without naming what stays."""

    what = ""
    pagination_class = Newest

    @property
    def profile(self) -> Profile:
        demand_view(self.request)
        return queries.profile_of(self.request.organization, self.kwargs["pk"])  # type: ignore[attr-defined]

    @extend_schema(request=InnerChangeSerializer, responses={204: None})  # type: ignore[untyped-decorator]
    def patch(self, request: Any, pk: UUID) -> Response:
        """What comes and what goes, by the names that the profile tells."""
        profile, given = queries.profile_of(request.organization, pk), checked(InnerChangeSerializer, request)
        added, removed = (_found(request.organization, self.what, given[way]) for way in ("add", "remove"))
        field = "tools" if self.what in KINDS else self.what
        change: dict[str, Any] = {field: Changed(added, [one.pk for one in removed])}
        change_profile(profile, **change, actor=request.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


class GroupsOfProfile(_WithinProfile, GroupsWithin):
    what = "groups"

    def ids(self, pk: UUID) -> QuerySet[Any, Any]:
        return Profile.groups.through.objects.filter(profile=self.profile.pk).values("group")


class PeopleOfProfile(_WithinProfile, generics.ListAPIView[Membership]):
    """Those whom it names, beside its groups."""

    what = "people"
    serializer_class = PersonSerializer

    def get_queryset(self) -> QuerySet[Membership]:
        profile = self.profile
        named = Profile.people.through.objects.filter(profile=profile.pk).values("membership")
        found = people_of(profile.organization).prefetch_related(None).filter(pk__in=named)
        return with_first_names(found, PersonSerializer)


class ConnectorsOfProfile(_WithinProfile, generics.ListAPIView[Connector]):
    """Whole connectors, beside its single tools."""

    what = "connectors"
    serializer_class = s.ConnectorSerializer

    def get_queryset(self) -> QuerySet[Connector]:
        profile = self.profile
        whole = Profile.connectors.through.objects.filter(profile=profile.pk).values("connector")
        return queries.connectors_of(profile.organization).filter(pk__in=whole)


class _FirstSeen(Newest):
    by = "first_seen_at"


class ToolsOfProfile(_WithinProfile, generics.ListAPIView[Tool]):
    """Single ones, beside its whole connectors."""

    what = "tools"
    serializer_class = s.ToolSerializer
    pagination_class = _FirstSeen

    def get_queryset(self) -> QuerySet[Tool]:
        return with_first_names(queries.tools_within(self.profile, KINDS[self.what]), s.ToolSerializer)


class PromptsOfProfile(ToolsOfProfile):
    what = "prompts"


class ResourcesOfProfile(ToolsOfProfile):
    """What stands for all resources of a connector."""

    what = "resources"


def _resolved(organization: Organization, given: dict[str, Any]) -> dict[str, Any]:
    """Short names and addresses as the things they name. Raises ConnectorError for one that names nothing."""
    if "prefix" in given:
        given["has_prefix"] = given.pop("prefix")
    if "progressive" in given:
        given["is_progressive"] = given.pop("progressive")
    return given | {what: _found(organization, what, given[what]) for what in ("groups", *_FOUND) if what in given}


def _found(organization: Organization, what: str, names: list[str]) -> list[Any]:
    """Asks for what is named alone, some at a time."""
    if what == "groups":
        return groups_named(organization, names)
    known: dict[str, Any] = {}
    for some in in_batches(dict.fromkeys(names), AT_ONCE):
        known |= _FOUND[what](organization, some)
    if (unknown := next((name for name in names if name not in known), None)) is not None:
        raise ConnectorError(f"There is no “{unknown}” here.", field=what)
    return [known[name] for name in names]


def _people(organization: Organization, addresses: list[str]) -> Mapping[str, Membership]:
    """By the addresses as they were given: Harriet knows a person by theirs, whatever its case."""
    here = Membership.objects.filter(organization=organization).alias(address=Lower("user__email"))
    rows = here.filter(address__in=[one.lower() for one in addresses]).select_related("user")
    found = {membership.user.email.lower(): membership for membership in rows}
    return {one: found[one.lower()] for one in addresses if one.lower() in found}


def _connectors(organization: Organization, slugs: Iterable[str]) -> Mapping[str, Connector]:
    rows = Connector.objects.filter(organization=organization, slug__in=slugs)
    return {connector.slug: connector for connector in rows}


def _resources(organization: Organization, slugs: Iterable[str]) -> Mapping[str, Tool]:
    rows = Tool.objects.filter(organization=organization, kind=Tool.Kind.RESOURCES, connector__slug__in=slugs)
    return {tool.connector.slug: tool for tool in rows.select_related("connector")}


_FOUND: Mapping[str, Found] = {
    "people": _people,
    "connectors": _connectors,
    "tools": lambda organization, names: queries.tools_at(organization.pk, names),
    "prompts": lambda organization, names: queries.tools_at(organization.pk, names, Tool.Kind.PROMPT),
    "resources": _resources,
}

profile_api_urls = [
    path("profiles/", Profiles.as_view(), name="profiles"),
    path("profiles/<uuid:pk>/", OneProfile.as_view(), name="profile"),
    *(
        path(f"profiles/<uuid:pk>/{view.what}/", view.as_view(), name=f"profile_{view.what}")
        for view in (
            *(GroupsOfProfile, PeopleOfProfile, ConnectorsOfProfile),
            *(ToolsOfProfile, PromptsOfProfile, ResourcesOfProfile),
        )
    ),
]
