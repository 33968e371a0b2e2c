"""What became of a renewal, put into the row by whoever had the lease; and who is told of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse

from audit.actor import SYSTEM
from audit.record import record
from audit.vocabulary.declaration import AuditEvent
from harriet.lib.database_clock import database_now
from harriet.people.actions.settle_matter import settle_matters
from harriet.people.actions.tell_people import tell_people
from harriet.people.notifications.kinds import CONNECT_AGAIN, CREDENTIAL_REFUSED, Matter
from harriet.people.notifications.recipients import active_here, who_look_after
from vault.events import (
    OAuthClientMended,
    OAuthClientRefused,
    OAuthConsentNeeded,
    OAuthOutcomeUnknown,
    OAuthScopesNarrowed,
)
from vault.locks import share_active_key
from vault.models import OAuthClient, OAuthGrant
from vault.oauth.answers import Failure
from vault.oauth.error_codes import OF_ONE_GRANT, Kind
from vault.oauth.grants import matter_key
from vault.oauth.lease import OUTCOME_UNKNOWN, Lease, can_be_renewed, is_over
from vault.oauth.lifetimes import pause_after
from vault.oauth.renewed import RENEWED, Renewed, resealed
from vault.oauth.shared import page_of_shared
from vault.open import opener_for

RenewedBy = OAuthGrant.RenewedBy

LONGEST_SHARED_PAUSE = timedelta(seconds=30)
"""That one grant's failure keeps the others of its registration from asking, unless the provider said a time: what
fails may be this one alone."""
OPERATOR_PAUSE = timedelta(minutes=5)
"""Between two tries while an admin has to mend something."""
LONG = timedelta(days=1)
"""For which a token has been over while its renewal fails in ways that pass by themselves: admins are told."""
LATELY = timedelta(hours=2)
"""In which a registration that works renews some grant or other: most tokens live an hour."""
EXPIRED = "expired"
"""The reason of a grant that nothing could renew."""
_REFUSED = "is no longer accepted by the provider"
_LOST = "was interrupted while Harriet renewed it, and what came of that is not known"
_ENDED = "has ended, and the provider gave nothing to renew it with"
_TURNED_DOWN = "is no longer accepted by the service"
"""After the connection, or the account, that it is said of."""


@transaction.atomic(durable=True)
def keep_renewed(grant: OAuthGrant, renewed: Renewed, lease: Lease | None) -> bool:
    """Compare-and-set on the generation, and on the lease for whoever has one; False when either moved meanwhile. The
    data key that seals it stays until this is committed. Raises CannotOpen."""
    if share_active_key(grant.organization_id).version != renewed.key_version:
        renewed = resealed(grant, renewed, opener_for(grant.organization_id))
    mine = OAuthGrant.objects.filter(pk=grant.pk, generation=grant.generation, state=OAuthGrant.State.ACTIVE)
    if lease is not None:
        mine = mine.filter(lease_owner=lease.owner)
    if not mine.update(**renewed.columns()):
        return False
    _note_narrower(grant, renewed)
    if grant.failures:
        settle_matters(grant.organization_id, _long_key(grant))
    marked = OAuthClient.objects.filter(pk=grant.client_id).exclude(problem="", retry_at__isnull=True)
    for client in marked.select_for_update():
        _mended(client)
    return True


def _note_narrower(grant: OAuthGrant, renewed: Renewed) -> None:
    missing = [scope for scope in grant.scopes.split() if scope not in renewed.scopes.split()]
    if missing:
        narrowed = OAuthScopesNarrowed(
            provider=grant.client.name,
            registration=str(grant.client_id),
            grant=str(grant.pk),
            whose=whose(grant),
            missing=" ".join(missing),
        )
        _record(grant.client, narrowed)


def _mended(client: OAuthClient) -> None:
    """The provider works again, for everybody."""
    had_problem = bool(client.problem)
    client.problem, client.problem_at, client.retry_at = "", None, None
    client.save(update_fields=["problem", "problem_at", "retry_at"])
    if had_problem:
        settle_matters(client.organization_id, client_matter_key(client))
        _record(client, OAuthClientMended(provider=client.name, registration=str(client.pk)))


@transaction.atomic(durable=True)
def note_failure(lease: Lease, failure: Failure) -> None:
    """The lease ends. Nothing when the row moved on meanwhile: another process knows better."""
    rows = OAuthGrant.objects.select_for_update(of=("self",)).select_related("client", "user")
    mine = rows.filter(pk=lease.grant.pk, generation=lease.grant.generation, lease_owner=lease.owner)
    grant = mine.first()
    if grant is None:
        return
    now = database_now()
    grant.lease_owner = grant.lease_until = None
    grant.answered_at, grant.last_answer = now, failure.words[:200]
    grant.failures = min(grant.failures + 1, 1000)
    if failure.kind is Kind.USER and grant.user_id is not None and grant.renewed_by == RenewedBy.JWT_BEARER:
        _ask_admin_about(grant, failure, now)
    elif failure.kind is Kind.USER and (grant.user_id is not None or grant.renewed_by == RenewedBy.REFRESH_TOKEN):
        is_lost = lease.is_second_try and grant.renewed_by == RenewedBy.REFRESH_TOKEN
        _ask_person(grant, failure.code, _LOST if is_lost else _REFUSED, is_lost=is_lost)
    elif failure.kind is Kind.TRANSIENT:
        _try_later(grant, failure, now)
    elif failure.code in OF_ONE_GRANT and _others_go_on(grant, now):
        _ask_admin_about_some(grant, failure, now)
    else:
        _ask_operator(grant, failure, now)
    grant.save()


def _try_later(grant: OAuthGrant, failure: Failure, now: datetime) -> None:
    pause = pause_after(grant.failures, failure.retry_after)
    grant.next_refresh_at = now + pause
    if failure.is_outcome_open and grant.renewed_by == RenewedBy.REFRESH_TOKEN:
        grant.state_reason = OUTCOME_UNKNOWN
    elif grant.state_reason != OUTCOME_UNKNOWN:
        grant.state_reason = ""
    if grant.access_expires_at is not None and grant.access_expires_at <= now - LONG:
        _tell_of_long_failure(grant, failure)
    if failure.is_endpoint_wide:
        shared = pause if failure.retry_after is not None else min(pause, LONGEST_SHARED_PAUSE)
        OAuthClient.objects.filter(pk=grant.client_id).update(retry_at=now + shared)


def _tell_of_long_failure(grant: OAuthGrant, failure: Failure) -> None:
    """It may never be over by itself, and nobody else notices: once for all of a registration."""
    text = (
        f"{grant.client.name} has renewed a connection no more for over a day: {failure.words} It is tried again by "
        "itself. Ask the provider, or let its person connect again."
    )
    hear = who_look_after(grant.organization_id, grant.client.created_by_id)
    path = reverse("vault:grant", args=[grant.pk])
    tell_people(Matter(CREDENTIAL_REFUSED, grant.organization_id, _long_key(grant), text, path), hear)


def _long_key(grant: OAuthGrant) -> str:
    return f"{client_matter_key(grant.client)}long"


def _ask_admin_about(grant: OAuthGrant, failure: Failure, now: datetime) -> None:
    """A service account may not act for this one person: no consent of theirs mends that, nor is anybody else hit."""
    _wait_for_admin(grant, failure, now)
    text = (
        f"{grant.client.name} gives the service account no token to act as {grant.account}: {failure.words} Look at "
        "its key, and at whom the provider’s administrator lets it act for. Others are not affected."
    )
    hear = who_look_after(grant.organization_id, grant.client.created_by_id)
    key, path = f"{matter_key(grant)}{failure.code}", reverse("vault:grant", args=[grant.pk])
    tell_people(Matter(CREDENTIAL_REFUSED, grant.organization_id, key, text, path), hear)


def _others_go_on(grant: OAuthGrant, now: datetime) -> bool:
    """What is refused here was taken lately for another grant of the registration, so that is not at fault."""
    others = OAuthGrant.objects.filter(client=grant.client_id, state=OAuthGrant.State.ACTIVE, failures=0)
    alike = others.filter(renewed_by=grant.renewed_by, last_answer__startswith=RENEWED).exclude(pk=grant.pk)
    return alike.filter(answered_at__gt=now - LATELY).exists()


def _ask_admin_about_some(grant: OAuthGrant, failure: Failure, now: datetime) -> None:
    """The others are renewed, and go on being so. Admins are told once, however many it meets."""
    _wait_for_admin(grant, failure, now)
    text = (
        f"{grant.client.name} refuses to renew some of its connections: {failure.words} Others are renewed as before. "
        "The list says which; nobody has to connect again until it is known why."
    )
    hear = who_look_after(grant.organization_id, grant.client.created_by_id)
    key, path = f"{client_matter_key(grant.client)}some {failure.code}", reverse("vault:grants")
    tell_people(Matter(CREDENTIAL_REFUSED, grant.organization_id, key, text, path), hear)


def _wait_for_admin(grant: OAuthGrant, failure: Failure, now: datetime) -> None:
    grant.next_refresh_at = now + OPERATOR_PAUSE
    if grant.state_reason != OUTCOME_UNKNOWN:  # whether the refresh token was spent is still not known then
        grant.state_reason = failure.code


def _ask_operator(grant: OAuthGrant, failure: Failure, now: datetime) -> None:
    """The registration is at fault, and no grant: they are good again when it is mended."""
    client = OAuthClient.objects.select_for_update().get(pk=grant.client_id)
    grant.next_refresh_at = now + OPERATOR_PAUSE
    is_news = client.problem != failure.words
    client.problem, client.retry_at = failure.words[:300], now + OPERATOR_PAUSE
    client.problem_at = now if is_news or client.problem_at is None else client.problem_at
    client.save(update_fields=["problem", "problem_at", "retry_at"])
    if not is_news:
        return
    _record(client, OAuthClientRefused(provider=client.name, registration=str(client.pk), reason=failure.code))
    is_exchange = grant.renewed_by == RenewedBy.EXCHANGE
    what = f"Sign-ins can’t be exchanged for {client.name}" if is_exchange else f"{client.name} refuses Harriet itself"
    text = f"{what}: {failure.words} Connections are kept until it is mended."
    hear = who_look_after(client.organization_id, client.created_by_id)
    key = f"{client_matter_key(client)}{failure.code}"
    tell_people(Matter(CREDENTIAL_REFUSED, client.organization_id, key, text, reverse("vault:grants")), hear)


@transaction.atomic(durable=True)
def note_ended(access: OAuthGrant, code: str = EXPIRED) -> None:
    """What nothing renews has ended, or a server says so of its token. Nothing when it was connected anew meanwhile."""
    rows = OAuthGrant.objects.select_for_update(of=("self",)).select_related("client", "user")
    same = rows.filter(pk=access.pk, generation=access.generation, state=OAuthGrant.State.ACTIVE)
    grant = same.first()
    if grant is None or can_be_renewed(grant) or (code == EXPIRED and not is_over(grant, database_now())):
        return
    _ask_person(grant, code, _ENDED if code == EXPIRED else _TURNED_DOWN)
    grant.save()


def _ask_person(grant: OAuthGrant, code: str, why: str, *, is_lost: bool = False) -> None:
    """Nobody but the person can mend it, or an admin where the account is shared. They are told once for these tokens,
    however often something is tried."""
    grant.state = OAuthGrant.State.UNKNOWN if is_lost else OAuthGrant.State.NEEDS_CONSENT
    grant.state_reason = OUTCOME_UNKNOWN if is_lost else code
    grant.next_refresh_at = None
    event = OAuthOutcomeUnknown if is_lost else OAuthConsentNeeded
    lost = event(
        provider=grant.client.name,
        registration=str(grant.client_id),
        grant=str(grant.pk),
        whose=whose(grant),
        reason=code,
        generation=grant.generation,
    )
    _record(grant.client, lost)
    if grant.is_sign_in:
        return  # it ends with each day at many providers: the call that needs it says so
    if grant.user_id is None:
        _tell_admins(grant, why)
        return
    text = _text_for_person(grant, why)
    hear = active_here(grant.organization_id).filter(user=grant.user_id).values_list("user_id", flat=True)
    key = f"{matter_key(grant)}{grant.generation}"
    tell_people(Matter(CONNECT_AGAIN, grant.organization_id, key, text, "/me/connections/"), hear)


def _text_for_person(grant: OAuthGrant, why: str) -> str:
    name = grant.client.name
    if grant.renewed_by == OAuthGrant.RenewedBy.EXCHANGE:
        return (
            f"Your company sign-in could not be exchanged for access to {name}. Sign in to Harriet by your company’s "
            "sign-in once more to go on using its tools. If it says so again right after that, show this to your IT "
            "team."
        )
    return f"Your connection to {name} {why}. Connect it again to go on using its tools."


def _tell_admins(grant: OAuthGrant, why: str) -> None:
    text = f"The account that is shared at {grant.client.name} {why}. Sign in with it again: no call is made before."
    hear = who_look_after(grant.organization_id, grant.signed_in_by_id)
    key = f"{matter_key(grant)}{grant.generation}"
    path = page_of_shared(grant)
    tell_people(Matter(CREDENTIAL_REFUSED, grant.organization_id, key, text, path), hear)


def client_matter_key(client: OAuthClient) -> str:
    return f"oauth client {client.pk} "


def whose(grant: OAuthGrant) -> str | None:
    return grant.user.email if grant.user else None


def _record(client: OAuthClient, event: AuditEvent) -> None:
    record(event, organization_id=client.organization_id, actor=SYSTEM)
