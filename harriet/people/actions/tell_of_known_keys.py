"""Tells that somebody left who knows a shared key, or the directory's token: whoever has it can use it until it is
replaced."""

from __future__ import annotations

from uuid import UUID

from django.urls import reverse

from harriet.people.actions.tell_people import tell_people
from harriet.people.endings import Ending
from harriet.people.models import AccessToken, Organization, User
from harriet.people.notifications.kinds import KEY_KNOWN, Matter
from harriet.people.notifications.recipients import with_roles
from harriet.people.queries import keys_seen_by, live_tokens
from harriet.people.roles import Power, Role, roles_with

_MOST = 50
"""Keys that are told one by one; the list has them all."""


def tell_of_known_keys(ending: Ending) -> None:
    """Docks in `harriet.people.endings.ACCESS`."""
    organization = Organization.objects.get(pk=ending.organization_id)
    leaving = User.objects.filter(pk__in=[ending.user_id]).first()
    if leaving is None:
        return
    path = f"{reverse('devices:list')}?keys_show=due"
    for key in keys_seen_by(organization, leaving)[:_MOST]:
        text = f"{leaving} has left and knows the shared key {key.name}, which goes on working. Replace it."
        matter = Matter(KEY_KNOWN, organization.pk, key_of(key.pk), text, path)
        tell_people(matter, with_roles(organization.pk, roles_with(Power.MANAGE_TOKENS)))
    _tell_of_scim_tokens(organization, leaving)


def _tell_of_scim_tokens(organization: Organization, leaving: User) -> None:
    """It lets people in, and ends the access of owners: whoever kept it lets themselves in again by it."""
    made = live_tokens().filter(organization=organization, kind=AccessToken.Kind.SCIM, created_by=leaving)
    for token in made[:_MOST]:
        text = (
            f"{leaving} has left and made the SCIM token {token.name}: whoever has it lets people in. Give the "
            "directory another, and revoke this one."
        )
        matter = Matter(KEY_KNOWN, organization.pk, key_of(token.pk), text, "/settings/scim/")
        tell_people(matter, with_roles(organization.pk, [Role.OWNER]))


def key_of(token_id: UUID) -> str:
    return f"shared key {token_id}"
