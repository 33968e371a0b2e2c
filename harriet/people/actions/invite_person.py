"""Invites somebody by mail and by a link that is shown once; it works for seven days, one time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.urls import reverse

from audit.actor import Actor
from audit.record import record
from harriet.lib.secret import Secret
from harriet.people.actors import person_behind
from harriet.people.errors import PeopleError
from harriet.people.events import PERSON_INVITED
from harriet.people.models import Group, Invitation, Membership, Organization
from harriet.people.names import clean_email
from harriet.people.permissions import Power, demand
from harriet.people.roles import check_role
from harriet.people.tokens import new_token

from .add_person import own_groups

LASTS = timedelta(days=7)


def invite_person(
    organization: Organization, email: str, role: str, groups: Iterable[Group] = (), *, actor: Actor
) -> tuple[Invitation, Secret]:
    """Returns the invitation and its link. An earlier open invitation of the same address is withdrawn by it."""
    demand(actor, organization, Power.MANAGE_PEOPLE)
    check_role(organization, role, actor=actor)
    email = clean_email(email)
    if Membership.objects.filter(organization=organization, user__email__iexact=email).exists():
        raise PeopleError(f"{email} already belongs to {organization.name}.", field="email")
    with transaction.atomic():
        invitation, token = _insert(organization, email, role, own_groups(organization, groups), actor)
        link = Secret(settings.BASE_URL + reverse("people:join", args=[token.reveal()]))
        transaction.on_commit(lambda: send_invitation(invitation, link))
    return invitation, link


def _insert(
    organization: Organization, email: str, role: str, groups: list[Group], actor: Actor
) -> tuple[Invitation, Secret]:
    token = new_token("invitation")
    withdraw_open(organization, email)
    invitation = Invitation.objects.create(
        organization=organization,
        email=email,
        role=role,
        token_hash=token.hash,
        invited_by=person_behind(actor),
        expires_at=Now() + LASTS,
    )
    invitation.groups.set(groups)
    invitation.refresh_from_db()
    record(
        PERSON_INVITED,
        organization_id=organization.pk,
        actor=actor,
        email=email,
        role=invitation.get_role_display(),
        groups=", ".join(group.slug for group in groups),
    )
    return invitation, token.secret


def withdraw_open(organization: Organization, email: str) -> None:
    Invitation.objects.filter(
        organization=organization, email__iexact=email, accepted_at=None, withdrawn_at=None
    ).update(withdrawn_at=Now())


def send_invitation(invitation: Invitation, link: Secret) -> None:
    """A mail that can't be sent fails nothing: the link was shown, too."""
    text = render_to_string("people/mail/invitation.txt", {"invitation": invitation, "link": link.reveal()})
    send_mail(f"Join {invitation.organization.name} on Harriet", text, None, [invitation.email], fail_silently=True)
