"""Changes what a person is called, by that person: in every organization that they belong to."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from harriet.people.actors import person_label
from harriet.people.errors import NotAllowed
from harriet.people.events import PersonRenamed
from harriet.people.models import User
from harriet.people.names import clean_name
from harriet.people.permissions import check_whole_account


@transaction.atomic
def rename_person(user: User, name: str, *, actor: Actor) -> User:
    """Raises NotAllowed for anybody else, PeopleError for what is no name."""
    if actor.kind != "person" or actor.id != user.pk:
        raise NotAllowed("People change their own name.")
    check_whole_account(user)
    user = User.objects.select_for_update().get(pk=user.pk)
    before, user.name = user.name, clean_name(name)
    if user.name == before:
        return user
    user.save(update_fields=["name"])
    for membership in user.memberships.filter(is_active=True):
        record(
            PersonRenamed(person=person_label(user), name=user.name, before=before),
            organization_id=membership.organization_id,
            actor=actor,
        )
    return user
