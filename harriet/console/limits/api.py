"""Limits over the API: read by whoever sees company settings, set by whoever manages connectors."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.response import Response

from connectors.actions.add_limit import add_limit
from connectors.actions.change_limit import change_limit
from connectors.actions.remove_limit import remove_limit
from connectors.actions.set_breakers import LONGEST_SECONDS, MOST_REPEATS, set_breakers
from connectors.errors import ConnectorError
from connectors.limits_kept import breakers_of, limit_of, limits_of
from connectors.models import AtLimit, Breakers, CallLimit, Tool
from connectors.models.limits import MOST_PER_DAY, MOST_PER_MINUTE
from harriet.console.limits.forms import source_of
from harriet.people.api.newest import Newest
from harriet.people.api.view_parts import checked, demand_view


class LimitSerializer(serializers.ModelSerializer[CallLimit]):
    subject = serializers.SerializerMethodField(help_text="The id of whom or what it is of; null for each of the kind.")
    beyond_today = serializers.IntegerField(read_only=True, help_text="Calls that were beyond it today, in UTC.")

    class Meta:
        model = CallLimit
        fields = ["id", "kind", "subject", "counts", "per_minute", "per_day", "at_limit", "beyond_today", "created_at"]

    def get_subject(self, limit: CallLimit) -> UUID | None:
        subject = limit.subject
        return subject.pk if subject is not None else None


class LimitChangeSerializer(serializers.Serializer[Any]):
    """What is left out stays; null takes a number away."""

    per_minute = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=MOST_PER_MINUTE)
    per_day = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=MOST_PER_DAY)
    at_limit = serializers.ChoiceField(AtLimit.choices, required=False)


class NewLimitSerializer(LimitChangeSerializer):
    kind = serializers.ChoiceField(CallLimit.Kind.choices)
    subject = serializers.UUIDField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Of a membership, device, agent, shared key, tool or connector; null for each of the kind.",
    )
    counts = serializers.ChoiceField(CallLimit.Counts.choices, default=CallLimit.Counts.CALLS)


class BreakersSerializer(serializers.Serializer[Breakers]):
    repeats = serializers.IntegerField(
        min_value=0, max_value=MOST_REPEATS, help_text="How many times the same call may be made; 0 for any number."
    )
    seconds = serializers.IntegerField(min_value=1, max_value=LONGEST_SECONDS)
    at_limit = serializers.ChoiceField(AtLimit.choices)
    counts_reads = serializers.BooleanField(default=False, help_text="Whether that counts read-only tools, too.")
    may_repeat = serializers.ListField(child=serializers.UUIDField(), help_text="Tools that may be repeated.")
    stops_failing = serializers.BooleanField(help_text="Whether a tool pauses when nearly all of its calls fail.")


class Limits(generics.ListAPIView[CallLimit]):
    serializer_class = LimitSerializer
    pagination_class = Newest

    def get_queryset(self) -> QuerySet[CallLimit]:
        demand_view(self.request)
        return limits_of(self.request.organization)  # type: ignore[attr-defined]

    @extend_schema(request=NewLimitSerializer, responses={201: LimitSerializer})  # type: ignore[untyped-decorator]
    def post(self, request: Any) -> Response:
        """It holds within a second."""
        given = checked(NewLimitSerializer, request)
        kind, subject_id = given.pop("kind"), given.pop("subject")
        subject = None if subject_id is None else _named(request, kind, subject_id)
        limit = add_limit(request.organization, kind, subject, **given, actor=request.actor)
        return Response(_shown(request, limit.pk), status=status.HTTP_201_CREATED)


class OneLimit(generics.GenericAPIView[CallLimit]):
    serializer_class = LimitSerializer

    def get(self, request: Any, pk: UUID) -> Response:
        demand_view(request)
        return Response(_shown(request, pk))

    @extend_schema(request=LimitChangeSerializer)  # type: ignore[untyped-decorator]
    def patch(self, request: Any, pk: UUID) -> Response:
        limit, given = limit_of(request.organization, pk), checked(LimitChangeSerializer, request)
        now = {"per_minute": limit.per_minute, "per_day": limit.per_day, "at_limit": limit.at_limit}
        change_limit(limit, **(now | given), actor=request.actor)
        return Response(_shown(request, pk))

    def delete(self, request: Any, pk: UUID) -> Response:
        remove_limit(limit_of(request.organization, pk), actor=request.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


class RepeatedCalls(generics.GenericAPIView[Breakers]):
    serializer_class = BreakersSerializer

    def get(self, request: Any) -> Response:
        """What is done about calls that repeat themselves, and about tools that fail."""
        demand_view(request)
        return Response(_chosen(request))

    def put(self, request: Any) -> Response:
        given = checked(BreakersSerializer, request)
        ids = set(given["may_repeat"])
        tools = list(Tool.objects.filter(organization=request.organization, pk__in=ids))
        if len(tools) < len(ids):
            raise ConnectorError("One of the tools is not here.", field="may_repeat")
        set_breakers(request.organization, **(given | {"may_repeat": tools}), actor=request.actor)
        return Response(_chosen(request))


def _named(request: Any, kind: str, subject_id: UUID) -> Any:
    """Raises ConnectorError for what isn't there."""
    found = source_of(request.organization, kind).rows().filter(pk=subject_id).first()
    if found is None:
        raise ConnectorError(f"There is no {CallLimit.Kind(kind).label.lower()} of this id here.", field="subject")
    return found


def _shown(request: Any, pk: UUID) -> Any:
    return LimitSerializer(limit_of(request.organization, pk)).data


def _chosen(request: Any) -> dict[str, Any]:
    breakers = breakers_of(request.organization.pk)
    ids = list(breakers.may_repeat.values_list("pk", flat=True)) if breakers.pk else []
    names = ("repeats", "seconds", "at_limit", "counts_reads", "stops_failing")
    return {**{name: getattr(breakers, name) for name in names}, "may_repeat": ids}


limit_api_urls = [
    path("limits/", Limits.as_view(), name="limits"),
    path("limits/repeated/", RepeatedCalls.as_view(), name="repeated-calls"),
    path("limits/<uuid:pk>/", OneLimit.as_view(), name="limit"),
]
