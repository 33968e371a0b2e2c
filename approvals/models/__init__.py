"""Tickets, and what waits on them: held calls with the decisions on them, requests for access, reports, and runs."""

from approvals.models.access_requests import AccessRequest
from approvals.models.actions import COLLECT_WITHIN, ActionEdit, Decision, PendingAction
from approvals.models.reports import Report
from approvals.models.run_schedules import RunSchedule
from approvals.models.tickets import CLAIM_LASTS, Ticket, TicketComment
from approvals.models.webhooks import Webhook, WebhookMessage
from approvals.models.workflows import RunStep, Workflow, WorkflowRun

__all__ = [
    "CLAIM_LASTS",
    "COLLECT_WITHIN",
    "AccessRequest",
    "ActionEdit",
    "Decision",
    "PendingAction",
    "Report",
    "RunSchedule",
    "RunStep",
    "Ticket",
    "TicketComment",
    "Webhook",
    "WebhookMessage",
    "Workflow",
    "WorkflowRun",
]
