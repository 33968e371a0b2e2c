"""Listens to allauth's signals, and writes each into the log of every organization that the person belongs to."""

from __future__ import annotations

from time import time
from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from django.contrib.auth.signals import user_logged_in
from django.db import transaction
from django.dispatch import receiver

from audit.record import record
from harriet.lib.ids import new_id
from harriet.people.actions.note_session import note_session
from harriet.people.actions.prove_address import prove_address
from harriet.people.actions.tell_people import tell_people
from harriet.people.actors import actor_of, person_label
from harriet.people.middleware import SEEN, address_of
from harriet.people.models import SignInRule, User
from harriet.people.notifications.kinds import SIGN_IN, Matter
from harriet.people.notifications.recipients import with_roles
from harriet.people.pages.fresh_sign_in import SIGNED_IN
from harriet.people.roles import Role
from harriet.signin.events import BreakGlassUsed, FactorAdded, FactorRemoved, PasswordChanged, SignedIn, SigninEvent

FACTORS = {"totp": "an authenticator app", "webauthn": "a passkey or security key", "recovery_codes": "recovery codes"}


def tell(happened: SigninEvent, user: User) -> None:
    with transaction.atomic():
        for membership in user.memberships.filter(is_active=True):
            record(happened, organization_id=membership.organization_id, actor=actor_of(user))


@receiver(user_logged_in)
def signed_in(user: User, request: Any, **_: Any) -> None:
    if user.confined_to is None:
        tell(SignedIn(person=person_label(user)), user)
        tell_of_break_glass(user)
    request.session[SIGNED_IN] = int(time())
    _note_browser(user, request)


def tell_of_break_glass(user: User) -> None:
    """The one owner who may do without single sign-on did: all owners hear of it."""
    for rule in SignInRule.objects.filter(is_enforced=True, break_glass=user).select_related("organization"):
        organization = rule.organization
        text = f"{user.email} signed in to {organization.name} without single sign-on, as the owner who may."
        with transaction.atomic():
            record(BreakGlassUsed(person=person_label(user)), organization_id=organization.pk, actor=actor_of(user))
            matter = Matter(SIGN_IN, organization.pk, f"break glass {new_id()}", text, "/settings/sign-in/")
            tell_people(matter, with_roles(organization.pk, [Role.OWNER]))


def _note_browser(user: User, request: Any) -> None:
    key = request.session.session_key
    if key:
        request.session[SEEN] = int(time())
        note_session(user, key, str(request.META.get("HTTP_USER_AGENT", "")), address_of(request))


@receiver([account.password_changed, account.password_set, account.password_reset])
def password_changed(user: User, **_: Any) -> None:
    tell(PasswordChanged(person=person_label(user)), user)


@receiver(account.password_reset)
def address_proved(user: User, **_: Any) -> None:
    """The link came by mail. Factors that whoever had the account before had added are theirs, not this person's."""
    with transaction.atomic():
        if prove_address(user):
            Authenticator.objects.filter(user=user).delete()


@receiver(mfa.authenticator_added)
def factor_added(user: User, authenticator: Any, **_: Any) -> None:
    tell(FactorAdded(person=person_label(user), factor=FACTORS.get(authenticator.type, "a factor")), user)


@receiver(mfa.authenticator_removed)
def factor_removed(user: User, authenticator: Any, **_: Any) -> None:
    tell(FactorRemoved(person=person_label(user), factor=FACTORS.get(authenticator.type, "a factor")), user)
