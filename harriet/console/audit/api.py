"""The audit log over the API: read only, the filters of the page, newest first by cursor."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.models import Event
from audit.queries import event_of, event_page
from harriet.console.audit.forms import ApiFilterForm
from harriet.people.errors import NotAllowed, NotFound
from harriet.people.permissions import has_power
from harriet.people.roles import Power

PAGE = 100


class EventSerializer(serializers.Serializer[Event]):
    id = serializers.UUIDField()
    request = serializers.UUIDField(source="request_id")
    code = serializers.CharField()
    sentence = serializers.CharField()
    decision = serializers.CharField()
    outcome = serializers.CharField()
    recorded_at = serializers.DateTimeField()
    body = serializers.JSONField(source="fields")
    mac = serializers.SerializerMethodField()
    wrong = serializers.CharField()
    """Why this row is no event of Harriet's; empty for every event. The body of such a row is not shown."""

    def get_mac(self, event: Event) -> str:
        return bytes(event.mac).hex()


class EventPageSerializer(serializers.Serializer[Any]):
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = EventSerializer(many=True)


def demand_view(request: Any) -> None:
    if not has_power(request.membership, Power.VIEW_AUDIT):
        raise NotAllowed(f"Your role here, {request.membership.get_role_display()}, may not read the audit log.")


class Events(APIView):
    @extend_schema(  # type: ignore[untyped-decorator]
        operation_id="audit_list",
        parameters=[OpenApiParameter(name, str) for name in (*ApiFilterForm.base_fields, "cursor")],
        responses=EventPageSerializer,
    )
    def get(self, request: Any) -> Response:
        """Events of the organization, newest first; `next` leads to older ones."""
        demand_view(request)
        form = ApiFilterForm(request.query_params)
        if not form.is_valid():
            raise ValidationError({name: [str(error) for error in errors] for name, errors in form.errors.items()})
        cursor = request.query_params.get("cursor", "")
        page = event_page(request.organization.pk, form.filters(), cursor, PAGE)
        results = [EventSerializer(event).data for event in page.events]
        return Response(
            {"next": _link(request, page.older), "previous": _link(request, page.newer), "results": results}
        )


class OneEvent(APIView):
    @extend_schema(operation_id="audit_retrieve", responses=EventSerializer)  # type: ignore[untyped-decorator]
    def get(self, request: Any, pk: UUID) -> Response:
        demand_view(request)
        event = event_of(request.organization.pk, pk)
        if event is None:
            raise NotFound("There is no such event in this organization's log.")
        return Response(EventSerializer(event).data)


def _link(request: Request, cursor: str) -> str | None:
    if not cursor:
        return None
    query = request.query_params.copy()
    query["cursor"] = cursor
    return request.build_absolute_uri(f"?{query.urlencode()}")


audit_api_urls = [
    path("audit/", Events.as_view(), name="audit"),
    path("audit/<uuid:pk>/", OneEvent.as_view(), name="audit-event"),
]
