"""The REST API of emergency stops: list, stop, rehearse, release."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.response import Response

from harriet.console.stops.named import subject_named
from harriet.console.stops.under_way import under_way
from harriet.people.actions.record_drill import record_drill
from harriet.people.actions.release_stop import ease_stop, release_stop
from harriet.people.actions.stop_calls import stop_calls
from harriet.people.api.newest import Newest
from harriet.people.api.view_parts import checked
from harriet.people.errors import NotAllowed
from harriet.people.models import Group, Stop
from harriet.people.permissions import has_power
from harriet.people.queries import or_not_found
from harriet.people.roles import Power


class StopSerializer(serializers.ModelSerializer[Stop]):
    let_through: serializers.SlugRelatedField[Group] = serializers.SlugRelatedField(slug_field="slug", read_only=True)

    class Meta:
        model = Stop
        fields = [
            "id",
            "kind",
            "subject",
            "label",
            "reason",
            "told",
            "stage",
            "let_through",
            "began_at",
            "began_by_label",
            "eased_at",
            "eased_by_label",
            "released_at",
            "released_by_label",
            "release_reason",
        ]


class NewStopSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(Stop.Kind.choices)
    subject = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        help_text="A connector’s short name, a person’s e-mail address, an agent’s name, a client’s id or name, what "
        "clients call themselves, a risk class; or its id. Nothing for the organization.",
    )
    reason = serializers.CharField(help_text="Why: for the log and for admins.")
    told = serializers.CharField(
        required=False, allow_blank=True, default="", help_text="A line for the people whose calls are refused."
    )
    is_drill = serializers.BooleanField(
        required=False, default=False, help_text="Only looks what it would end, and writes that to the log."
    )


class ReleaseSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(help_text="Why: for the log.")
    stage = serializers.ChoiceField(
        Stop.Stage.choices, required=False, help_text="Only this runs again. Left out: all of it is released."
    )
    let_through = serializers.SlugField(required=False, help_text="The group for which everything runs again first.")


class DrillSerializer(serializers.Serializer[Any]):
    """What was under way."""

    would_end = serializers.ListField(child=serializers.CharField())


class NewestStops(Newest):
    by = "began_at"


class Stops(generics.ListAPIView[Stop]):
    """The newest first, also those that were released."""

    serializer_class = StopSerializer
    pagination_class = NewestStops

    def get_queryset(self) -> QuerySet[Stop]:
        request: Any = self.request
        return _visible(request)

    @extend_schema(  # type: ignore[untyped-decorator]
        request=NewStopSerializer, responses={201: StopSerializer, 200: DrillSerializer}
    )
    def post(self, request: Any) -> Response:
        """The whole organization is stopped in the browser or at the machine, and not with a token."""
        given = checked(NewStopSerializer, request)
        subject = subject_named(request.organization, given["kind"], given["subject"])
        said = {"reason": given["reason"], "actor": request.actor}
        if given["is_drill"]:
            seen = under_way(request.organization, subject)
            record_drill(request.organization, subject, ends=seen.words, **said)
            return Response({"would_end": seen.sentences})
        stop = stop_calls(request.organization, subject, told=given["told"], **said)
        return Response(StopSerializer(stop).data, status=status.HTTP_201_CREATED)


class OneStop(generics.GenericAPIView[Stop]):
    serializer_class = StopSerializer

    def get(self, request: Any, pk: UUID) -> Response:
        return Response(StopSerializer(_stop(request, pk)).data)

    @extend_schema(request=ReleaseSerializer, responses=StopSerializer, operation_id="stops_release")  # type: ignore[untyped-decorator]
    def post(self, request: Any, pk: UUID) -> Response:
        """Releases it, or a stage of it."""
        stop, given = _stop(request, pk), checked(ReleaseSerializer, request)
        said = {"reason": given["reason"], "actor": request.actor}
        if "stage" not in given and "let_through" not in given:
            release_stop(stop, **said)
        else:
            group = _group(request, given["let_through"]) if "let_through" in given else stop.let_through
            ease_stop(stop, stage=given.get("stage", stop.stage), let_through=group, **said)
        return Response(StopSerializer(_stop(request, pk)).data)


def _visible(request: Any) -> QuerySet[Stop]:
    if not has_power(request.membership, Power.VIEW_SETTINGS):
        raise NotAllowed("Your role here may not see emergency stops.")
    return Stop.objects.filter(organization=request.organization).select_related("organization", "let_through")


def _stop(request: Any, pk: UUID) -> Stop:
    return or_not_found(_visible(request).filter(pk=pk).first(), "There is no such stop here.")


def _group(request: Any, slug: str) -> Group:
    found = Group.objects.filter(organization=request.organization, slug=slug).first()
    return or_not_found(found, "There is no such group here.")


stop_api_urls = [
    path("stops/", Stops.as_view(), name="stops"),
    path("stops/<uuid:pk>/", OneStop.as_view(), name="stop"),
]
