"""Renews a grant's tokens: one process at a time, without losing what the provider gave, however it is interrupted.

    look      one transaction: good? somebody at it? left in a spool file? else take the lease, and commit
    ask       the provider, once, with a deadline shorter than the lease; no database connection is held
    spool     what came, sealed, onto the disk: from here on no crash loses it
    keep      one transaction: into the row, if generation and lease are as they were; then the file goes

A crash between the provider's answer and the spool is the one window that nothing closes: whoever comes next finds the
lease run out and no file. The old refresh token is then tried once more, because a crash before the request looks the
same, and because many providers forgive a repetition; where it is refused, the grant says `outcome unknown`.
"""

from __future__ import annotations

import logging
import random
import time
from uuid import UUID

from django.db import DatabaseError

from vault.errors import CannotOpen
from vault.models import OAuthGrant
from vault.oauth.answers import Failure, TokenAnswer
from vault.oauth.error_codes import Kind
from vault.oauth.exchange import DEADLINE_SECONDS, Parameters, give_connection_back, prepared, send
from vault.oauth.given_back import give_back
from vault.oauth.lease import LEASE_SECONDS, Good, Held, Lease, Over, Spooled, Wanted, look, needs_consent, not_now
from vault.oauth.outcomes import EXPIRED, keep_renewed, note_ended, note_failure
from vault.oauth.renewal import renewal_of, taken
from vault.oauth.renewed import Renewed, renewed_of
from vault.oauth.sealing import refresh_token
from vault.oauth.spool import spool, spooled, unspool
from vault.open import Opener, opener_for

SAFETY_SECONDS = 5.0
"""Of a lease, in which an answer is made safe."""
_FIRST_LOOK, _LAST_LOOK = 0.02, 0.25
"""Seconds between two looks at a grant that somebody else renews."""
_TRIES = 4
"""To put into the row what is safe in a file already."""
MOST_RENEWALS = 2
"""For one caller: tokens that are over before they could be used are not asked for again and again."""
_GOOD = Wanted()
_UNREADABLE = Failure(Kind.USER, "unreadable", "What was stored of the connection can't be read any more.")
_TOO_SHORT = Failure(Kind.TRANSIENT, "too_short", "The provider's tokens end before they can be used.")
_TOO_LATE = Failure(Kind.TRANSIENT, "too_late", "Harriet was too busy to ask the provider in time. Nothing was sent.")
log = logging.getLogger(__name__)


def good_grant(grant_id: UUID, wanted: Wanted, *, wait_seconds: float = LEASE_SECONDS) -> OAuthGrant:
    """The grant with an access token that can be used. Waits for whoever renews it, and renews it when nobody does.

    Raises TokenProblem when there is no token and no way to one now, and OAuthGrant.DoesNotExist.
    """
    ends_at, pause, renewals = time.monotonic() + wait_seconds, _FIRST_LOOK, 0
    while True:
        found = look(grant_id, wanted)
        if isinstance(found, Good):
            return found.grant
        if isinstance(found, Held):
            pause = _wait(grant_id, pause, ends_at)
        elif isinstance(found, Spooled):
            _bring_in(found.grant)
        elif isinstance(found, Over):
            note_ended(found.grant)
            raise needs_consent(found.grant, reason=EXPIRED)
        elif renewals == MOST_RENEWALS:
            note_failure(found, _TOO_SHORT)
            raise not_now(found.grant)
        else:
            wanted, renewals = _renew(found, wanted), renewals + 1


def _wait(grant_id: UUID, pause: float, ends_at: float) -> float:
    """The next pause. Raises NotNow when the time is over."""
    if time.monotonic() + pause > ends_at:
        raise not_now(OAuthGrant.objects.select_related("client").get(pk=grant_id))
    give_connection_back()
    time.sleep(pause * random.uniform(0.5, 1))  # noqa: S311  # no secret
    return min(pause * 1.6, _LAST_LOOK)


def _bring_in(grant: OAuthGrant) -> None:
    """What somebody got before they ended. A file that doesn't open is of no use to anybody."""
    renewed = spooled(grant, opener_for(grant.organization_id))
    if renewed is not None:
        keep_renewed(grant, renewed, None)
    unspool(grant.pk, grant.generation)


def _renew(lease: Lease, wanted: Wanted) -> Wanted:
    """Whatever becomes of it is in the row afterwards. What was asked for on a page is done then."""
    began = time.monotonic()
    opener = opener_for(lease.grant.organization_id)
    try:
        old, parameters = refresh_token(lease.grant, opener), renewal_of(lease.grant, opener)
    except CannotOpen:
        note_failure(lease, _UNREADABLE)
        return _GOOD
    answer = parameters if isinstance(parameters, Failure) else _asked(lease, parameters, began)
    if isinstance(answer, TokenAnswer):
        renewed = renewed_of(lease.grant, answer, opener, began=lease.began, old_refresh=old)
        _make_safe(lease, renewed, opener)
        if not _keep(lease, renewed):
            give_back(lease.grant, answer)
    elif answer.kind is not Kind.USER or not _was_brought_meanwhile(lease, opener):
        note_failure(lease, answer)
    return Wanted(wanted.rejected_generation)


def _asked(lease: Lease, parameters: Parameters, began: float) -> TokenAnswer | Failure:
    """Once, and not at all when so much of the lease is over that its answer might come too late."""
    ready = prepared(lease.grant.client)
    if isinstance(ready, Failure):
        return ready
    left = LEASE_SECONDS - SAFETY_SECONDS - (time.monotonic() - began)
    if left <= 0:
        return _TOO_LATE
    give_connection_back()
    return taken(lease.grant, send(ready, parameters, deadline=min(DEADLINE_SECONDS, left)))


def _make_safe(lease: Lease, renewed: Renewed, opener: Opener) -> None:
    """A full disk keeps nobody from being renewed: the row is tried all the same."""
    try:
        spool(lease.grant, renewed, opener)
    except OSError:
        log.exception("The folder of spool files can't be written. A crash at this moment would lose a connection.")


def _keep(lease: Lease, renewed: Renewed) -> bool:
    """False when the grant moved on meanwhile. Raises NotNow when the database is away: whoever comes next finds the
    file."""
    for number in range(_TRIES):
        try:
            is_kept = keep_renewed(lease.grant, renewed, lease)
        except DatabaseError:
            log.warning("A renewed connection can't be put into the database yet; it is safe in a file.", exc_info=True)
            give_connection_back()
            time.sleep(0.2 * 2**number)
            continue
        if is_kept:
            unspool(lease.grant.pk, lease.grant.generation)
        return is_kept
    raise not_now(lease.grant)


def _was_brought_meanwhile(lease: Lease, opener: Opener) -> bool:
    """Somebody whose lease had run out came back with an answer after all: that is why ours was refused."""
    brought = spooled(lease.grant, opener)
    return brought is not None and keep_renewed(lease.grant, brought, None)
