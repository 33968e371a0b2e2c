"""Tokens to call with: a person's on a device, and a shared key."""

from __future__ import annotations

from harriet.people.actions.issue_device_credential import IssuedToken, issue_device_credential
from harriet.people.actions.issue_integration_key import issue_integration_key
from harriet.people.actions.register_device import register_device
from harriet.people.actors import actor_of
from harriet.people.models import Group, Organization, User


def device_credential(
    organization: Organization, user: User, device: str, *, name: str = "", days: int = 30
) -> IssuedToken:
    """On a new device of theirs."""
    mine = register_device(organization, user, device, actor=actor_of(user))
    return issue_device_credential(mine, name=name or device, expires_in_days=days, actor=actor_of(user))


def device_token(organization: Organization, user: User, device: str = "laptop") -> str:
    return device_credential(organization, user, device).secret.reveal()


def shared_key(organization: Organization, groups: list[Group], owner: User, name: str = "robot") -> str:
    return issue_integration_key(organization, name, groups, 30, actor=actor_of(owner)).secret.reveal()
