"""Send what is due to people by the ways that they chose: each person's matters together, and again when it failed."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from celery import current_app
from django.db import connection, transaction
from django.db.models import Max, Min
from django.db.models.functions import Now
from kombu.exceptions import OperationalError

from harriet.lib.database_clock import database_now
from harriet.people.models import Notice, User
from harriet.people.notifications.channels.base import Channel, NotSent
from harriet.people.notifications.channels.registry import CHANNELS
from harriet.people.notifications.kinds import INBOX, KINDS
from harriet.people.notifications.preferences import channels_of
from harriet.people.notifications.recipients import organizations_of

log = logging.getLogger(__name__)

QUIET_EVERY = timedelta(minutes=10)
"""Between two messages about quiet matters to one person."""
TRIED_FOR = timedelta(days=2)
"""After that what can't be sent stays in the inbox alone."""
_LEASE = timedelta(minutes=3)
"""How long a process has to send what it took; then it is due again."""
_SOONEST, _LATEST = timedelta(minutes=1), timedelta(hours=1)
"""Between two tries."""
PEOPLE_AT_ONCE = 500
LINES_AT_ONCE = 100

_QUIET = [kind.code for kind in KINDS.values() if kind.is_quiet]


def send_notices_soon() -> None:
    """A worker sends what is due, after the commit. Losing the message loses nothing: the schedule asks again."""
    transaction.on_commit(_ask_worker, robust=True)


def send_notices_now(user_ids: Iterable[UUID]) -> None:
    """Call after the commit. A channel that is out of order stops it: the schedule goes on."""
    for user_id in user_ids:
        if not send_notices_to(user_id):
            return


def send_due_notices() -> None:
    """To everybody for whom something is due, those who wait longest first."""
    due = Notice.objects.filter(due_at__lte=Now()).values("user_id").annotate(oldest=Min("due_at"))
    for user_id in due.order_by("oldest").values_list("user_id", flat=True)[:PEOPLE_AT_ONCE]:
        send_notices_to(user_id)


def send_notices_to(user_id: UUID) -> bool:
    """False when something could not be sent; it is due again later."""
    went_out = [_send(channel, lines) for channel, lines in _taken(user_id).items()]
    return all(went_out)


@transaction.atomic
def _taken(user_id: UUID) -> dict[Channel, list[Notice]]:
    """What goes out now, taken by this process alone; everything else is put off, or not sent at all."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"notices {user_id}"])
    due = Notice.objects.filter(user=user_id, due_at__lte=Now()).select_related("user")
    taken: defaultdict[Channel, list[Notice]] = defaultdict(list)
    lines = list(due.order_by("created_at")[:LINES_AT_ONCE])
    when = _When(user_id)
    for line in lines:
        channel, at = when.of(line)
        if at is not None and at <= when.now:
            taken[channel].append(line)
        else:
            Notice.objects.filter(pk=line.pk).update(due_at=at)
    ids = [line.pk for lines in taken.values() for line in lines]
    Notice.objects.filter(pk__in=ids).update(due_at=when.now + _LEASE, tried_at=Now())
    return taken


class _When:
    """When each of a person's lines goes out, and by which channel."""

    def __init__(self, user_id: UUID) -> None:
        self.now = database_now()
        self._channels = channels_of(user_id)
        self._organizations = organizations_of(user_id)
        self._free = _last_quiet(user_id, self.now)

    def of(self, line: Notice) -> tuple[Channel, datetime | None]:
        """Nobody is sent anything of an organization that they left."""
        kind = KINDS.get(line.kind)
        channel = CHANNELS[self._channels.get(line.kind, INBOX)]
        due = channel.due(line.due_at or self.now)
        if kind is None or due is None or line.organization_id not in self._organizations:
            return channel, None
        if line.tried_at and (line.sent_at is None or line.sent_at < line.tried_at):
            due = self.now  # it was due before, and failed
        return channel, max(due, self._free) if kind.is_quiet else due


def _last_quiet(user_id: UUID, now: datetime) -> datetime:
    mine = Notice.objects.filter(user=user_id, kind__in=_QUIET, tried_at__gt=now - QUIET_EVERY)
    last: datetime | None = mine.aggregate(last=Max("tried_at"))["last"]
    return last + QUIET_EVERY if last else now


def _ask_worker() -> None:
    try:
        current_app.send_task("people.send_notices")
    except OperationalError:
        log.warning("Redis is out of reach; the schedule will send what is due to people.")


def _send(channel: Channel, lines: list[Notice]) -> bool:
    user: User = lines[0].user
    try:
        channel.send(user, lines)
    except NotSent as problem:
        _put_off(lines, str(problem))
        return False
    for line in lines:
        told = [path for _, path in line.details]
        Notice.objects.filter(pk=line.pk).update(sent_at=Now(), sent_details=told, problem="")
    leased = Notice.objects.filter(pk__in=[line.pk for line in lines], due_at__gt=Now())
    leased.update(due_at=None)  # what came meanwhile made its line due now, and stays so
    return True


def _put_off(lines: list[Notice], problem: str) -> None:
    log.warning("Could not send %d notices to a person: %s", len(lines), problem)
    now = database_now()
    for line in lines:
        age = now - max(line.created_at, line.settled_at or line.created_at)  # its end is told, too
        again = None if age > TRIED_FOR else now + min(max(age / 2, _SOONEST), _LATEST)
        Notice.objects.filter(pk=line.pk).update(due_at=again, problem=problem[:200])
