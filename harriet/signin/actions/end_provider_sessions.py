"""Ends what a person's identity provider opened for them, when their access ends: whoever comes back signs in anew."""

from __future__ import annotations

from django.contrib.sessions.models import Session

from harriet.people.endings import Ending
from harriet.signin.models import ProviderSession, SubjectToken


def end_provider_sessions(ending: Ending) -> None:
    """Docks in `harriet.people.endings.ACCESS`. The event of their leaving tells it. Sessions of their own may be good
    for another organization: they open nothing here, because every request reads the membership."""
    theirs = {"membership__organization": ending.organization_id, "membership__user": ending.user_id}
    Session.objects.filter(pk__in=ProviderSession.objects.filter(**theirs).values("session_id")).delete()
    SubjectToken.objects.filter(**theirs).delete()
