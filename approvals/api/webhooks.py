"""The REST API of webhooks. The address is written and never read; the key is in the answer that makes it, once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.response import Response

from approvals.actions.add_webhook import add_webhook, change_webhook
from approvals.actions.remove_webhook import remove_webhook
from approvals.actions.try_webhook import try_webhook
from approvals.models import Webhook
from approvals.queries import webhook_named, webhooks_of
from approvals.webhooks.outbox import TOLD
from harriet.people.api.newest import Newest
from harriet.people.api.view_parts import checked, demand_view
from harriet.people.permissions import demand
from harriet.people.roles import Power

_KINDS = list(TOLD)


class WebhookSerializer(serializers.ModelSerializer[Webhook]):
    kinds = serializers.ListField(child=serializers.ChoiceField(choices=_KINDS))

    class Meta:
        model = Webhook
        fields = ["id", "name", "host", "kinds", "allow_internal", "is_active", "created_at", "sent_at", "problem"]
        read_only_fields = fields


class NewWebhookSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=80)
    address = serializers.CharField(write_only=True, help_text="Where messages are posted; kept like a password.")
    kinds = serializers.ListField(child=serializers.ChoiceField(choices=_KINDS), help_text="What it is told of.")
    allow_internal = serializers.BooleanField(default=False, help_text="Its host is inside the company.")


class ChangedWebhookSerializer(NewWebhookSerializer):
    address = serializers.CharField(
        write_only=True, required=False, allow_blank=True, default="", help_text="Left out, it stays as it is."
    )
    is_active = serializers.BooleanField()


class MadeWebhookSerializer(WebhookSerializer):
    key = serializers.SerializerMethodField(help_text="With which messages are signed; only here, and once.")

    class Meta(WebhookSerializer.Meta):
        fields = [*WebhookSerializer.Meta.fields, "key"]
        read_only_fields = fields

    def get_key(self, webhook: Webhook) -> str:
        return str(self.context["key"].reveal())


class Webhooks(generics.ListAPIView[Webhook]):
    serializer_class = WebhookSerializer
    pagination_class = Newest

    def get_queryset(self) -> QuerySet[Webhook]:
        demand_view(self.request)
        return webhooks_of(self.request.organization)  # type: ignore[attr-defined]

    @extend_schema(request=NewWebhookSerializer, responses={201: MadeWebhookSerializer})  # type: ignore[untyped-decorator]
    def post(self, request: Any) -> Response:
        demand(request.actor, request.organization, Power.MANAGE_CONNECTORS)
        given = checked(NewWebhookSerializer, request)
        webhook, key = add_webhook(request.organization, **given, actor=request.actor)
        body = MadeWebhookSerializer(webhook, context={"key": key}).data
        return Response(body, status=status.HTTP_201_CREATED)


class OneWebhook(generics.GenericAPIView[Webhook]):
    serializer_class = WebhookSerializer

    def get(self, request: Any, pk: UUID) -> Response:
        demand_view(request)
        return Response(WebhookSerializer(webhook_named(request.organization, pk)).data)

    @extend_schema(request=ChangedWebhookSerializer, responses=WebhookSerializer)  # type: ignore[untyped-decorator]
    def put(self, request: Any, pk: UUID) -> Response:
        demand(request.actor, request.organization, Power.MANAGE_CONNECTORS)
        webhook = webhook_named(request.organization, pk)
        change_webhook(webhook, **checked(ChangedWebhookSerializer, request), actor=request.actor)
        return Response(WebhookSerializer(webhook_named(request.organization, pk)).data)

    @extend_schema(responses={204: None})  # type: ignore[untyped-decorator]
    def delete(self, request: Any, pk: UUID) -> Response:
        remove_webhook(webhook_named(request.organization, pk), actor=request.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


class WebhookTest(generics.GenericAPIView[Webhook]):
    serializer_class = WebhookSerializer

    @extend_schema(request=None, responses=WebhookSerializer)  # type: ignore[untyped-decorator]
    def post(self, request: Any, pk: UUID) -> Response:
        """Sends one message now; 400 says what went wrong with it."""
        try_webhook(webhook_named(request.organization, pk), actor=request.actor)
        return Response(WebhookSerializer(webhook_named(request.organization, pk)).data)


webhook_api_urls = [
    path("webhooks/", Webhooks.as_view(), name="webhooks"),
    path("webhooks/<uuid:pk>/", OneWebhook.as_view(), name="webhook"),
    path("webhooks/<uuid:pk>/test/", WebhookTest.as_view(), name="webhook_test"),
]
