"""Makes the one-time link that makes the first owner."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now

from audit.actor import Actor
from audit.models import INSTALLATION
from audit.record import record
from harriet.lib.secret import Secret
from harriet.people.errors import NotAllowed, PeopleError
from harriet.people.events import SetupLinkMade
from harriet.people.models import SetupLink
from harriet.people.queries import has_owner
from harriet.people.tokens import new_token

LASTS = timedelta(hours=24)


def make_setup_link(*, actor: Actor) -> Secret:
    """The token of a new link; every earlier one stops working. Only while nobody owns anything here."""
    if actor.kind != "system":
        raise NotAllowed("Set-up links are made on the machine that runs Harriet.")
    new = new_token("setup")
    with transaction.atomic():
        if has_owner():
            raise PeopleError("Harriet has an owner already. Ask them for an invitation.")
        SetupLink.objects.filter(used_at=None).delete()
        SetupLink.objects.create(token_hash=new.hash, expires_at=Now() + LASTS)
        record(SetupLinkMade(), organization_id=INSTALLATION, actor=actor)
    return new.secret
