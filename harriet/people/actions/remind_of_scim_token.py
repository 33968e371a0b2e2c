"""Tells the owners that the directory's token ends soon: without the next one nobody who leaves is taken out here."""

from __future__ import annotations

from datetime import timedelta

from django.db.models.functions import Now

from harriet.people.actions.tell_people import tell_people
from harriet.people.models import AccessToken
from harriet.people.notifications.kinds import SECRET_DUE, Matter
from harriet.people.notifications.recipients import with_roles
from harriet.people.roles import Role

AHEAD = timedelta(days=14)


def remind_of_scim_token(token: AccessToken) -> None:
    """Once for each token, by whoever sees it used; not while a later one is there. No event: nothing changed."""
    mine = AccessToken.objects.filter(organization=token.organization_id, kind=AccessToken.Kind.SCIM, revoked_at=None)
    if mine.filter(expires_at__gt=Now() + AHEAD).exists():
        return
    day = f"{token.expires_at:%-d %B %Y}"
    text = f"The SCIM token {token.name} ends on {day}. Make the next one, and give it to your directory before that."
    key = f"scim token {token.pk}"
    matter = Matter(SECRET_DUE, token.organization_id, key, text, "/settings/scim/")
    tell_people(matter, with_roles(token.organization_id, [Role.OWNER]))
