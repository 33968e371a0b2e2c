"""Invites somebody with a link that is shown once, to be handed over; it works for seven days, one time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models.functions import Now
from django.template.loader import render_to_string

from audit.actor import Actor
from audit.record import record
from harriet.lib.secret import Secret
from harriet.people.actions.add_person import own_groups
from harriet.people.actions.notice_person import notice_person
from harriet.people.actors import person_behind
from harriet.people.errors import PeopleError
from harriet.people.events import PersonInvited
from harriet.people.models import Group, Invitation, Membership, Organization, User
from harriet.people.names import clean_email
from harriet.people.permissions import demand
from harriet.people.role_rules import check_role
from harriet.people.roles import Power
from harriet.people.tokens import new_token

LASTS = timedelta(days=7)


class NewInvitation(NamedTuple):
    """An invitation and its link, which is kept nowhere."""

    invitation: Invitation
    link: Secret


JOIN, INVITATIONS = "/join/{}/", "/choose-organization/"
"""Pages of the floor above: where a link leads, and where who has an account answers."""


def invite_person(
    organization: Organization,
    email: str,
    role: str,
    groups: Iterable[Group] = (),
    *,
    is_handed_over: bool = True,
    actor: Actor,
) -> NewInvitation:
    """The link goes to the address by mail, too. A password that is set through it proves no address when somebody
    else had it in hand (`is_handed_over`)."""
    with transaction.atomic():
        made = make_invitation(organization, email, role, groups, is_handed_over=is_handed_over, actor=actor)
        transaction.on_commit(lambda: send_invitation(*made))
    return made


def make_invitation(
    organization: Organization, email: str, role: str, groups: Iterable[Group], *, is_handed_over: bool, actor: Actor
) -> NewInvitation:
    """An earlier open invitation of the same address is withdrawn by it."""
    demand(actor, organization, Power.MANAGE_PEOPLE)
    check_role(organization, role, actor=actor)
    email = clean_email(email)
    if Membership.objects.filter(organization=organization, user__email__iexact=email).exists():
        raise PeopleError(f"{email} already belongs to {organization.name}.", field="email")
    with transaction.atomic():
        invitation, token = _insert(organization, email, role, own_groups(organization, groups), is_handed_over, actor)
        _tell_who_is_known(invitation)
    return NewInvitation(invitation, Secret(settings.BASE_URL + JOIN.format(token.reveal())))


def _insert(
    organization: Organization, email: str, role: str, groups: list[Group], is_handed_over: bool, actor: Actor
) -> tuple[Invitation, Secret]:
    token = new_token("invitation")
    withdraw_open(organization, email)
    invitation = Invitation.objects.create(
        organization=organization,
        email=email,
        role=role,
        token_hash=token.hash,
        invited_by=person_behind(actor),
        is_handed_over=is_handed_over,
        expires_at=Now() + LASTS,
    )
    invitation.groups.set(groups)
    invitation.refresh_from_db()
    record(
        PersonInvited(
            email=email, role=invitation.get_role_display(), groups=", ".join(group.slug for group in groups)
        ),
        organization_id=organization.pk,
        actor=actor,
    )
    return invitation, token.secret


def _tell_who_is_known(invitation: Invitation) -> None:
    """Who has an account finds it where they work, mail or no mail."""
    user = User.objects.filter(email__iexact=invitation.email).first()
    home = user and Membership.objects.filter(user=user, is_active=True).select_related("organization").first()
    if user and home:
        text = f"{invitation.organization.name} invites you as {invitation.get_role_display()}: accept or decline."
        notice_person(user, home.organization, text, INVITATIONS, f"invitation {invitation.pk}", mail=False)


def withdraw_open(organization: Organization, email: str) -> None:
    """Of one address: a new invitation replaces the earlier."""
    Invitation.objects.filter(
        organization=organization, email__iexact=email, accepted_at=None, withdrawn_at=None
    ).update(withdrawn_at=Now())


def send_invitation(invitation: Invitation, link: Secret, *, is_needed: bool = False) -> None:
    """Unless it is needed, a mail that can't be sent fails nothing: there is another way to the link."""
    text = render_to_string("people/mail/invitation.txt", {"invitation": invitation, "link": link.reveal()})
    send_mail(
        f"Join {invitation.organization.name} on Harriet", text, None, [invitation.email], fail_silently=not is_needed
    )
