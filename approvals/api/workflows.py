"""Workflows over the API: made, changed, switched and deleted by whoever manages connectors."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.response import Response

from approvals.actions.save_workflow import (
    Definition,
    change_workflow,
    create_workflow,
    definition_of,
    delete_workflow,
    switch_workflow,
)
from approvals.errors import ApprovalError
from approvals.models import Workflow
from approvals.runs.queries import workflows_for, workflows_of
from connectors.models import Profile
from harriet.people.api.newest import Newest
from harriet.people.api.view_parts import checked
from harriet.people.permissions import demand, has_power
from harriet.people.roles import Power


class InputSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=40, help_text="By which expressions speak of it: inputs.NAME.")
    label = serializers.CharField(max_length=80)  # type: ignore[assignment]  # a field of that name, not the base's
    type = serializers.CharField(default="text", help_text="text, number or yes_no.")
    required = serializers.BooleanField(default=False)  # type: ignore[assignment]


class WorkflowSerializer(serializers.ModelSerializer[Workflow]):
    profile = serializers.CharField(source="profile.slug", read_only=True, default=None)
    inputs = InputSerializer(many=True, read_only=True)

    class Meta:
        model = Workflow
        fields = ["id", "slug", "name", "description", "profile", "state", "version", "inputs", "steps", "changed_at"]


class NewWorkflowSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=80)
    description = serializers.CharField(required=False, allow_blank=True, default="", max_length=500)
    profile = serializers.SlugField(help_text="Short name of the profile whose tools it calls.")
    inputs = InputSerializer(many=True, required=False, default=list)
    steps = serializers.ListField(
        child=serializers.DictField(),
        required=False,
        default=list,
        help_text="Each with name, kind (call, reply, until or stop) and what its kind asks for: tool (an id) and "
        "arguments, question, until, or condition and because.",
    )


class ChangedWorkflowSerializer(serializers.Serializer[Any]):
    """What is left out stays."""

    name = serializers.CharField(required=False, max_length=80)
    description = serializers.CharField(required=False, allow_blank=True, max_length=500)
    profile = serializers.SlugField(required=False)
    inputs = InputSerializer(many=True, required=False)
    steps = serializers.ListField(child=serializers.DictField(), required=False)
    state = serializers.CharField(required=False, help_text="active or off.")


class Workflows(generics.ListAPIView[Workflow]):
    """All for those who manage connectors, else those that the caller may start."""

    serializer_class = WorkflowSerializer
    pagination_class = Newest

    def get_queryset(self) -> QuerySet[Workflow]:
        request: Any = self.request
        return visible_workflows(request)

    @extend_schema(request=NewWorkflowSerializer, responses={201: WorkflowSerializer})  # type: ignore[untyped-decorator]
    def post(self, request: Any) -> Response:
        """A draft: switch it on with a change of its state."""
        demand(request.actor, request.organization, Power.MANAGE_CONNECTORS)
        given = checked(NewWorkflowSerializer, request)
        profile = _profile(request, given["profile"])
        said = Definition(given["name"], profile, _plain(given["inputs"]), given["steps"], given["description"])
        made = create_workflow(request.organization, said, actor=request.actor)
        return Response(WorkflowSerializer(made).data, status=status.HTTP_201_CREATED)


class OneWorkflow(generics.GenericAPIView[Workflow]):
    serializer_class = WorkflowSerializer

    def get(self, request: Any, pk: UUID) -> Response:
        return Response(WorkflowSerializer(_workflow(request, pk)).data)

    @extend_schema(request=ChangedWorkflowSerializer, responses=WorkflowSerializer)  # type: ignore[untyped-decorator]
    def patch(self, request: Any, pk: UUID) -> Response:
        """All of it or nothing. Runs under way keep the steps that they were started with."""
        workflow = _workflow(request, pk)
        demand(request.actor, request.organization, Power.MANAGE_CONNECTORS)
        given = checked(ChangedWorkflowSerializer, request)
        with transaction.atomic():
            _change(request, workflow, given)
        return Response(WorkflowSerializer(_workflow(request, pk)).data)

    def delete(self, request: Any, pk: UUID) -> Response:
        """Runs under way go on."""
        delete_workflow(_workflow(request, pk), actor=request.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


def visible_workflows(request: Any) -> QuerySet[Workflow]:
    if has_power(request.membership, Power.MANAGE_CONNECTORS):
        return workflows_of(request.organization)
    return workflows_for(request.membership)


def _workflow(request: Any, pk: UUID) -> Workflow:
    workflow = visible_workflows(request).select_related("organization").filter(pk=pk).first()
    if workflow is None:
        raise Http404("There is no such workflow here.")
    return workflow


def _change(request: Any, workflow: Workflow, given: dict[str, Any]) -> None:
    before = definition_of(workflow)
    said = Definition(
        given.get("name", before.name),
        _profile(request, given["profile"]) if "profile" in given else before.profile,
        _plain(given["inputs"]) if "inputs" in given else before.inputs,
        given.get("steps", before.steps),
        given.get("description", before.description),
    )
    if given.keys() - {"state"}:
        change_workflow(workflow, said, actor=request.actor)
    if "state" in given:
        if given["state"] not in (Workflow.State.ACTIVE, Workflow.State.OFF):
            raise ApprovalError("A workflow is set to active or off.", field="state")
        workflow.refresh_from_db()
        switch_workflow(workflow, given["state"], actor=request.actor)


def _profile(request: Any, slug: str) -> Profile:
    profile = Profile.objects.filter(organization=request.organization, slug=slug).first()
    if profile is None:
        raise ApprovalError(f"There is no profile {slug} here.", field="profile")
    return profile


def _plain(inputs: list[Any]) -> list[dict[str, Any]]:
    return [dict(one) for one in inputs]


workflow_api_urls = [
    path("workflows/", Workflows.as_view(), name="workflows"),
    path("workflows/<uuid:pk>/", OneWorkflow.as_view(), name="workflow"),
]
