"""Invites somebody by mail alone: nobody else sees the link, so that following it proves the address."""

from __future__ import annotations

from collections.abc import Iterable
from smtplib import SMTPException

from audit.actor import Actor
from harriet.people.actions.invite_person import make_invitation, send_invitation
from harriet.people.actions.withdraw_invitation import withdraw_invitation
from harriet.people.errors import PeopleError
from harriet.people.models import Group, Invitation, Organization

NOT_SENT = (
    "The mail could not be sent, so nobody was invited: the mail server did not take it. "
    "Ask whoever operates Harriet to check EMAIL_URL, or hand the link over yourself."
)


def mail_invitation(
    organization: Organization, email: str, role: str, groups: Iterable[Group] = (), *, actor: Actor
) -> Invitation:
    """Call outside a transaction: the mail leaves when the invitation is there, and without it, it is withdrawn."""
    invitation, link = make_invitation(organization, email, role, groups, is_handed_over=False, actor=actor)
    try:
        send_invitation(invitation, link, is_needed=True)
    except (OSError, SMTPException):
        withdraw_invitation(invitation, actor=actor)
        raise PeopleError(NOT_SENT) from None
    return invitation
