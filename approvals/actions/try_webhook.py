"""Send a webhook one message now, so that whoever added it sees that it arrives."""

from __future__ import annotations

from django.db.models.functions import Now
from django.urls import reverse

from approvals.errors import ApprovalError
from approvals.models import Webhook, WebhookMessage
from approvals.webhooks.body import body_of
from approvals.webhooks.post import post
from audit.actor import Actor
from harriet.lib.ids import new_id
from harriet.people.permissions import demand
from harriet.people.roles import Power


def try_webhook(webhook: Webhook, *, actor: Actor) -> None:
    """Outside a transaction: it waits for the other side. No audit event: it changes nothing. Raises ApprovalError with
    what went wrong."""
    demand(actor, webhook.organization, Power.MANAGE_CONNECTORS)
    text = f"This is a test by {actor.label}: Harriet reaches this address."
    message = WebhookMessage(webhook=webhook, kind="test", text=text[:300], path=reverse("tickets:list"))
    posted = post(webhook, new_id(), body_of([message]))
    if posted.problem:
        Webhook.objects.filter(pk=webhook.pk).update(problem=posted.problem[:200])
        unclear = "" if posted.is_certain else " Whether the test arrived all the same is not known: look there."
        raise ApprovalError(f"{posted.problem}{unclear}")
    Webhook.objects.filter(pk=webhook.pk).update(problem="", sent_at=Now())
