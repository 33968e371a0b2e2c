"""Renews grants ahead of time, so that hardly any call has to wait for a provider."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import chain, zip_longest
from uuid import UUID

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce, Now

from harriet.people.models import Membership
from vault.errors import VaultError
from vault.models import OAuthGrant
from vault.oauth.lease import Wanted
from vault.oauth.outcomes import note_ended
from vault.oauth.refresh import good_grant
from vault.oauth.spool import sweep

AHEAD = timedelta(seconds=45)
"""Of the moment at which a call would do it: a turn comes every 30 seconds."""
UNUSED_FOR = timedelta(days=30)
"""After which nobody renews a grant ahead of time: the call that needs it does."""
MOST_AT_ONCE = 300
"""Grants in one turn."""
SIDE_BY_SIDE = 8
TURN_SECONDS = 25.0
"""After which no further one is begun; the next turn goes on."""
KEPT_FILES = timedelta(days=1)
"""That what is left in the spool folder is kept."""
log = logging.getLogger(__name__)


def refresh_grants() -> int:
    """How many were looked at. Two turns at once do no harm: each grant has its lease."""
    ends_at = time.monotonic() + TURN_SECONDS
    chosen = _side_by_side(due_grants()[:MOST_AT_ONCE].values_list("client_id", "pk"))
    with ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="renew") as threads:
        done = sum(threads.map(lambda grant_id: _renew(grant_id, ends_at), chosen))
    for grant in ended_grants()[:MOST_AT_ONCE]:
        note_ended(grant)
    sweep(time.time() - KEPT_FILES.total_seconds())
    return done


def ended_grants() -> QuerySet[OAuthGrant]:
    """Whose provider gave nothing to renew them with: whoever connected them reads it before a call needs it."""
    mine = OAuthGrant.objects.filter(state=OAuthGrant.State.ACTIVE, renewed_by=OAuthGrant.RenewedBy.REFRESH_TOKEN)
    over = mine.filter(sealed_refresh=None, access_expires_at__lte=Now())
    return over.filter(Q(user=None) | Exists(_active())).order_by("access_expires_at", "pk")


def due_grants() -> QuerySet[OAuthGrant]:
    """Of people who are active, used or connected lately, at providers that aren't left alone; urgent first. A person's
    sign-in is exchanged for a call of theirs alone."""
    due = OAuthGrant.objects.filter(state=OAuthGrant.State.ACTIVE, next_refresh_at__lte=Now() + AHEAD)
    due = due.exclude(renewed_by=OAuthGrant.RenewedBy.EXCHANGE)
    free = due.filter(Q(lease_until=None) | Q(lease_until__lt=Now()))
    ready = free.filter(Q(client__retry_at=None) | Q(client__retry_at__lt=Now()))
    wanted = ready.alias(used_at=Coalesce("last_used_at", "granted_at")).filter(used_at__gt=Now() - UNUSED_FOR)
    return wanted.filter(Q(user=None) | Exists(_active())).order_by(F("next_refresh_at").asc(), "pk")


def _active() -> QuerySet[Membership]:
    """Of whoever's grant it is, there."""
    return Membership.objects.filter(
        organization=OuterRef("organization"), user=OuterRef("user"), is_active=True, user__is_active=True
    )


def _side_by_side(found: Iterable[tuple[UUID, UUID]]) -> list[UUID]:
    """One of each registration in turn: a slow provider keeps the grants of others waiting as little as can be."""
    by_client: dict[UUID, list[UUID]] = {}
    for client_id, grant_id in found:
        by_client.setdefault(client_id, []).append(grant_id)
    return [one for one in chain.from_iterable(zip_longest(*by_client.values())) if one is not None]


def _renew(grant_id: UUID, ends_at: float) -> bool:
    if time.monotonic() > ends_at:
        return False
    try:
        good_grant(grant_id, Wanted(ahead=AHEAD), wait_seconds=0)
    except (VaultError, OAuthGrant.DoesNotExist):
        pass  # what became of it is in its row
    except Exception:  # one grant must not keep the others from being renewed
        log.exception("Could not renew the connection %s", grant_id)
    finally:
        if not connection.in_atomic_block:
            connection.close()
    return True
