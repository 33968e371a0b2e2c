"""Mail to approvers: at once for the first call that somebody asks for, then one for all that came since."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from approvals.channels.base import Channel
from approvals.deciders import approvers_of
from approvals.models import PendingAction
from approvals.queries import asked_by
from approvals.waiting_calls import path_of, path_to, sentence_of, waiting_with
from harriet.people.actions.notice_person import send_notice

MAIL_EVERY = timedelta(minutes=10)
"""Between two mails about one person's calls at one connector."""
_ON_ITS_WAY = timedelta(minutes=1)
"""How long a call that was just put on its ticket counts as one that a worker is about to mail."""


class Mail(Channel):
    """A mail to everyone who may decide, and not for every call."""

    def announce(self, action: PendingAction) -> bool:
        """Due at once when nothing was mailed lately, and no mail that will name the call is on its way."""
        lately = Q(mailed_at__gt=Now() - MAIL_EVERY)
        about_to_be = Q(mailed_at=None, state=PendingAction.State.WAITING, created_at__gt=Now() - _ON_ITS_WAY)
        return not _same(action).filter(lately | about_to_be).exclude(pk=action.pk).exists()

    def deliver(self, action: PendingAction) -> None:
        waiting = _claimed(action)
        try:
            for user_id, calls in _by_approver(waiting).items():
                lines = [f"{call.ticket}: {settings.BASE_URL}{path_of(call)}" for call in calls if len(calls) > 1]
                send_notice(user_id, sentence_of(calls), path_to(calls), lines)
        except BaseException:
            PendingAction.objects.filter(pk__in=[call.pk for call in waiting]).update(mailed_at=None)
            raise

    def undelivered(self) -> list[PendingAction]:
        """One call for each person and connector of which something was not mailed yet."""
        waiting = PendingAction.objects.filter(state=PendingAction.State.WAITING, mailed_at=None, expires_at__gt=Now())
        group = ("organization_id", "connector_id", "user_id", "token_id")
        return list(waiting.order_by(*group).distinct(*group))


@transaction.atomic
def _claimed(action: PendingAction) -> list[PendingAction]:
    """Whoever has the lock first takes all that waits; empty while the last mail is young."""
    waiting = [call for call in waiting_with(action) if call.mailed_at is None]
    if not waiting or _same(action).filter(mailed_at__gt=Now() - MAIL_EVERY).exists():
        return []
    PendingAction.objects.filter(pk__in=[call.pk for call in waiting]).update(mailed_at=Now())
    return waiting


def _by_approver(waiting: list[PendingAction]) -> dict[UUID, list[PendingAction]]:
    found: defaultdict[UUID, list[PendingAction]] = defaultdict(list)
    for call in waiting:
        for user_id in approvers_of(call).values_list("user_id", flat=True):
            found[user_id].append(call)
    return found


def _same(action: PendingAction) -> QuerySet[PendingAction]:
    at_connector = PendingAction.objects.filter(organization=action.organization_id, connector=action.connector_id)
    return asked_by(at_connector, action.user_id, action.token_id)
