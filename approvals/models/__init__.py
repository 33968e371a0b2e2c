"""Tickets, and what waits on them: held calls with the decisions on them, and requests for access."""

from approvals.models.access_requests import AccessRequest
from approvals.models.actions import Decision, PendingAction
from approvals.models.tickets import Ticket
from approvals.models.webhooks import Webhook, WebhookMessage

__all__ = ["AccessRequest", "Decision", "PendingAction", "Ticket", "Webhook", "WebhookMessage"]
