"""Remove a webhook, with what it was still to be told."""

from __future__ import annotations

from django.db import transaction

from approvals.events import WebhookRemoved
from approvals.models import Webhook
from audit.actor import Actor
from audit.record import record
from harriet.people.permissions import demand
from harriet.people.roles import Power


@transaction.atomic
def remove_webhook(webhook: Webhook, *, actor: Actor) -> None:
    demand(actor, webhook.organization, Power.MANAGE_CONNECTORS)
    happened = WebhookRemoved(name=webhook.name, host=webhook.host)
    if Webhook.objects.filter(pk=webhook.pk).delete()[0]:
        record(happened, organization_id=webhook.organization_id, actor=actor)
