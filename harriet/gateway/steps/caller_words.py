"""What whoever calls hears of a server's failure: what happened, what they can do themselves, or else who can mend it.

Addresses of servers, statuses and how a connector is set up are for those who look after it: they stand in the log and
on the connector's page.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.conf import settings

from connectors.access.facts import ConnectorRow
from connectors.errors import (
    FOUND_NOTHING,
    UpstreamBusy,
    UpstreamDown,
    UpstreamError,
    UpstreamOutOfReach,
    UpstreamRefused,
    UpstreamRefusedCredential,
    UpstreamTimeout,
)
from connectors.models import Connector
from harriet.lib.text import excerpt
from vault.errors import (
    NeedsConsent,
    NeedsOperator,
    NeedsOperatorForOne,
    NeedsScopes,
    NeedsSignIn,
    ScopesLacking,
    TokenProblem,
    VaultError,
)
from vault.oauth.step_up import AGAIN, BARRED, GRANTED, NOT_GIVEN, SHARED

ASK_IT = "You can't mend this yourself: show this message to your IT team."
HAVE_BEEN_TOLD = "Those who look after {} have been told."
"""Said only where the database says so."""
LATER = "Nothing was sent; try again later."
_OWN_REFUSED = "{} did not accept the account that you connected, or it may not do this."
_CONNECT = "Look at it in Harriet under Your connections."
_AND_NOBODY_ELSE = "You can't mend this yourself. "
_STATUS = re.compile(r" \(\d{3}\)")


def for_caller(problem: BaseException, connector: ConnectorRow, *, is_of_person: bool = False) -> str:
    """Sentences that end before it is said what became of the call. `is_of_person`: it was made with an account of
    the caller's own."""
    if isinstance(problem, TokenProblem):
        return _no_token(problem, connector)
    if is_of_person and isinstance(problem, UpstreamRefusedCredential):
        return " ".join(part for part in (_OWN_REFUSED.format(connector.name), problem.words, _CONNECT) if part)
    if isinstance(problem, VaultError):
        return f"Harriet can't use the sign-in that is saved for {connector.name}, so nothing was sent. {ASK_IT}"
    if not isinstance(problem, UpstreamError):
        return f"{connector.name} can't be called as it is set up. {ASK_IT}"
    sentences = next(words for kind, words in _BY_KIND if isinstance(problem, kind))
    parts = sentences(problem, connector.name)
    said = _without_address(" ".join(part for part in parts if part), connector)
    if connector.has_told and isinstance(problem, _TOLD_OF.get(connector.health, ())):
        return f"{said.removesuffix(ASK_IT)}{_AND_NOBODY_ELSE if said.endswith(ASK_IT) else ' '}{told_of(connector)}"
    return said


def _no_token(problem: TokenProblem, connector: ConnectorRow) -> str:
    """There was nothing to sign in with, or nothing but what its server had refused without working on the call."""
    if isinstance(problem, ScopesLacking):
        return _LACKING[problem.why].format(
            name=connector.name, scopes=named(problem.scopes), way=way_to_connect(connector), ask_it=ASK_IT
        )
    if isinstance(problem, NeedsConsent):
        return refused_words(problem, connector)
    if isinstance(problem, NeedsOperatorForOne):
        return f"{connector.name} does not renew your access at the moment, so the call was not made. {ASK_IT}"
    if isinstance(problem, NeedsOperator):
        return f"Nobody can sign in at {connector.name} at the moment, so the call was not made. {ASK_IT}"
    return f"{connector.name} gives no access at the moment, so the call was not made. Try again in a moment."


_LACKING = {
    GRANTED: "{name} says that this needs {scopes}, and it refused an account that was given just that. That is a "
    "fault of {name}. The call was not made. {ask_it}",
    BARRED: "{name} wants {scopes} for this, which your organization lets nobody be asked for. The call was not made. "
    "{ask_it}",
    NOT_GIVEN: "{name} wants {scopes} for this. You were asked for it, and it was not allowed there. The call was not "
    "made. To allow it after all, connect your account again at {way} and make the same call again.",
    SHARED: "{name} wants {scopes} for this, which the account that calls are made with lacks. The call was "
    "not made. {ask_it}",
    AGAIN: "{name} wants something else now: {scopes}. The call was not made. Allow it at {way} and make the same call "
    "again.",
}
"""By why nobody is asked for the scopes that a server wants."""


