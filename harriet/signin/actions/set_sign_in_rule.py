"""Sets whether single sign-on is required, which owner gets in without it, and how long sign-ins are good for."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now

from audit.actor import Actor
from audit.record import record
from harriet.lib.ids import new_id
from harriet.people.actions.tell_people import tell_people
from harriet.people.errors import PeopleError
from harriet.people.models import Membership, Organization, SignInRule, User
from harriet.people.notifications.kinds import SIGN_IN, Matter
from harriet.people.notifications.recipients import with_roles
from harriet.people.permissions import demand
from harriet.people.roles import Power, Role
from harriet.people.version import move_version
from harriet.signin.events import SignInRuleChanged
from harriet.signin.models import IdentityProvider
from harriet.signin.provider_queries import factors_of

LONGEST_SESSION, LONGEST_CLIENTS = 24, 24 * 30
"""Hours."""
PAGE = "/settings/sign-in/"


def set_sign_in_rule(
    organization: Organization,
    is_enforced: bool,
    break_glass: User | None,
    session_hours: int,
    client_hours: int,
    *,
    actor: Actor,
) -> SignInRule:
    """All owners are told. Raises PeopleError or NotAllowed."""
    demand(actor, organization, Power.MANAGE_ORGANIZATION)
    if not 1 <= session_hours <= LONGEST_SESSION:
        raise PeopleError(f"Between 1 and {LONGEST_SESSION} hours.", field="session_hours")
    if not 1 <= client_hours <= LONGEST_CLIENTS:
        raise PeopleError(f"Between 1 and {LONGEST_CLIENTS} hours.", field="client_hours")
    with transaction.atomic():
        rule, _ = SignInRule.objects.select_for_update(of=["self"]).get_or_create(organization=organization)
        before = _facts(rule)
        if is_enforced:
            _check_way_in(organization, break_glass)
        if is_enforced != rule.is_enforced:
            rule.enforced_at, rule.locals_lapsed_at = (Now() if is_enforced else None), None
        rule.is_enforced, rule.break_glass = is_enforced, break_glass
        rule.session_hours, rule.client_hours, rule.changed_at = session_hours, client_hours, Now()
        rule.save()
        _tell(organization, before, _facts(rule), actor)
    rule.refresh_from_db()
    return rule


def _check_way_in(organization: Organization, break_glass: User | None) -> None:
    """Somebody gets in by the provider, and somebody gets in when the provider is down."""
    providers = IdentityProvider.objects.filter(organization=organization, is_active=True)
    if not providers.exists():
        raise PeopleError("Switch an identity provider on first: nobody could sign in.", field="is_enforced")
    if not providers.filter(tested_at__isnull=False).exists():
        raise PeopleError(
            "No test sign-in has come through with the provider’s settings as they are. Try it first.",
            field="is_enforced",
        )
    if break_glass is None:
        raise PeopleError("Name the owner who still gets in when the provider is down.", field="break_glass")
    check_break_glass(organization, break_glass)


def check_break_glass(organization: Organization, user: User) -> None:
    """Raises PeopleError unless the person is an owner with a password and a second factor."""
    mine = Membership.objects.filter(organization=organization, user=user, is_active=True, role=Role.OWNER)
    if not mine.exists():
        raise PeopleError("It has to be an active owner.", field="break_glass")
    if not (user.has_usable_password() and user.password):
        raise PeopleError(f"{user.email} has no password here, so they could not sign in by one.", field="break_glass")
    if not factors_of(user.pk).exists():
        raise PeopleError(
            f"{user.email} has no second factor. They add one under “Your account”; then name them here.",
            field="break_glass",
        )


def _facts(rule: SignInRule) -> dict[str, str]:
    return {
        "single sign-on": "required" if rule.is_enforced else "not required",
        "who gets in without it": rule.break_glass.email if rule.break_glass else "nobody in particular",
        "sign in again after": f"{rule.session_hours} hours",
        "clients go on for": f"{rule.client_hours} hours",
    }


def _tell(organization: Organization, before: dict[str, str], after: dict[str, str], actor: Actor) -> None:
    change = "; ".join(f"{key}: {after[key]} (before: {before[key]})" for key in after if after[key] != before[key])
    if not change:
        return
    move_version(organization.pk)
    record(SignInRuleChanged(change=change), organization_id=organization.pk, actor=actor)
    text = f"{actor.label} changed how people sign in to {organization.name}: {change}."
    matter = Matter(SIGN_IN, organization.pk, f"sign-in rule {new_id()}", text, PAGE)
    tell_people(matter, [one for one in with_roles(organization.pk, [Role.OWNER]) if one != actor.id])
