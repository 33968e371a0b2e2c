"""Signs somebody out of every browser when they belong nowhere any more: nothing of theirs stays open by itself."""

from __future__ import annotations

from uuid import UUID

from django.contrib.sessions.models import Session

from harriet.people.endings import Ending
from harriet.people.models import BrowserSession, Membership


def end_own_sessions(ending: Ending) -> None:
    """Docks in `harriet.people.endings.ACCESS`. The event of their leaving tells it."""
    if ending.user_id is not None:
        end_sessions_unless_elsewhere(ending.user_id, ending.organization_id)


def end_sessions_unless_elsewhere(user_id: UUID, organization_id: UUID) -> None:
    """Whoever belongs to another organization, too, stays signed in for that one: every request reads the memberships
    anew, so that here it opens nothing."""
    elsewhere = Membership.objects.filter(user=user_id, is_active=True).exclude(organization=organization_id)
    if not elsewhere.exists():
        mine = BrowserSession.objects.filter(user=user_id)
        Session.objects.filter(pk__in=list(mine.values_list("session_id", flat=True))).delete()
