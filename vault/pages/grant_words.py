"""What the pages say about one grant: its state, what it means and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from vault.models import OAuthGrant
from vault.oauth.lease import can_be_renewed, waits_for_operator
from vault.oauth.lifetimes import NO_END

State = OAuthGrant.State


@dataclass(frozen=True, slots=True)
class GrantWords:
    kind: str
    """A status of the pages: ok, attention, danger, neutral."""
    word: str
    meaning: str
    """A sentence or two: what it means, and who can do something."""


def whose_of(grant: OAuthGrant) -> str:
    """Who can connect it again."""
    return "Its person" if grant.user_id else "An IT admin"


def words_of(grant: OAuthGrant, now: datetime) -> GrantWords:
    whose = whose_of(grant)
    if grant.state == State.REVOKED:
        return GrantWords("neutral", "Disconnected", f"Its tokens are erased here. {whose} can connect it again.")
    if grant.state == State.UNKNOWN:
        return GrantWords(
            "attention",
            "Outcome unknown",
            "A renewal was interrupted after it had been asked for, and the tokens from before are refused now. "
            f"{whose} has to connect it again.",
        )
    if grant.state != State.ACTIVE and grant.is_sign_in:
        return GrantWords(
            "attention",
            "Has to sign in again",
            f"The provider renews the sign-in no more ({grant.state_reason or 'no reason said'}). The next call of its "
            "person that needs it says so.",
        )
    if grant.state != State.ACTIVE:
        return GrantWords(
            "attention",
            "Has to be connected again",
            f"The provider refuses it ({grant.state_reason or 'no reason said'}). {whose} has been told.",
        )
    return _active(grant, now)


def _active(grant: OAuthGrant, now: datetime) -> GrantWords:
    if grant.client.problem:
        return GrantWords(
            "danger",
            "Needs an admin",
            f"{grant.client.problem} The grant is kept, and good again once the registration is mended.",
        )
    is_over = grant.access_expires_at is None or grant.access_expires_at <= now
    if grant.failures and waits_for_operator(grant):
        return GrantWords(
            "danger",
            "Needs an admin",
            f"{grant.last_answer} Look at what is asked for here (scopes, resource, key), and at what the provider "
            "allows this account. The grant is kept, and tried again by itself.",
        )
    if grant.failures:
        until = "calls can't be made with it at the moment" if is_over else "calls go on with the token that there is"
        return GrantWords("attention", "Renewal fails", f"{until.capitalize()}; it is tried again by itself.")
    if is_over and grant.next_refresh_at is None and grant.sealed_access is not None:
        return GrantWords(
            "attention",
            "Has ended",
            "The provider gave nothing to renew it with, so it has to be connected again when it is needed.",
        )
    if not can_be_renewed(grant):
        until = "a server refuses it" if grant.access_expires_at == NO_END else "it ends, or a server refuses it"
        how = f"The provider gave nothing to renew it with, so it is used until {until}. {whose_of(grant)} connects it "
        return GrantWords("ok", "Connected", f"{how}again then.")
    if grant.renewed_by == OAuthGrant.RenewedBy.EXCHANGE:
        how = "It is the person’s company sign-in, exchanged, and is exchanged anew when a call of theirs needs it."
        return GrantWords("ok", "Connected", how)
    if grant.is_sign_in:
        return GrantWords("ok", "Signed in", "It is the person’s company sign-in, renewed for servers that take it.")
    return GrantWords("ok", "Connected", "It is renewed by itself.")
