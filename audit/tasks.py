"""Background work of the audit log. Each task may run twice, or in two workers at once, without harm."""

import logging
from uuid import UUID

from celery import current_app, shared_task
from django.db import connection
from django.utils import timezone
from kombu.exceptions import OperationalError

from audit.call_counts import forget_old_counts
from audit.chain.sealing import seal_everything, seal_late
from audit.context import request
from audit.unfinished_calls import close_unfinished_calls
from audit.usage_counting import count_usage, forget_old_usage
from audit.verification.turns import take_turn
from audit.verification.verify import verify

log = logging.getLogger(__name__)


@shared_task(name="audit.seal_events")
def seal_events() -> None:
    """Links new events into the chain."""
    seal_everything()


@shared_task(name="audit.forget_old_counts")
def forget_counts() -> None:
    """Forgets counts of calls by which nothing is shown any more; the events stay."""
    forget_old_counts(timezone.now())
    forget_old_usage(timezone.now())


@shared_task(name="audit.make_months")
def make_months() -> None:
    """Makes the tables of the next months' events, three months ahead."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_make_months()")


@shared_task(name="audit.count_usage")
def count_calls() -> None:
    """Counts sealed calls for the usage page, by who made them, with what, and how they ended."""
    count_usage()


@shared_task(name="audit.close_unfinished_calls")
def close_unfinished() -> None:
    """Closes calls whose process ended before it could say how they ended."""
    with request():
        close_unfinished_calls()


@shared_task(name="audit.verify_chain")
def verify_chain(organization_id: str) -> None:
    """Somebody asked for a verification of one log; what it finds stands on the audit page."""
    found = verify(UUID(organization_id))
    _seal_late(found.organization_id, found.lost)
    _tell(found.organization_id)


@shared_task(name="audit.verify_chains")
def verify_chains() -> None:
    """Verifies what is new in every log, and of some a range of what was verified before."""
    for turned in take_turn():
        _seal_late(turned.organization_id, turned.lost)
        if turned.is_news:
            _tell(turned.organization_id)


def _seal_late(organization_id: UUID, lost: list[UUID]) -> None:
    """Events that only lack their seal get it; that they lacked it stands in the log."""
    if lost:
        with request():
            seal_late(organization_id, lost)


def _tell(organization_id: UUID) -> None:
    """People are above this floor. A lost message is made up for by the next verification."""
    try:
        current_app.send_task("people.tell_of_log", [str(organization_id)])
    except OperationalError:
        log.warning("Redis is out of reach; the next verification tells of the log of %s.", organization_id)
