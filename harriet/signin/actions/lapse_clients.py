"""Where single sign-on is required: whose last sign-in is too long ago, their clients wait for the next one.

Each look finds what is due through an index, organization by organization within one question: what it costs goes by
how many are due, not by how many people or organizations there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from audit.actor import SYSTEM
from audit.record import record_each
from harriet.lib.batches import delete_some
from harriet.people.actors import person_label
from harriet.people.models import AssertedIdentity, SignInRule
from harriet.people.version import move_version
from harriet.signin.events import ClientsLapsed
from harriet.signin.models import SeenAssertion, SignInAttempt, SubjectToken

AT_ONCE = 500
"""People in one turn."""
SESSIONS_AT_ONCE = 5_000
ROWS_AT_ONCE = 5_000
ATTEMPTS_KEPT = timedelta(days=1)
_WHY = "single sign-on is required, and the last one is more than {} hours ago."

_LATE = """
SELECT rule.organization_id, identity.id, member.is_active FROM people_signinrule rule
CROSS JOIN LATERAL (SELECT STATEMENT_TIMESTAMP() - make_interval(hours => rule.client_hours) AS at) late
JOIN LATERAL (
  SELECT id FROM signin_identityprovider WHERE organization_id = rule.organization_id
  UNION ALL SELECT rule.organization_id) speaker (id) ON TRUE
JOIN LATERAL (
  SELECT asserted.id, asserted.membership_id FROM people_assertedidentity asserted
  WHERE asserted.provider_id = speaker.id AND asserted.lapsed_at IS NULL
    AND COALESCE(asserted.signed_in_at, asserted.asserted_at) < late.at
    AND asserted.source = ANY (CASE WHEN EXISTS (
      SELECT 1 FROM people_accesstoken token WHERE token.organization_id = rule.organization_id AND token.kind = 'scim'
        AND token.expires_at > late.at AND (token.revoked_at IS NULL OR token.revoked_at > late.at))
      THEN ARRAY['oidc', 'saml'] ELSE ARRAY['oidc', 'saml', 'scim'] END)
  LIMIT %(most)s) identity ON TRUE
JOIN people_membership member ON member.id = identity.membership_id
WHERE rule.is_enforced AND rule.enforced_at < late.at AND member.user_id IS DISTINCT FROM rule.break_glass_id
LIMIT %(most)s
"""
"""Nobody's before the rule itself is that old. Whom the directory describes is left alone, which ends access at once:
for as long as it has a token that opens SCIM, and these hours beyond. What only SCIM has said has the organization in
its provider's place."""

_OLD_SESSIONS = """
SELECT old.session_id FROM people_signinrule rule
JOIN signin_identityprovider provider ON provider.organization_id = rule.organization_id
JOIN LATERAL (
  SELECT session_id FROM signin_providersession session
  WHERE session.provider_id = provider.id
    AND session.began_at < STATEMENT_TIMESTAMP() - make_interval(hours => rule.session_hours)
  LIMIT %(most)s) old ON TRUE
LIMIT %(most)s
"""


def lapse_clients() -> int:
    """How many people. Each organization by its own rule."""
    late: defaultdict[UUID, list[UUID]] = defaultdict(list)
    gone: list[UUID] = []
    with connection.cursor() as cursor:
        cursor.execute(_LATE, {"most": AT_ONCE})
        for organization_id, identity_id, is_active in cursor.fetchall():
            (late[organization_id] if is_active else gone).append(identity_id)
    # Nobody's clients: noted, so that they are not looked at again. Who comes back begins anew.
    AssertedIdentity.objects.filter(pk__in=gone, lapsed_at=None, membership__is_active=False).update(lapsed_at=Now())
    _lapse_locals()
    return sum(_lapse(organization_id, ids) for organization_id, ids in late.items())


@transaction.atomic
def _lapse(organization_id: UUID, identity_ids: Collection[UUID]) -> int:
    """Those who did not sign in at this moment."""
    rows = AssertedIdentity.objects.select_for_update(of=("self",), skip_locked=True).order_by("pk")
    found = list(rows.filter(pk__in=identity_ids, lapsed_at=None).select_related("membership__user"))
    rule = SignInRule.objects.filter(pk=organization_id, is_enforced=True).first()
    if not found or rule is None:
        return 0
    AssertedIdentity.objects.filter(pk__in=[identity.pk for identity in found]).update(lapsed_at=Now())
    why = _WHY.format(rule.client_hours)
    happened = [ClientsLapsed(person=person_label(identity.membership.user), why=why) for identity in found]
    record_each(happened, organization_id=organization_id, actor=SYSTEM)
    move_version(organization_id)
    return len(found)


def _lapse_locals() -> None:
    """People who have never come through the provider: all at once, when their time since the rule is over."""
    over = SignInRule.objects.filter(is_enforced=True, locals_lapsed_at=None)
    over = over.filter(enforced_at__lt=Now() - F("client_hours") * timedelta(hours=1))
    for organization_id in over.order_by("pk").values_list("pk", flat=True)[:AT_ONCE]:
        with transaction.atomic():
            if over.filter(pk=organization_id).update(locals_lapsed_at=Now()):
                move_version(organization_id)


def end_old_sessions() -> None:
    """Of people who are signed in by a provider for longer than their organization wants now. A session knows its own
    end, as it was wanted when it began; this is for when that became less. No event: it ended by its age."""
    with connection.cursor() as cursor:
        cursor.execute(_OLD_SESSIONS, {"most": SESSIONS_AT_ONCE})
        keys = [key for (key,) in cursor.fetchall()]
    if keys:
        Session.objects.filter(pk__in=keys).delete()


def forget_old_attempts() -> None:
    """What is over: ways to the provider after a day, assertions and tokens that would not be taken any more."""
    delete_some(SignInAttempt.objects.filter(created_at__lt=Now() - ATTEMPTS_KEPT), ROWS_AT_ONCE)
    delete_some(SeenAssertion.objects.filter(expires_at__lt=Now()), ROWS_AT_ONCE)
    delete_some(SubjectToken.objects.filter(expires_at__lt=Now(), grant_id=None), ROWS_AT_ONCE)
