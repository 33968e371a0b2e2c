"""Remind of scopes of autonomous profiles before they end, once each: what ran unasked waits from then on. No audit
events: nothing changed."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import CharField, Exists, F, OuterRef, Value
from django.db.models.functions import Cast, Concat, Now
from django.urls import reverse

from connectors.models import AutonomousScope, Profile
from connectors.models.autonomous_scopes import HOLDING
from harriet.people.actions.settle_matter import settle_matter
from harriet.people.actions.tell_people import tell_people
from harriet.people.models import Notice
from harriet.people.notifications.keys import about_profile
from harriet.people.notifications.kinds import SCOPE_ENDS, Matter
from harriet.people.notifications.recipients import active_here, with_roles
from harriet.people.roles import Power, roles_with
from harriet.people.trust import Trust

AHEAD = timedelta(days=3)
SHORT = timedelta(days=6)
"""Whoever makes one that ends so soon knows that it does."""
AT_ONCE = 500
_MY_PAGES = "/me/"


def remind_of_scopes() -> int:
    """Returns of how many. Safe to run in several workers at once."""
    soon = AutonomousScope.objects.filter(
        HOLDING,
        expires_at__lte=Now() + AHEAD,
        expires_at__gt=F("created_at") + SHORT,
        reminded_at=None,
        profile__trust=Trust.AUTONOMOUS,
    )
    return sum(_remind(scope) for scope in soon.select_related("profile").order_by("expires_at", "pk")[:AT_ONCE])


def settle_ended_scopes() -> None:
    """Of those that ended lately nobody has to make another any more. What is settled is not read again."""
    ended = AutonomousScope.objects.filter(ended_at=None, expires_at__lte=Now(), expires_at__gt=Now() - AHEAD)
    open_lines = Notice.objects.filter(
        organization=OuterRef("organization"), key=OuterRef("notice_key"), settled_at=None
    )
    key = Concat(Value("profile "), Cast("profile_id", CharField()), Value(" scope "), Cast("pk", CharField()))
    told = ended.exclude(reminded_at=None).annotate(notice_key=key).filter(Exists(open_lines))
    for scope in told.order_by("expires_at", "pk")[:AT_ONCE]:
        settle_matter(scope.organization_id, key_of(scope))


def key_of(scope: AutonomousScope) -> str:
    return f"{about_profile(scope.profile_id)}scope {scope.pk}"


@transaction.atomic
def _remind(scope: AutonomousScope) -> bool:
    if not AutonomousScope.objects.filter(HOLDING, pk=scope.pk, reminded_at=None).update(reminded_at=Now()):
        return False
    profile, day = scope.profile, f"{scope.expires_at:%-d %B %Y at %H:%M} UTC"
    who_may = with_roles(scope.organization_id, roles_with(Power.MANAGE_PROFILES))
    ends = f"What {profile} runs unasked by the scope {scope} ends on {day}. If it is still needed, make another."
    tell_people(_matter(scope, ends, reverse("profiles:detail", args=[profile.pk])), who_may)
    yours = f"Calls through your profile {profile} that run unasked by the scope {scope} wait from {day} on."
    tell_people(_matter(scope, f"{yours} An IT admin can let them run on.", _MY_PAGES), _whose(profile))
    return True


def _matter(scope: AutonomousScope, text: str, path: str) -> Matter:
    return Matter(SCOPE_ENDS, scope.organization_id, key_of(scope), text, path)


def _whose(profile: Profile) -> list[UUID]:
    """The one person that it is for; nobody, of one that is shared."""
    named = list(profile.people.values_list("pk", flat=True)[:2])
    if len(named) != 1 or profile.groups.exists():
        return []
    return list(active_here(profile.organization_id).filter(pk__in=named).values_list("user_id", flat=True))
