"""Where single sign-on is required: whose last sign-in is too long ago, their clients wait for the next one."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce, Now

from audit.actor import SYSTEM
from audit.record import record
from harriet.people.actions.assert_identity import lapse_identity
from harriet.people.actors import person_label
from harriet.people.models import AccessToken, AssertedIdentity, SignInRule
from harriet.people.version import move_version
from harriet.signin.events import ClientsLapsed
from harriet.signin.models import ProviderSession, SeenAssertion, SignInAttempt, SubjectToken

_WHY = "single sign-on is required, and the last one is more than {} hours ago."


def lapse_clients() -> int:
    """How many people. Each organization by its own rule."""
    rules = SignInRule.objects.filter(is_enforced=True, enforced_at__isnull=False).select_related("organization")
    return sum(_lapse(rule) for rule in rules)


def _lapse(rule: SignInRule) -> int:
    """Nobody's before the rule itself is that old. Whom the directory describes is left alone, which ends access at
    once: for as long as it has a token that opens SCIM, and these hours beyond."""
    limit = Now() - timedelta(hours=rule.client_hours)
    if not SignInRule.objects.filter(pk=rule.pk, is_enforced=True, enforced_at__lt=limit).exists():
        return 0
    last = Coalesce("signed_in_at", "asserted_at")
    found = AssertedIdentity.objects.annotate(last=last).filter(
        membership__organization=rule.organization, membership__is_active=True, lapsed_at=None, last__lt=limit
    )
    late = found.exclude(membership__user=rule.break_glass_id)
    if _does_directory_speak(rule):
        late = late.exclude(source=AssertedIdentity.Source.SCIM)
    count = 0
    for identity in late.select_related("membership__user", "membership__organization"):
        count += _lapse_one(identity, rule)
    _lapse_locals(rule)
    return count


def _does_directory_speak(rule: SignInRule) -> bool:
    limit = Now() - timedelta(hours=rule.client_hours)
    tokens = AccessToken.objects.filter(organization=rule.organization_id, kind=AccessToken.Kind.SCIM)
    return tokens.filter(Q(revoked_at=None) | Q(revoked_at__gt=limit), expires_at__gt=limit).exists()


def _lapse_one(identity: AssertedIdentity, rule: SignInRule) -> bool:
    with transaction.atomic():
        if not lapse_identity(identity):
            return False
        event = ClientsLapsed(person=person_label(identity.membership.user), why=_WHY.format(rule.client_hours))
        record(event, organization_id=rule.organization_id, actor=SYSTEM)
    return True


@transaction.atomic
def _lapse_locals(rule: SignInRule) -> None:
    """People who have never come through the provider: all at once, when their time since the rule is over."""
    if SignInRule.objects.filter(pk=rule.pk, is_enforced=True, locals_lapsed_at=None).update(locals_lapsed_at=Now()):
        move_version(rule.organization_id)


def end_old_sessions() -> None:
    """Of people who are signed in by a provider for longer than their organization wants now. A session knows its own
    end, as it was wanted when it began; this is for when that became less. No event: it ended by its age."""
    for rule in SignInRule.objects.all():
        limit = Now() - timedelta(hours=rule.session_hours)
        old = ProviderSession.objects.filter(membership__organization=rule.organization_id, began_at__lt=limit)
        Session.objects.filter(pk__in=list(old.values_list("session_id", flat=True))).delete()


def forget_old_attempts() -> None:
    """What is over: ways to the provider after a day, assertions and tokens that would not be taken any more."""
    SignInAttempt.objects.filter(created_at__lt=Now() - timedelta(days=1)).delete()
    SeenAssertion.objects.filter(expires_at__lt=Now()).delete()
    SubjectToken.objects.filter(expires_at__lt=Now(), grant_id=None).delete()
