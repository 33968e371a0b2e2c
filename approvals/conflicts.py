"""Why somebody does not decide on a held call: they could have made it, or have spoken for it already.

Nobody decides on a call that they could have made themselves: they asked for it, they made its credential, they answer
for the agent that made it, or they handed over the link with which whoever asked for it got their account. Nobody
decides either with an account that such a person could be using, or with a right that such a person gave after the call
was made. The one exception is a connector on whose calls whoever asked decides, in the browser: never on a dangerous
one.

Where two people decide, the same holds between the two: neither could be the other, or has the right from the other
since. And whoever changed a call that needs a decision again is not the one who takes it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from approvals.models import PendingAction
from approvals.sides import Side, Spoken, owner_of_agent, sides_of, spoken_of, spoken_sides
from connectors.definitions.risk import is_lower
from connectors.models import Connector, Risk
from harriet.people.models import Membership, RightGiven
from harriet.people.permissions import has_power
from harriet.people.roles import Power
from harriet.people.sends_mail import sends_mail
from harriet.people.vouching import could_be_used

STRICT = (Risk.DANGEROUS, Risk.UNKNOWN)
"""Whoever asked decides on no call of these classes: nobody knows that an unknown one isn't dangerous."""

OWN = "You asked for this call yourself: somebody else has to decide on it."
OWN_STRICT = (
    "You asked for this call yourself. Here people decide on their own calls, but not on one whose risk is {}: "
    "somebody else has to decide on it."
)
ANSWERS = "You answer for the agent that asked for this call, so somebody else decides on it."
ISSUED = "You issued the credential that made this call, so somebody else decides on it."
REPLIED = "You answered what this run had asked, and it may send your words, so somebody else decides on its calls."
APPROVED_ALREADY = "You approved this call already. A second person decides on it now."
EDITED = "You changed what this call sends, so somebody else decides on it now."


@dataclass(frozen=True, slots=True)
class Matter:
    """A held call with all that is asked about it."""

    action: PendingAction
    side: Side
    spoken: Spoken
    spoken_side: Side | None


def matters_of(actions: Collection[PendingAction]) -> dict[UUID, Matter]:
    """By action, all of one organization; in as many queries for many as for one."""
    sides, spoken = sides_of(actions), spoken_of(actions)
    others = spoken_sides(actions, spoken)
    return {one.pk: Matter(one, sides[one.pk], spoken[one.pk], others.get(one.pk)) for one in actions}


def strict_risk(action: PendingAction) -> str:
    """The class of its tool when it was asked for or the one of now, whichever waits more."""
    now: str = action.tool.risk
    return now if is_lower(action.risk, now) else action.risk


def requester_may(action: PendingAction) -> bool:
    """Whether whoever asked decides on it, too."""
    is_theirs = action.connector.deciders == Connector.Deciders.REQUESTER and action.user_id is not None
    return is_theirs and strict_risk(action) not in STRICT


def own_decider(action: PendingAction) -> UUID | None:
    return action.user_id if requester_may(action) else None


def conflict(matter: Matter, membership: Membership, vouchers: set[UUID]) -> str:
    """They could have made it. `vouchers`: who could be using the person's account."""
    action, side, user = matter.action, matter.side, membership.user
    if user.pk == action.user_id:
        return _own(action)
    if user.pk == owner_of_agent(action):
        return ANSWERS
    if user.pk in side.makers:
        return REPLIED if action.run_step_id else ISSUED
    if user.pk in side.vouchers:
        return (
            "You handed over the link with which the account that made this call was set up, so it could be you. "
            f"Somebody else decides, until the account's owner has proved the address by mail{_by_mail()}."
        )
    if could_be_used(vouchers, side):
        return (
            f"{user.vouched_by} handed over the link to your account, and could have made this call or be somebody who "
            f"could, so your decision would prove nothing yet, until you have proved your address by mail{_by_mail()}."
        )
    given = _given_by(action, side, membership)
    if given is None:
        return ""
    return (
        f"{given.by} let you decide only after this call was made, and could have made it, so somebody else decides. "
        "Calls that are asked for from now on are yours to decide."
    )


def _own(action: PendingAction) -> str:
    if requester_may(action):
        return ""
    if action.connector.deciders != Connector.Deciders.REQUESTER:
        return OWN
    return OWN_STRICT.format(Risk(strict_risk(action)).label.lower())


def said_already(matter: Matter, membership: Membership, vouchers: set[UUID]) -> str:
    """They decided on it first, or could be who did; or they changed it."""
    spoken, side, user = matter.spoken, matter.spoken_side, membership.user
    if side is None:
        return ""
    if user.pk in spoken.approved:
        return APPROVED_ALREADY
    if user.pk == spoken.editor:
        return EDITED
    if user.pk in side.vouchers or could_be_used(vouchers, side):
        return (
            "Somebody decided on this call or changed it before, with an account whose link you could have had, or "
            "whose owner could have had the link to yours: you could be one person. Somebody else decides, until "
            f"these addresses are proved by mail{_by_mail()}."
        )
    given = _given_by(matter.action, side, membership)
    if given is None or given.by_id == user.pk:
        return ""
    return (
        f"{given.by} let you decide only after this call was made, and has spoken for it already, so somebody else is "
        "the second. Calls that are asked for from now on are yours to decide."
    )


def _by_mail() -> str:
    """How that is done, or that it can't be done here."""
    return " (sign out, choose “Forgot password” and use it)" if sends_mail() else ", for which there is no mail server"


def _given_by(action: PendingAction, side: Side, membership: Membership) -> RightGiven | None:
    """The right, when it was given after the call was made by somebody of this side, or by oneself. Whoever decides on
    their own call needs none."""
    if own_decider(action) == membership.user_id:
        return None
    ways = {(RightGiven.Way.ROLE.value, membership.user_id)}
    if not has_power(membership, Power.DECIDE_ACTIONS):
        ways = {
            (RightGiven.Way.GROUP.value, membership.user_id),
            (RightGiven.Way.CONNECTOR.value, action.connector_id),
        }
    giving = [row for row in side.given_since if (row.way, row.to_id) in ways]
    return next((row for row in giving if row.by_id in side.everybody | {membership.user_id}), None)
