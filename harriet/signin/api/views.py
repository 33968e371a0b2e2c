"""The REST API of AI clients and connected apps: thin, everything goes through the actions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.response import Response

from harriet.people.api.newest import Newest
from harriet.people.api.view_parts import checked, demand_view
from harriet.people.models import User
from harriet.people.permissions import has_power
from harriet.people.roles import Power
from harriet.signin.actions.decide_client import allow_client, block_client
from harriet.signin.actions.end_connected_app import end_connected_app
from harriet.signin.actions.make_client import make_client
from harriet.signin.api.serializers import (
    AppSerializer,
    ClientSerializer,
    MadeClientSerializer,
    NewClientSerializer,
    StandingSerializer,
)
from harriet.signin.models import Application, ConnectedApp
from harriet.signin.queries import app_of, apps_of, client_of, clients_of


class NewestClients(Newest):
    by = "created"


class NewestApps(Newest):
    by = "consented_at"


class Clients(generics.ListAPIView[Application]):
    """Each client once, by its newest registration."""

    serializer_class = ClientSerializer
    pagination_class = NewestClients

    def get_queryset(self) -> QuerySet[Application]:
        demand_view(self.request)
        return clients_of(self.request.organization)  # type: ignore[attr-defined]

    @extend_schema(request=NewClientSerializer, responses={201: MadeClientSerializer})  # type: ignore[untyped-decorator]
    def post(self, request: Any) -> Response:
        made = make_client(request.organization, **checked(NewClientSerializer, request), actor=request.actor)
        said = ClientSerializer(made.application).data | {"client_secret": made.secret.reveal()}
        return Response(said, status=status.HTTP_201_CREATED, headers={"Cache-Control": "no-store"})


class OneClient(generics.GenericAPIView[Application]):
    serializer_class = ClientSerializer

    def get(self, request: Any, pk: UUID) -> Response:
        demand_view(request)
        return Response(ClientSerializer(client_of(request.organization, pk)).data)

    @extend_schema(request=StandingSerializer)  # type: ignore[untyped-decorator]
    def patch(self, request: Any, pk: UUID) -> Response:
        client, given = client_of(request.organization, pk), checked(StandingSerializer, request)
        decide = allow_client if given["standing"] == Application.Standing.ALLOWED else block_client
        decide(client, actor=request.actor)
        return Response(ClientSerializer(client_of(request.organization, pk)).data)


class Apps(generics.ListAPIView[ConnectedApp]):
    """Everybody's for who manages tokens, else one's own."""

    serializer_class = AppSerializer
    pagination_class = NewestApps

    def get_queryset(self) -> QuerySet[ConnectedApp]:
        request: Any = self.request
        return apps_of(request.organization, _own_only(request))


class OneApp(generics.GenericAPIView[ConnectedApp]):
    serializer_class = AppSerializer

    def delete(self, request: Any, pk: UUID) -> Response:
        end_connected_app(app_of(request.organization, pk, _own_only(request)), actor=request.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _own_only(request: Any) -> User | None:
    return None if has_power(request.membership, Power.MANAGE_TOKENS) else request.user


signin_api_urls = [
    path("clients/", Clients.as_view(), name="clients"),
    path("clients/<uuid:pk>/", OneClient.as_view(), name="client"),
    path("apps/", Apps.as_view(), name="apps"),
    path("apps/<uuid:pk>/", OneApp.as_view(), name="app"),
]
