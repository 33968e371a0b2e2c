"""The addresses of workflows and of their runs, below /workflows/."""

from django.urls import path

from approvals.pages.run_schedules import end_schedule, new_schedule
from approvals.pages.runs import cancel, reply, retry, run_list, settle, start
from approvals.pages.workflow_dry_run import dry_run
from approvals.pages.workflow_parts import (
    change_input,
    change_step,
    move_step,
    new_input,
    new_step,
    remove_input,
)
from approvals.pages.workflows import delete, new_workflow, switch, workflow_detail, workflow_list

workflow_urls = (
    [
        path("", workflow_list, name="list"),
        path("new/", new_workflow, name="new"),
        path("runs/", run_list, name="runs"),
        path("runs/<int:number>/reply/", reply, name="reply"),
        path("runs/<int:number>/retry/", retry, name="retry"),
        path("runs/<int:number>/settle/", settle, name="settle"),
        path("runs/<int:number>/cancel/", cancel, name="cancel"),
        path("<uuid:pk>/", workflow_detail, name="detail"),
        path("<uuid:pk>/start/", start, name="start"),
        path("<uuid:pk>/schedule/", new_schedule, name="schedule"),
        path("schedules/<uuid:pk>/end/", end_schedule, name="end_schedule"),
        path("<uuid:pk>/dry-run/", dry_run, name="dry_run"),
        path("<uuid:pk>/switch/", switch, name="switch"),
        path("<uuid:pk>/delete/", delete, name="delete"),
        path("<uuid:pk>/steps/new/<slug:kind>/", new_step, name="new_step"),
        path("<uuid:pk>/steps/<int:position>/", change_step, name="step"),
        path("<uuid:pk>/steps/<int:position>/move/", move_step, name="move_step"),
        path("<uuid:pk>/inputs/new/", new_input, name="new_input"),
        path("<uuid:pk>/inputs/<int:position>/", change_input, name="input"),
        path("<uuid:pk>/inputs/<int:position>/remove/", remove_input, name="remove_input"),
    ],
    "workflows",
)
