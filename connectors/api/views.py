"""The REST API of connectors, tools and profiles: thin, everything goes through the actions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import generics, status
from rest_framework.pagination import CursorPagination
from rest_framework.response import Response

from connectors import queries
from connectors.actions.activate_connector import activate_connector
from connectors.actions.change_profile import change_profile
from connectors.actions.create_profile import create_profile
from connectors.actions.delete_connector import delete_connector
from connectors.actions.delete_profile import delete_profile
from connectors.actions.draft_connector import draft_connector
from connectors.actions.pause_connector import pause_connector
from connectors.actions.replace_secret import is_tried_first, replace_secret
from connectors.actions.resume_connector import resume_connector
from connectors.actions.save_authentication import check_entered_for, save_authentication
from connectors.actions.save_basics import save_basics
from connectors.actions.save_connection import save_connection
from connectors.actions.set_argument_checks import set_argument_checks
from connectors.actions.set_deciders import set_deciders
from connectors.actions.set_identity_passing import set_identity_passing
from connectors.actions.set_tool import set_tool
from connectors.actions.switch_secret_back import switch_secret_back
from connectors.actions.sync_connector import sync_connector
from connectors.actions.test_connection import test_connection
from connectors.api import serializers as s
from connectors.errors import ConnectorError
from connectors.models import Connector, Profile, SyncRun, Tool
from harriet.lib.secret import Secret
from harriet.people.api.view_parts import Newest, checked, demand_view, groups_named
from harriet.people.models import Membership, Organization
from vault.queries import credential_of
from vault.rules import type_named
from vault.types.registry import NO_CREDENTIAL_TYPE, all_inputs, entered

R = TypeVar("R")


class Connectors(generics.ListAPIView[Connector]):
    serializer_class = s.ConnectorSerializer
    pagination_class = Newest

    def get_queryset(self) -> QuerySet[Connector]:
        demand_view(self.request)
        return queries.connectors_of(self.request.organization)  # type: ignore[attr-defined]

    @extend_schema(request=s.NewConnectorSerializer, responses={201: s.ConnectorSerializer})  # type: ignore[untyped-decorator]
    def post(self, request: Any) -> Response:
        """Makes and activates a connector; its tools are read by `sync`, and arrive disabled."""
        given = checked(s.NewConnectorSerializer, request)
        with transaction.atomic():
            made = _make(request, given)
        return Response(_shown(request, made.pk), status=status.HTTP_201_CREATED)


class OneConnector(generics.GenericAPIView[Connector]):
    serializer_class = s.ConnectorSerializer

    def get(self, request: Any, pk: UUID) -> Response:
        demand_view(request)
        return Response(_shown(request, pk))

    @extend_schema(request=s.ConnectorChangeSerializer)  # type: ignore[untyped-decorator]
    def patch(self, request: Any, pk: UUID) -> Response:
        connector = queries.connector_of(request.organization, pk)
        with transaction.atomic():
            _change(connector, checked(s.ConnectorChangeSerializer, request), request.actor)
        return Response(_shown(request, pk))

    def delete(self, request: Any, pk: UUID) -> Response:
        delete_connector(queries.connector_of(request.organization, pk), actor=request.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Authentication(generics.GenericAPIView[Connector]):
    serializer_class = s.AuthenticationSerializer

    @extend_schema(responses={204: None})  # type: ignore[untyped-decorator]
    def put(self, request: Any, pk: UUID) -> Response:
        """Replaces how Harriet signs in. The secret is sealed and never returned; one that replaces another is tried
        first, and the other one kept for a day."""
        connector = queries.connector_of(request.organization, pk)
        _authenticate(connector, checked(s.AuthenticationSerializer, request), request.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


class SwitchBack(generics.GenericAPIView[Connector]):
    serializer_class = s.ConnectorSerializer

    @extend_schema(request=None, responses={204: None})  # type: ignore[untyped-decorator]
    def post(self, request: Any, pk: UUID) -> Response:
        """Uses the secret before this one again, while it is kept."""
        switch_secret_back(queries.connector_of(request.organization, pk), actor=request.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Test(generics.GenericAPIView[Connector]):
    serializer_class = s.FindingSerializer

    @extend_schema(request=None, responses={200: s.FindingSerializer(many=True)})  # type: ignore[untyped-decorator]
    def post(self, request: Any, pk: UUID) -> Response:
        findings = test_connection(queries.connector_of(request.organization, pk), actor=request.actor)
        return Response(s.FindingSerializer(findings, many=True).data)


class Sync(generics.GenericAPIView[SyncRun]):
    serializer_class = s.SyncRunSerializer

    @extend_schema(request=None)  # type: ignore[untyped-decorator]
    def post(self, request: Any, pk: UUID) -> Response:
        run = sync_connector(queries.connector_of(request.organization, pk), actor=request.actor)
        return Response(s.SyncRunSerializer(run).data)


@extend_schema_view(get=extend_schema(parameters=[OpenApiParameter("kind", enum=Tool.Kind.values)]))
class ToolsOfConnector(generics.ListAPIView[Tool]):
    """Its tools, its prompts, and one entry of the kind `resources` where it offers some."""

    serializer_class = s.ToolSerializer

    class ByName(CursorPagination):
        ordering = ("name", "id")

    pagination_class = ByName

    def get_queryset(self) -> QuerySet[Tool]:
        demand_view(self.request)
        organization = self.request.organization  # type: ignore[attr-defined]
        found = queries.tools_of(queries.connector_of(organization, self.kwargs["pk"]))
        kind = self.request.query_params.get("kind")
        return found.filter(kind=kind) if kind else found


class OneTool(generics.GenericAPIView[Tool]):
    serializer_class = s.ToolSerializer

    def get(self, request: Any, pk: UUID) -> Response:
        demand_view(request)
        return Response(s.ToolSerializer(queries.tool_of(request.organization, pk)).data)

    @extend_schema(request=s.ToolChangeSerializer)  # type: ignore[untyped-decorator]
    def patch(self, request: Any, pk: UUID) -> Response:
        tool = queries.tool_of(request.organization, pk)
        given = checked(s.ToolChangeSerializer, request)
        if "groups" in given:
            given["groups"] = groups_named(request.organization, given["groups"])
        set_tool(tool, **given, actor=request.actor)
        return Response(s.ToolSerializer(queries.tool_of(request.organization, pk)).data)


class Profiles(generics.ListAPIView[Profile]):
    serializer_class = s.ProfileSerializer
    pagination_class = Newest

    def get_queryset(self) -> QuerySet[Profile]:
        demand_view(self.request)
        return queries.profiles_of(self.request.organization)  # type: ignore[attr-defined]

    @extend_schema(request=s.ProfileChangeSerializer, responses={201: s.ProfileSerializer})  # type: ignore[untyped-decorator]
    def post(self, request: Any) -> Response:
        given = _resolved(request.organization, checked(s.ProfileChangeSerializer, request))
        for needed in ("slug", "name"):
            if needed not in given:
                raise ConnectorError("A profile needs it.", field=needed)
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
        profile = queries.profile_of(request.organization, pk)
        given = _resolved(request.organization, checked(s.ProfileChangeSerializer, request), profile)
        change_profile(profile, **given, actor=request.actor)
        return Response(s.ProfileSerializer(queries.profile_of(request.organization, pk)).data)

    def delete(self, request: Any, pk: UUID) -> Response:
        delete_profile(queries.profile_of(request.organization, pk), actor=request.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _shown(request: Any, pk: UUID) -> Any:
    return s.ConnectorSerializer(queries.connector_of(request.organization, pk)).data


def _make(request: Any, given: dict[str, Any]) -> Connector:
    actor = request.actor
    basics = {key: given[key] for key in ("slug", "name", "description", "icon", "kind")}
    connector = draft_connector(request.organization, **basics, actor=actor)
    save_connection(connector, url=given["url"], allow_internal=given["allow_internal"], actor=actor)
    set_argument_checks(connector, checks_arguments=given["checks_arguments"], actor=actor)
    _authenticate(connector, given.get("authentication") or {"type": NO_CREDENTIAL_TYPE}, actor)
    _pass_identity(connector, given, actor)
    return activate_connector(connector, actor=actor)


def _pass_identity(connector: Connector, given: dict[str, Any], actor: Any) -> None:
    said = given.get("identity")
    if said is not None:
        how, header, attribute = (said[f"identity_{name}"] for name in ("kind", "header", "attribute"))
        refuses = said["identity_refuses_local"]
        set_identity_passing(connector, how, header, attribute, refuses_local=refuses, actor=actor)


def _change(connector: Connector, given: dict[str, Any], actor: Any) -> None:
    basics = {key: given[key] for key in ("slug", "name", "description", "icon") if key in given}
    if basics:
        save_basics(connector, **({"slug": connector.slug, "name": connector.name} | basics), actor=actor)
    if given.keys() & {"url", "allow_internal"}:
        place: dict[str, Any] = {"url": connector.url, "allow_internal": connector.allow_internal}
        place = {key: given.get(key, value) for key, value in place.items()}
        save_connection(connector, **place, keep_secret=given.get("keep_secret", False), actor=actor)
    if "checks_arguments" in given:
        set_argument_checks(connector, checks_arguments=given["checks_arguments"], actor=actor)
    if "deciders" in given:
        set_deciders(connector, given["deciders"], actor=actor)
    _pass_identity(connector, given, actor)
    if given.get("state") == "paused":
        pause_connector(connector, actor=actor)
    elif given.get("state") == "active":
        resume_connector(connector, actor=actor)


def _authenticate(connector: Connector, given: dict[str, Any], actor: Any) -> None:
    if given["type"] != NO_CREDENTIAL_TYPE and type_named(given["type"]).needs_secret and not given.get("secret"):
        raise ConnectorError("Send the secret; the saved one is never read back.", field="secret")
    check_entered_for(connector, given.get("url", connector.url))
    username, placement = entered(all_inputs(), given)
    saved = credential_of(connector.pk)
    fields: dict[str, Any] = {
        "type": given["type"],
        "username": username,
        "placement": placement,
        "owner": saved.owner if saved else connector.owner,
        "rotate_every_days": given.get("rotate_every_days", saved.rotate_every_days if saved else None),
        "actor": actor,
    }
    secret = Secret(given.get("secret", "")) if given["type"] != NO_CREDENTIAL_TYPE else None
    if is_tried_first(connector):
        replace_secret(connector, secret=secret, is_untested=given.get("untested", False), **fields)
    else:
        save_authentication(connector, secret=secret, **fields)


def _resolved(organization: Organization, given: dict[str, Any], profile: Profile | None = None) -> dict[str, Any]:
    """Short names and addresses as the things they name. Raises ConnectorError for one that names nothing."""
    if "prefix" in given:
        given["has_prefix"] = given.pop("prefix")
    if "progressive" in given:
        given["is_progressive"] = given.pop("progressive")
    if "groups" in given:
        given["groups"] = groups_named(organization, given["groups"])
    people = Membership.objects.filter(organization=organization).select_related("user")
    connectors = Connector.objects.filter(organization=organization)
    _resolve(given, "people", people, lambda one: one.user.email)
    _resolve(given, "connectors", connectors, lambda one: one.slug)
    _resolve_tools(organization, given, profile)
    return given


_MEMBERS = {Tool.Kind.TOOL: "tools", Tool.Kind.PROMPT: "prompts", Tool.Kind.RESOURCES: "resources"}


def _resolve_tools(organization: Organization, given: dict[str, Any], profile: Profile | None) -> None:
    """Single tools, prompts and resources are three lists outside and one inside; a list not given stays as it was."""
    if not given.keys() & set(_MEMBERS.values()):
        return
    chosen: list[Tool] = []
    for kind, field in _MEMBERS.items():
        rows = Tool.objects.filter(organization=organization, kind=kind).select_related("connector")
        if field in given:
            _resolve(given, field, rows, _path)
            chosen += given.pop(field)
        elif profile is not None:
            chosen += profile.tools.filter(kind=kind)
    given["tools"] = chosen


def _path(tool: Tool) -> str:
    slug = tool.connector.slug
    return slug if tool.kind == Tool.Kind.RESOURCES else f"{slug}/{tool.name}"


def _resolve(given: dict[str, Any], field: str, rows: Iterable[R], name_of: Callable[[R], str]) -> None:
    if field not in given:
        return
    known = {name_of(row): row for row in rows}
    unknown = [name for name in given[field] if name not in known]
    if unknown:
        raise ConnectorError(f"There is no “{unknown[0]}” here.", field=field)
    given[field] = [known[name] for name in given[field]]


connector_api_urls = [
    path("connectors/", Connectors.as_view(), name="connectors"),
    path("connectors/<uuid:pk>/", OneConnector.as_view(), name="connector"),
    path("connectors/<uuid:pk>/authentication/", Authentication.as_view(), name="connector_authentication"),
    path("connectors/<uuid:pk>/authentication/switch_back/", SwitchBack.as_view(), name="connector_switch_back"),
    path("connectors/<uuid:pk>/test/", Test.as_view(), name="connector_test"),
    path("connectors/<uuid:pk>/sync/", Sync.as_view(), name="connector_sync"),
    path("connectors/<uuid:pk>/tools/", ToolsOfConnector.as_view(), name="connector_tools"),
    path("tools/<uuid:pk>/", OneTool.as_view(), name="tool"),
    path("profiles/", Profiles.as_view(), name="profiles"),
    path("profiles/<uuid:pk>/", OneProfile.as_view(), name="profile"),
]
