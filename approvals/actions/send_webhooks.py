"""Send webhooks what is due to them: each webhook's matters together, and again where it certainly did not arrive."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, Max, Min
from django.db.models.functions import Now

from approvals.models import Webhook, WebhookMessage
from approvals.webhooks.body import body_of
from approvals.webhooks.post import Posted, post
from harriet.lib.database_clock import database_now

log = logging.getLogger(__name__)

QUIET_EVERY = timedelta(minutes=1)
"""Between two messages to one webhook: what comes meanwhile is in the next one."""
TRIED_FOR = timedelta(days=1)
_LEASE = timedelta(minutes=2)
_SOONEST, _LATEST = timedelta(minutes=1), timedelta(hours=1)
WEBHOOKS_AT_ONCE = 100
MATTERS_AT_ONCE = 30
NOT_KNOWN = "Whether it arrived is not known, so it is not sent again. "


def send_due_messages() -> None:
    """Those that wait longest first."""
    due = WebhookMessage.objects.filter(due_at__lte=Now()).values("webhook_id").annotate(oldest=Min("due_at"))
    for webhook_id in due.order_by("oldest").values_list("webhook_id", flat=True)[:WEBHOOKS_AT_ONCE]:
        send_to(webhook_id)


def send_to(webhook_id: UUID) -> bool:
    """True when it took a message."""
    taken = _taken(webhook_id)
    if not taken:
        return False
    posted = post(taken[0].webhook, taken[0].pk, body_of(taken))
    _note(taken, posted)
    return not posted.problem


@transaction.atomic
def _taken(webhook_id: UUID) -> list[WebhookMessage]:
    """What goes out now, taken by this process alone. Soon after a message everything waits for the next one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"webhook {webhook_id}"])
    due = WebhookMessage.objects.filter(webhook=webhook_id, webhook__is_active=True, due_at__lte=Now())
    rows = list(due.select_related("webhook__organization").order_by("created_at")[:MATTERS_AT_ONCE])
    free = _free_at(webhook_id)
    if rows and free > database_now():
        WebhookMessage.objects.filter(pk__in=[row.pk for row in rows]).update(due_at=free)
        return []
    WebhookMessage.objects.filter(pk__in=[row.pk for row in rows]).update(due_at=Now() + _LEASE, tries=F("tries") + 1)
    return rows


def _free_at(webhook_id: UUID) -> datetime:
    last: datetime | None = WebhookMessage.objects.filter(webhook=webhook_id).aggregate(last=Max("sent_at"))["last"]
    return last + QUIET_EVERY if last else database_now()


def _note(taken: list[WebhookMessage], posted: Posted) -> None:
    """What is known. What came meanwhile made its message due at once, and stays so."""
    leased = WebhookMessage.objects.filter(pk__in=[row.pk for row in taken], due_at__gt=Now())
    Webhook.objects.filter(pk=taken[0].webhook_id).update(problem=posted.problem[:200])
    if posted.problem and posted.is_worth_another:
        _put_off(taken, posted.problem)
        return
    if posted.problem:
        problem = posted.problem if posted.is_certain else NOT_KNOWN + posted.problem
        log.warning("A webhook was not told of %d matters: %s", len(taken), posted.problem)
        leased.update(due_at=None, problem=problem[:200])
        return
    Webhook.objects.filter(pk=taken[0].webhook_id).update(sent_at=Now())
    for row in taken:
        told = [path for _, path in row.details]
        WebhookMessage.objects.filter(pk=row.pk).update(sent_at=Now(), sent_details=told, problem="")
    leased.update(due_at=None)


def _put_off(taken: list[WebhookMessage], problem: str) -> None:
    now = database_now()
    for row in taken:
        age = now - row.created_at
        again = None if age > TRIED_FOR else now + min(max(age / 2, _SOONEST), _LATEST)
        waiting = WebhookMessage.objects.filter(pk=row.pk, due_at__gt=Now())
        waiting.update(due_at=again, problem=problem[:200])
