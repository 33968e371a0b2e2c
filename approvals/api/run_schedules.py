"""Schedules of runs over the API: of the caller, and as the caller."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.response import Response

from approvals.actions.schedule_runs import schedule_runs, unschedule_runs
from approvals.models import RunSchedule
from approvals.runs.queries import schedules_for, workflows_for
from harriet.people.api.newest import Newest
from harriet.people.api.view_parts import checked


class RunScheduleSerializer(serializers.ModelSerializer[RunSchedule]):
    person = serializers.EmailField(source="user.email", read_only=True)

    class Meta:
        model = RunSchedule
        fields = ["id", "workflow", "person", "cron", "time_zone", "due_at", "problem", "created_at"]


class NewRunScheduleSerializer(serializers.Serializer[Any]):
    workflow = serializers.UUIDField()
    cron = serializers.CharField(max_length=100, help_text="Five fields, at most every five minutes.")
    time_zone = serializers.CharField(max_length=64, default="UTC")
    inputs = serializers.DictField(required=False, default=dict, help_text="By name.")


class RunSchedules(generics.ListAPIView[RunSchedule]):
    serializer_class = RunScheduleSerializer
    pagination_class = Newest

    def get_queryset(self) -> QuerySet[RunSchedule]:
        request: Any = self.request
        return schedules_for(request.membership)

    @extend_schema(request=NewRunScheduleSerializer, responses={201: RunScheduleSerializer})  # type: ignore[untyped-decorator]
    def post(self, request: Any) -> Response:
        """Its runs are made as the caller."""
        given = checked(NewRunScheduleSerializer, request)
        workflow = workflows_for(request.membership).filter(pk=given["workflow"]).first()
        if workflow is None:
            raise Http404("There is no such workflow, or you may not start it.")
        made = schedule_runs(
            workflow, request.membership, given["cron"], given["time_zone"], given["inputs"], actor=request.actor
        )
        return Response(RunScheduleSerializer(made).data, status=status.HTTP_201_CREATED)


class OneRunSchedule(generics.GenericAPIView[RunSchedule]):
    serializer_class = RunScheduleSerializer

    def delete(self, request: Any, pk: UUID) -> Response:
        """Runs under way go on."""
        schedule = schedules_for(request.membership).filter(pk=pk).first()
        if schedule is None:
            raise Http404("There is no such schedule, or it is not yours.")
        unschedule_runs(schedule, actor=request.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


run_schedule_api_urls = [
    path("run-schedules/", RunSchedules.as_view(), name="run_schedules"),
    path("run-schedules/<uuid:pk>/", OneRunSchedule.as_view(), name="run_schedule"),
]