def named(scopes: tuple[str, ...]) -> str:
    return ", ".join(excerpt(one, 60) for one in scopes[:5]) + (
        f" and {len(scopes) - 5} more" if len(scopes) > 5 else ""
    )


class Missing(NamedTuple):
    """What a caller has to do themselves, once, in the words of sentences that go on after them."""

    needs: str
    do: str
    undone: str
    waiting: str


def missing(problem: NeedsConsent, connector: ConnectorRow) -> Missing:
    name = connector.name
    if isinstance(problem, NeedsScopes):
        return Missing(
            f"{name} wants more of your account there for this than was allowed: {named(problem.scopes)}.",
            "allow it",
            "It was not allowed",
            f"Waiting for you to allow more of your account at {name}.",
        )
    if isinstance(problem, NeedsSignIn):
        return Missing(
            f"{name} takes your company sign-in, and Harriet has none of yours that is good.",
            "sign in once by your company's sign-in",
            "You did not sign in",
            "Waiting for you to sign in by your company's sign-in.",
        )
    return Missing(
        f"{name} needs your own account there, so that calls are made as you.",
        "connect it",
        "It was not connected",
        f"Waiting for you to connect your account at {name}.",
    )


def refused_words(problem: NeedsConsent, connector: ConnectorRow) -> str:
    needs, do, *_ = missing(problem, connector)
    there = f"at {way_to_connect(connector)} and make the same call again."
    return f"{needs} The call was not made. {do[0].upper()}{do[1:]} {there}"


def way_to_connect(connector: ConnectorRow) -> str:
    """Their own page, whoever opens it: it names nobody, and proves nothing."""
    return f"{settings.BASE_URL}/me/connections/{connector.id}/"


def told_of(connector: ConnectorRow) -> str:
    return HAVE_BEEN_TOLD.format(connector.name)


def _refused_credential(problem: UpstreamError, name: str) -> tuple[str, ...]:
    return f"{name} did not accept the sign-in that your organization uses with it.", problem.words, ASK_IT


def _out_of_reach(problem: UpstreamError, name: str) -> tuple[str, ...]:
    return f"Harriet may not connect to {name} at the address that is set up for it, so nothing was sent.", ASK_IT


def _busy(problem: UpstreamError, name: str) -> tuple[str, ...]:
    return f"{name} says that it is asked too often.", problem.words, problem.wait


def _down(problem: UpstreamError, name: str) -> tuple[str, ...]:
    if not problem.may_have_run:
        return f"{name} can't be reached at the moment.", problem.words, problem.wait or LATER
    what = "says that it can't work on this now" if problem.is_refusal else "failed while it worked on this"
    return f"{name} {what}.", problem.words, problem.wait


def _late(problem: UpstreamError, name: str) -> tuple[str, ...]:
    return (f"{name} did not answer in time.", "" if problem.may_have_run else LATER)


def _refused(problem: UpstreamError, name: str) -> tuple[str, ...]:
    lead = f"{name} refused the request."
    if problem.words or problem.wait:
        return lead, problem.words, problem.wait
    why = "Perhaps it has moved." if problem.status in FOUND_NOTHING else "It doesn't say why."
    return lead, why, ASK_IT


def _broken(problem: UpstreamError, name: str) -> tuple[str, ...]:
    return _STATUS.sub("", problem.lead), problem.words, f"That is a fault of {name}, or of how it is set up. {ASK_IT}"


_BY_KIND: tuple[tuple[type[UpstreamError], Callable[[Any, str], tuple[str, ...]]], ...] = (
    (UpstreamRefusedCredential, _refused_credential),
    (UpstreamOutOfReach, _out_of_reach),
    (UpstreamBusy, _busy),
    (UpstreamDown, _down),
    (UpstreamTimeout, _late),
    (UpstreamRefused, _refused),
    (UpstreamError, _broken),
)
"""The first that fits says it."""
_TOLD_OF: dict[str, type[UpstreamError]] = {
    Connector.Health.NEEDS_ADMIN: UpstreamRefusedCredential,
    Connector.Health.DOWN: UpstreamDown,
}
"""What those who look after a connector are told of."""


def _without_address(text: str, connector: ConnectorRow) -> str:
    """A server is called by the connector's name: where it is, is nobody's business out there."""
    host = urlsplit(connector.url).hostname
    if not host:
        return text
    return re.sub(rf"(?:The server at )?(?<![\w.-]){re.escape(host)}(?![\w-])(?::\d+)?", lambda _: connector.name, text)
