"""The state of somebody's connection to a service, in words for them: what it is, and what they can do."""

from __future__ import annotations

from typing import NamedTuple

from django.utils import timezone

from connectors.accounts import Account
from vault.models import OAuthGrant
from vault.oauth.lease import can_be_renewed, is_over, waits_for_operator

State = OAuthGrant.State


class Standing(NamedTuple):
    kind: str
    """Its hue."""
    word: str
    sentence: str
    button: str
    """What leads to the provider; empty where that would mend nothing."""


_NEW = Standing("attention", "Not connected", "Calls to it are not made before you connect an account.", "Connect")
_STANDINGS = {
    State.ACTIVE: Standing("ok", "Connected", "", "Reconnect"),
    State.NEEDS_CONSENT: Standing(
        "attention",
        "Has to be connected again",
        "The service no longer accepts the connection that you gave. Calls to it are not made until you connect again.",
        "Connect again",
    ),
    State.NEEDS_OPERATOR: Standing(
        "attention",
        "Your IT team has to look",
        "You have nothing to do: the service gives Harriet no new access, and your IT team has been told.",
        "",
    ),
    State.UNKNOWN: Standing(
        "attention",
        "Has to be connected again",
        "Harriet asked the service to renew the connection, and its answer was lost. Connect again to be sure.",
        "Connect again",
    ),
    State.REVOKED: Standing(
        "neutral", "Disconnected", "Calls to it are not made before you connect an account again.", "Connect"
    ),
}


_NOT_NOW = Standing(
    "attention",
    "No access at the moment",
    "The service gives no new access at the moment, and calls wait for that. Harriet asks again by itself.",
    "Reconnect",
)
_MORE = Standing(
    "attention",
    "More is wanted",
    "Calls are made with your account. For some of its tools the service wants more than was allowed.",
    "Allow more",
)
_BY_SIGN_IN = Standing(
    "ok", "Signed in", "Calls are made with your company’s sign-in. There is nothing to connect.", ""
)
_NO_SIGN_IN = Standing(
    "attention",
    "Sign in once",
    "Calls are made with your company’s sign-in, and Harriet has none of yours that is good. They are not made before "
    "you sign in by it again.",
    "Sign in",
)


def standing_of(account: Account) -> Standing:
    if account.is_by_sign_in:
        return _BY_SIGN_IN if account.has_sign_in else _NO_SIGN_IN
    if account.needed:
        return _MORE
    if account.grant is None:
        return _NEW
    if account.grant.state == State.ACTIVE and is_over(account.grant, timezone.now()):
        return _without_token(account.grant)
    return _STANDINGS[State(account.grant.state)]


def _without_token(grant: OAuthGrant) -> Standing:
    """What it was given has ended: that is how a person meets whatever keeps it from being renewed."""
    if not can_be_renewed(grant):
        return _STANDINGS[State.NEEDS_CONSENT]
    if waits_for_operator(grant):
        return _STANDINGS[State.NEEDS_OPERATOR]
    return _NOT_NOW if grant.failures else _STANDINGS[State.ACTIVE]
