"""Workflows in a set-up file: in it, a step names its tool as <connector slug>/<tool name>."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from approvals.actions.save_workflow import (
    Definition,
    change_workflow,
    create_workflow,
    switch_workflow,
)
from approvals.models import Workflow
from audit.actor import SYSTEM
from connectors.models import Profile, Tool
from connectors.queries import tool_at
from harriet.console.setup_file.form import SetupFileError, WorkflowPart, WorkflowState
from harriet.console.setup_file.report import Report
from harriet.people.models import Organization


def apply_workflow(organization: Organization, part: WorkflowPart, report: Report) -> None:
    profile = Profile.objects.filter(organization=organization, slug=part.profile).first()
    steps = [_with_tool(organization, step) for step in part.steps]
    said = Definition(part.name, profile, part.inputs, steps, part.description)
    workflow = Workflow.objects.select_related("organization").filter(organization=organization, slug=part.slug).first()
    if workflow is None:
        workflow = create_workflow(organization, said, slug=part.slug, actor=SYSTEM)
        switch_workflow(workflow, part.state, actor=SYSTEM)
        report.created(f"workflow {part.slug}")
        return
    is_changed = change_workflow(workflow, said, actor=SYSTEM)
    workflow.refresh_from_db()
    is_switched = workflow.state != part.state
    if is_switched:
        switch_workflow(workflow, part.state, actor=SYSTEM)
    report.changed_if(is_changed or is_switched, f"workflow {part.slug}")


def workflow_parts(workflows: list[Workflow]) -> list[WorkflowPart]:
    """As a file says them; the tools of all their steps are read together."""
    called = {step["tool"] for workflow in workflows for step in workflow.steps if step["kind"] == "call"}
    rows = Tool.objects.filter(pk__in=called).values_list("pk", "connector__slug", "name")
    paths = {str(pk): f"{slug}/{name}" for pk, slug, name in rows}
    return [_part(workflow, paths) for workflow in workflows]


def _part(workflow: Workflow, paths: Mapping[str, str]) -> WorkflowPart:
    return WorkflowPart(
        slug=workflow.slug,
        name=workflow.name,
        profile=workflow.profile.slug if workflow.profile else "",
        description=workflow.description,
        inputs=workflow.inputs,
        steps=[_with_path(step, paths) for step in workflow.steps],
        state=cast("WorkflowState", workflow.state),
    )


def _with_tool(organization: Organization, step: Mapping[str, Any]) -> dict[str, Any]:
    if step.get("kind") != "call":
        return dict(step)
    tool = tool_at(organization, str(step.get("tool", "")))
    if tool is None:
        raise SetupFileError(
            f"The step {step.get('name')} calls {step.get('tool')}, which is not there. "
            "Write it as <connector slug>/<tool name>, as the server calls it."
        )
    return {**step, "tool": str(tool.pk), "tool_label": f"{tool.connector.name}: {tool.name}"}


def _with_path(step: Mapping[str, Any], paths: Mapping[str, str]) -> dict[str, Any]:
    if step["kind"] != "call":
        return dict(step)
    said = {name: value for name, value in step.items() if name != "tool_label"}
    return said | {"tool": paths.get(str(step["tool"]), "")}
