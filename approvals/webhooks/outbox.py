"""What webhooks are to be told: rows, written in the transaction of the cause and sent by a worker."""

from __future__ import annotations

import logging
from datetime import timedelta
from uuid import UUID

from celery import current_app
from django.db import transaction
from django.db.models.functions import Now
from kombu.exceptions import OperationalError

from approvals.models import Webhook, WebhookMessage
from harriet.lib.batches import delete_some
from harriet.people.notifications.kinds import CALLS, EXPIRING, REPORTS, REQUESTS, REVIEWS, Kind, Matter

log = logging.getLogger(__name__)

TOLD: dict[str, Kind] = {kind.code: kind for kind in (CALLS, EXPIRING, REQUESTS, REPORTS, REVIEWS)}
"""What a webhook can be told of."""
KEPT = timedelta(days=30)
"""How long messages stand in the records."""
AT_ONCE = 5_000
"""Messages that are forgotten in one turn."""


def tell_webhooks(matter: Matter) -> None:
    """Every active one of the organization that wants this kind. What it was told of already is told again only when
    there is more in it."""
    wanting = Webhook.objects.filter(
        organization=matter.organization_id, is_active=True, kinds__contains=[matter.kind.code]
    )
    rows = [_message(webhook_id, matter) for webhook_id in wanting.values_list("pk", flat=True)]
    if not rows:
        return
    WebhookMessage.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["webhook", "key"],
        update_fields=["text", "path", "details", "created_at", "due_at", "tries", "problem"],
    )
    transaction.on_commit(_ask_worker, robust=True)


def settle_for_webhooks(organization_id: UUID, key: str) -> None:
    """It is over: what was not sent yet is not sent."""
    waiting = WebhookMessage.objects.filter(webhook__organization=organization_id, key=key, due_at__isnull=False)
    waiting.update(due_at=None)


def reword_for_webhooks(matter: Matter) -> None:
    """It has become less before it was sent."""
    waiting = WebhookMessage.objects.filter(
        webhook__organization=matter.organization_id, key=matter.key, due_at__isnull=False
    )
    waiting.update(text=matter.text[:300], path=matter.path, details=[list(one) for one in matter.details])


def forget_old_messages() -> int:
    """Those of which nothing is to be sent any more: some thousand in one turn."""
    return delete_some(WebhookMessage.objects.filter(created_at__lt=Now() - KEPT, due_at=None), AT_ONCE)


def _message(webhook_id: UUID, matter: Matter) -> WebhookMessage:
    return WebhookMessage(
        webhook_id=webhook_id,
        kind=matter.kind.code,
        key=matter.key,
        text=matter.text[:300],
        path=matter.path,
        details=[list(detail) for detail in matter.details],
        due_at=Now(),
    )


def _ask_worker() -> None:
    try:
        current_app.send_task("approvals.send_webhooks")
    except OperationalError:
        log.warning("Redis is out of reach; the schedule will send what webhooks are to be told.")
