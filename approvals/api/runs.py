"""Runs of workflows over the API: started as the caller, looked at, replied to, tried again, cancelled."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.urls import path
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import generics, serializers, status
from rest_framework.response import Response

from approvals.actions.cancel_run import cancel_run
from approvals.actions.reply_to_run import reply_to_run
from approvals.actions.retry_step import retry_step
from approvals.actions.settle_step import settle_step
from approvals.actions.start_run import start_run
from approvals.models import RunStep, WorkflowRun
from approvals.queries import runs_for
from approvals.runs.queries import workflows_for
from approvals.runs.sealed import SealedParts
from harriet.people.api.newest import Newest
from harriet.people.api.view_parts import checked


class RunSerializer(serializers.ModelSerializer[WorkflowRun]):
    ticket = serializers.IntegerField(source="ticket.number", read_only=True)
    person = serializers.CharField(source="caller_label", read_only=True)

    class Meta:
        model = WorkflowRun
        fields = [
            "id",
            "ticket",
            "workflow",
            "name",
            "version",
            "person",
            "origin",
            "trust",
            "state",
            "reason",
            "created_at",
            "finished_at",
        ]


class AttemptSerializer(serializers.ModelSerializer[RunStep]):
    request = serializers.UUIDField(source="pk", read_only=True, help_text="Its call’s request id in the audit log.")
    approval = serializers.SerializerMethodField(help_text="Number of the ticket on which its call was decided.")
    arguments = serializers.SerializerMethodField(help_text="What it sent; null for whoever is not the run’s person.")
    answer = serializers.SerializerMethodField(help_text="What later steps see; null as above.")

    class Meta:
        model = RunStep
        fields = [
            "request",
            "position",
            "name",
            "kind",
            "attempt",
            "state",
            "reason",
            "started_at",
            "sent_at",
            "finished_at",
            "approval",
            "arguments",
            "answer",
        ]

    @extend_schema_field(serializers.IntegerField(allow_null=True))  # type: ignore[untyped-decorator]
    def get_approval(self, step: RunStep) -> int | None:
        action = getattr(step, "pending_action", None)
        return action.ticket.number if action else None

    @extend_schema_field(serializers.JSONField())  # type: ignore[untyped-decorator]
    def get_arguments(self, step: RunStep) -> Any:
        parts: SealedParts | None = self.context["parts"]
        return parts.json_arguments_of(step) if parts else None

    @extend_schema_field(serializers.JSONField())  # type: ignore[untyped-decorator]
    def get_answer(self, step: RunStep) -> Any:
        parts: SealedParts | None = self.context["parts"]
        return parts.result_of(step) if parts else None


class RunDetailSerializer(RunSerializer):
    attempts = AttemptSerializer(many=True, read_only=True)

    class Meta(RunSerializer.Meta):
        fields = [*RunSerializer.Meta.fields, "attempts"]


class NewRunSerializer(serializers.Serializer[Any]):
    workflow = serializers.UUIDField()
    inputs = serializers.DictField(required=False, default=dict, help_text="By name.")
    trust = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        help_text="manual or supervised, for a run that is to be stricter than its profile.",
    )


class ReplySerializer(serializers.Serializer[Any]):
    reply = serializers.CharField(max_length=2000)


class RetrySerializer(serializers.Serializer[Any]):
    has_not_run = serializers.BooleanField(
        default=False, help_text="You looked, and the call had no effect: needed where that is not known."
    )


class Runs(generics.ListAPIView[WorkflowRun]):
    """The caller's, and everybody's for those who manage connectors or decide on calls."""

    serializer_class = RunSerializer
    pagination_class = Newest

    def get_queryset(self) -> QuerySet[WorkflowRun]:
        request: Any = self.request
        return runs_for(request.membership)

    @extend_schema(request=NewRunSerializer, responses={201: RunSerializer})  # type: ignore[untyped-decorator]
    def post(self, request: Any) -> Response:
        """Its calls are made as the caller."""
        given = checked(NewRunSerializer, request)
        workflow = workflows_for(request.membership).filter(pk=given["workflow"]).first()
        if workflow is None:
            raise Http404("There is no such workflow, or you may not start it.")
        run = start_run(
            workflow,
            request.membership,
            given["inputs"],
            origin=WorkflowRun.Origin.API,
            trust=given["trust"],
            actor=request.actor,
        )
        return Response(RunSerializer(run).data, status=status.HTTP_201_CREATED)


class OneRun(generics.GenericAPIView[WorkflowRun]):
    serializer_class = RunDetailSerializer

    def get(self, request: Any, pk: UUID) -> Response:
        return Response(_detail(request, pk))


class Cancel(generics.GenericAPIView[WorkflowRun]):
    serializer_class = RunDetailSerializer

    @extend_schema(request=None)  # type: ignore[untyped-decorator]
    def post(self, request: Any, pk: UUID) -> Response:
        cancel_run(_run(request, pk), actor=request.actor)
        return Response(_detail(request, pk))


class Reply(generics.GenericAPIView[WorkflowRun]):
    serializer_class = RunDetailSerializer

    @extend_schema(request=ReplySerializer)  # type: ignore[untyped-decorator]
    def post(self, request: Any, pk: UUID) -> Response:
        """Answers what the run asks, and it goes on."""
        run, said = _run(request, pk), checked(ReplySerializer, request)
        reply_to_run(run, said["reply"], actor=request.actor)
        return Response(_detail(request, pk))


class Retry(generics.GenericAPIView[WorkflowRun]):
    serializer_class = RunDetailSerializer

    @extend_schema(request=RetrySerializer)  # type: ignore[untyped-decorator]
    def post(self, request: Any, pk: UUID) -> Response:
        """Tries the step again at which the run stopped."""
        run, said = _run(request, pk), checked(RetrySerializer, request)
        retry_step(run, has_not_run=said["has_not_run"], actor=request.actor)
        return Response(_detail(request, pk))


class Settle(generics.GenericAPIView[WorkflowRun]):
    serializer_class = RunDetailSerializer

    @extend_schema(request=None)  # type: ignore[untyped-decorator]
    def post(self, request: Any, pk: UUID) -> Response:
        """Says that the step did run of which that is not known; the run goes on after it."""
        settle_step(_run(request, pk), actor=request.actor)
        return Response(_detail(request, pk))


def _run(request: Any, pk: UUID) -> WorkflowRun:
    run = runs_for(request.membership).filter(pk=pk).first()
    if run is None:
        raise Http404("There is no such run, or it is not yours to see.")
    return run


def _detail(request: Any, pk: UUID) -> dict[str, Any]:
    steps = RunStep.objects.select_related("pending_action__ticket").order_by("position", "attempt")
    run = _run(request, pk)
    found = list(steps.filter(run=run))
    parts = SealedParts.of(run) if run.user_id == request.user.pk else None
    attempts = AttemptSerializer(found, many=True, context={"parts": parts}).data
    return {**RunSerializer(run).data, "attempts": attempts}


run_api_urls = [
    path("runs/", Runs.as_view(), name="runs"),
    path("runs/<uuid:pk>/", OneRun.as_view(), name="run"),
    path("runs/<uuid:pk>/cancel/", Cancel.as_view(), name="cancel_run"),
    path("runs/<uuid:pk>/reply/", Reply.as_view(), name="reply_to_run"),
    path("runs/<uuid:pk>/retry/", Retry.as_view(), name="retry_run"),
    path("runs/<uuid:pk>/settle/", Settle.as_view(), name="settle_run"),
]
