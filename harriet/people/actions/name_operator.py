"""Names an operator of the installation: they see every organization's counts and health, and nothing it holds."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from audit.models import INSTALLATION
from audit.record import record
from harriet.people.actors import person_label
from harriet.people.errors import NotAllowed
from harriet.people.events import OperatorNamed
from harriet.people.models import User


def name_operator(user: User, *, actor: Actor) -> None:
    """Only on the machine that runs Harriet: no organization's owner is above the others."""
    if actor.kind != "system":
        raise NotAllowed("Operators are named on the machine that runs Harriet: manage.py createsuperuser.")
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(is_superuser=True)
        record(OperatorNamed(person=person_label(user)), organization_id=INSTALLATION, actor=actor)
