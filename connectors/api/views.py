"""The REST API of connectors and tools: thin, everything goes through the actions."""

from __future__ import annotations

from typing import Any
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
from connectors.actions.delete_connector import delete_connector
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
from connectors.models import Connector, SyncRun, Tool, ToolPermission
from harriet.lib.secret import Secret
from harriet.people.api.inner_lists import InnerChangeSerializer, refuse_parts, with_first_names
from harriet.people.api.newest import Newest
from harriet.people.api.view_parts import checked, demand_view, groups_named
from harriet.people.api.views import GroupsWithin
from vault.queries import credential_of
from vault.rules import type_named
from vault.types.registry import NO_CREDENTIAL_TYPE, all_inputs, entered


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
        return with_first_names(found.filter(kind=kind) if kind else found, s.ToolSerializer)


class OneTool(generics.GenericAPIView[Tool]):
    serializer_class = s.ToolSerializer

    def get(self, request: Any, pk: UUID) -> Response:
        demand_view(request)
        return Response(s.ToolSerializer(queries.told_tool_of(request.organization, pk)).data)

    @extend_schema(request=s.ToolChangeSerializer)  # type: ignore[untyped-decorator]
    def patch(self, request: Any, pk: UUID) -> Response:
        tool = queries.told_tool_of(request.organization, pk)
        given = checked(s.ToolChangeSerializer, request)
        refuse_parts(tool, s.ToolSerializer, given)
        if "groups" in given:
            given["groups"] = groups_named(request.organization, given["groups"])
        set_tool(tool, **given, actor=request.actor)
        return Response(s.ToolSerializer(queries.told_tool_of(request.organization, pk)).data)


class GroupsOfTool(GroupsWithin):
    def ids(self, pk: UUID) -> QuerySet[Any, Any]:
        demand_view(self.request)
        tool = queries.told_tool_of(self.request.organization, pk)  # type: ignore[attr-defined]
        return ToolPermission.objects.filter(tool=tool.pk, group__isnull=False).values("group")

    @extend_schema(request=InnerChangeSerializer, responses={204: None})  # type: ignore[untyped-decorator]
    def patch(self, request: Any, pk: UUID) -> Response:
        """Groups that may call it from now on, and no longer, by their short names."""
        tool, given = queries.told_tool_of(request.organization, pk), checked(InnerChangeSerializer, request)
        with transaction.atomic():
            for how in ("add", "remove"):
                groups = groups_named(request.organization, given[how])
                set_tool(tool, groups=groups, how=how, actor=request.actor)
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


connector_api_urls = [
    path("connectors/", Connectors.as_view(), name="connectors"),
    path("connectors/<uuid:pk>/", OneConnector.as_view(), name="connector"),
    path("connectors/<uuid:pk>/authentication/", Authentication.as_view(), name="connector_authentication"),
    path("connectors/<uuid:pk>/authentication/switch_back/", SwitchBack.as_view(), name="connector_switch_back"),
    path("connectors/<uuid:pk>/test/", Test.as_view(), name="connector_test"),
    path("connectors/<uuid:pk>/sync/", Sync.as_view(), name="connector_sync"),
    path("connectors/<uuid:pk>/tools/", ToolsOfConnector.as_view(), name="connector_tools"),
    path("tools/<uuid:pk>/", OneTool.as_view(), name="tool"),
    path("tools/<uuid:pk>/groups/", GroupsOfTool.as_view(), name="tool_groups"),
]
