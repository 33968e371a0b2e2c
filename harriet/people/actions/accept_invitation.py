"""Accepts an invitation, as a new person or as one who is already known. Single use, even when raced."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from audit.record import record
from harriet.people.actions.add_person import join
from harriet.people.actions.settle_matter import settle_invitation
from harriet.people.actors import actor_of, person_label
from harriet.people.errors import NotAllowed, NotFound, PeopleError
from harriet.people.events import PersonJoined
from harriet.people.models import Invitation, Membership, User
from harriet.people.names import clean_name
from harriet.people.permissions import has_power
from harriet.people.queries import membership_of, open_invitations
from harriet.people.roles import Power, Role
from harriet.people.sends_mail import sends_mail

KNOWN = "There is an account with this address already. Sign in first, then accept."
_UNPROVEN = "Your address is not proved yet: your account was made through a link that somebody else had in hand. "
_PROVE = "Let Harriet mail you a link (“Forgot password”) and set a new password through it; then accept."
_NO_MAIL = (
    "A mail would prove it, but this Harriet sends none: it writes mails into files. Have the link written, and ask "
    "whoever operates Harriet to pass it on to you; set a new password through it, then accept."
)
BY_PROVIDER = (
    "You signed in through one organization’s single sign-on, which is good for that one alone. Sign out, set a "
    "password of your own (“Forgot password”), sign in with it, and accept then."
)
NOT_THEIRS_ANY_MORE = "Whoever invited you may not do so any more. Ask for a new invitation."


def unproven_words() -> str:
    """Why somebody whose address is not proved can't accept, and the way that there is here."""
    return _UNPROVEN + (_PROVE if sends_mail() else _NO_MAIL)


def accept_invitation(invitation: Invitation, *, name: str, password: str) -> Membership:
    """Makes the person. Never touches somebody who exists: that would hand their account to whoever has the link."""
    if User.objects.filter(email__iexact=invitation.email).exists():
        raise NotAllowed(KNOWN)
    name = clean_name(name)
    check_password(password, User(email=invitation.email, name=name))
    with transaction.atomic():
        _take(invitation)
        return _join(invitation, _new_user(invitation, name, password))


def accept_invitation_as(invitation: Invitation, user: User) -> Membership:
    """For somebody who is signed in; the invitation must be for their address."""
    if user.email.lower() != invitation.email.lower():
        raise NotAllowed(f"This invitation is for {invitation.email}; you are signed in as {user.email}.")
    if not user.is_proven:
        raise NotAllowed(unproven_words())
    if user.confined_to is not None:
        raise NotAllowed(BY_PROVIDER)
    with transaction.atomic():
        _take(invitation)
        return _join(invitation, user)


def _new_user(invitation: Invitation, name: str, password: str) -> User:
    """Who handed the link over may be the one who opens it: the address is proved when the link came by mail alone."""
    proof: dict[str, Any] = {"is_proven": not invitation.is_handed_over}
    if invitation.is_handed_over:
        proof["vouched_by"] = invitation.invited_by
    try:
        with transaction.atomic():
            return User.objects.create_user(invitation.email, password, name=name, **proof)
    except IntegrityError:  # made a moment ago, through another organization's invitation
        raise NotAllowed(KNOWN) from None


def check_password(password: str, user: User) -> None:
    """Raises PeopleError."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise PeopleError(" ".join(error.messages), field="password") from None


def _take(invitation: Invitation) -> None:
    """Compare-and-set: of two who come with the same link at once, one gets in."""
    _refuse_if_inviter_lost_power(invitation)
    taken = open_invitations().filter(pk=invitation.pk).update(accepted_at=Now())
    if not taken:
        raise NotFound("This invitation was used, withdrawn or has expired. Ask for a new one.")


def _refuse_if_inviter_lost_power(invitation: Invitation) -> None:
    """An administrator who is off-boarded does not come back through an invitation that they kept."""
    if invitation.invited_by is None:
        return
    inviter = membership_of(invitation.invited_by, invitation.organization)
    needed = Power.MANAGE_ORGANIZATION if invitation.role == Role.OWNER else Power.MANAGE_PEOPLE
    if not has_power(inviter, needed):
        raise NotAllowed(NOT_THEIRS_ANY_MORE)


def _join(invitation: Invitation, user: User) -> Membership:
    organization, groups = invitation.organization, invitation.groups.all()
    membership = join(organization, user, invitation.role, groups, by=invitation.invited_by)
    settle_invitation(invitation)
    record(
        PersonJoined(person=person_label(user), role=membership.get_role_display()),
        organization_id=invitation.organization_id,
        actor=actor_of(user),
    )
    return membership
