"""The state of somebody's connection to a service, in words for them: what it is, and what they can do."""

from __future__ import annotations

from typing import NamedTuple

from connectors.accounts import Account
from vault.models import OAuthGrant

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
        "attention", "Your IT team has to look", "You have nothing to do: the service refuses Harriet itself.", ""
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
    return _NEW if account.grant is None else _STANDINGS[State(account.grant.state)]
