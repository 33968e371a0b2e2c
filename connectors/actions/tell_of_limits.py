"""Tell owners and IT admins of limits that were reached, once a day for each; and forget old counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db.models import CharField, Exists, OuterRef, Value
from django.db.models.functions import Cast, Concat
from django.urls import reverse

from connectors.limit_words import limit_words
from connectors.models import CallLimit, LimitCount
from harriet.lib.batches import delete_some
from harriet.people.actions.tell_people import tell_people
from harriet.people.models import Notice
from harriet.people.notifications.kinds import LIMIT_REACHED, Matter
from harriet.people.notifications.recipients import with_roles
from harriet.people.roles import Role

LIMITS_AT_ONCE = 500
DAYS_KEPT = timedelta(days=8)
COUNTS_AT_ONCE = 20_000
"""Of a company of 100,000 with a limit for each it is a day's within half an hour."""


def tell_of_limits() -> int:
    """Returns for how many limits it was news. Those that were told of today are not read again."""
    today = datetime.now(UTC).date()
    key = Concat(Value("limit "), Cast("pk", CharField()), Value(f" {today}"))
    told = Notice.objects.filter(organization=OuterRef("organization"), key=OuterRef("notice_key"), settled_at=None)
    counts = LimitCount.objects.filter(day=today, turned_away__gt=0)
    reached = CallLimit.objects.filter(pk__in=counts.values("limit")).annotate(notice_key=key).exclude(Exists(told))
    rows = reached.select_related("person__user", "device__user", "agent", "key", "tool__connector", "connector")
    return sum(_tell(limit, limit.notice_key) for limit in rows.order_by("pk")[:LIMITS_AT_ONCE])


def forget_limit_counts() -> int:
    """Some thousand in one turn: there is one for each limit, subject and day."""
    old = LimitCount.objects.filter(day__lt=datetime.now(UTC).date() - DAYS_KEPT)
    return delete_some(old, COUNTS_AT_ONCE)


def _tell(limit: CallLimit, key: str) -> bool:
    text = f"Today calls were beyond {limit_words(limit)}. The page of limits says whose."
    matter = Matter(LIMIT_REACHED, limit.organization_id, key, text, reverse("limits:list"))
    return bool(tell_people(matter, with_roles(limit.organization_id, (Role.OWNER, Role.MCP_ADMIN))))
