"""Accepts an invitation, as a new person or as one who is already known. Single use, even when raced."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from audit.record import record
from harriet.people.actors import actor_of, person_label
from harriet.people.errors import NotAllowed, NotFound, PeopleError
from harriet.people.events import PERSON_JOINED
from harriet.people.models import Invitation, Membership, User
from harriet.people.names import clean_name
from harriet.people.queries import open_invitations

from .add_person import join

KNOWN = "There is an account with this address already. Sign in first, then accept."


def accept_invitation(invitation: Invitation, *, name: str, password: str) -> Membership:
    """Makes the person. Never touches somebody who exists: that would hand their account to whoever has the link."""
    if User.objects.filter(email__iexact=invitation.email).exists():
        raise NotAllowed(KNOWN)
    name = clean_name(name)
    check_password(password, User(email=invitation.email, name=name))
    with transaction.atomic():
        _take(invitation)
        return _join(invitation, _new_user(invitation.email, name, password))


def accept_invitation_as(invitation: Invitation, user: User) -> Membership:
    """For somebody who is signed in; the invitation must be for their address."""
    if user.email.lower() != invitation.email.lower():
        raise NotAllowed(f"This invitation is for {invitation.email}; you are signed in as {user.email}.")
    with transaction.atomic():
        _take(invitation)
        return _join(invitation, user)


def _new_user(email: str, name: str, password: str) -> User:
    try:
        with transaction.atomic():
            return User.objects.create_user(email, password, name=name)
    except IntegrityError:  # made a moment ago, through another organization's invitation
        raise NotAllowed(KNOWN) from None


def check_password(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise PeopleError(" ".join(error.messages), field="password") from None


def _take(invitation: Invitation) -> None:
    """Compare-and-set: of two who come with the same link at once, one gets in."""
    taken = open_invitations().filter(pk=invitation.pk).update(accepted_at=Now())
    if not taken:
        raise NotFound("This invitation was used, withdrawn or has expired. Ask for a new one.")


def _join(invitation: Invitation, user: User) -> Membership:
    membership = join(invitation.organization, user, invitation.role, invitation.groups.all())
    record(
        PERSON_JOINED,
        organization_id=invitation.organization_id,
        actor=actor_of(user),
        person=person_label(user),
        role=membership.get_role_display(),
    )
    return membership
