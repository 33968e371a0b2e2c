"""Adds somebody who is new here, or invites who has an account already: nobody is put into an organization unasked."""

from __future__ import annotations

from collections.abc import Iterable

from audit.actor import Actor
from harriet.people.actions.add_person import add_person
from harriet.people.actions.invite_person import invite_person
from harriet.people.models import Group, Invitation, Membership, Organization
from harriet.people.names import clean_email
from harriet.people.queries import account_elsewhere, invitations_of


def bring_person(
    organization: Organization, email: str, role: str, groups: Iterable[Group] = (), name: str = "", *, actor: Actor
) -> Membership | Invitation:
    """An invitation is told to the person, by mail and where they work; its link is shown to nobody."""
    chosen = list(groups)
    if account_elsewhere(organization, clean_email(email), by_system=actor.kind == "system") is None:
        return add_person(organization, email, role, chosen, name, actor=actor)
    return (
        _standing(organization, email, role, chosen)
        or invite_person(organization, email, role, chosen, is_handed_over=False, actor=actor).invitation
    )


def _standing(organization: Organization, email: str, role: str, groups: list[Group]) -> Invitation | None:
    """The open invitation to just this: asking again, as a set-up file does, sends nobody another mail."""
    found = invitations_of(organization).filter(email__iexact=clean_email(email), role=role).first()
    return found if found and {group.pk for group in found.groups.all()} == {group.pk for group in groups} else None
