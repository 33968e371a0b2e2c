"""Who may decide on a held call, and for everybody else the sentence that says why not.

Nobody decides on a call that they could have made themselves: they asked for it, they made its credential, they answer
for the agent that made it, or they handed over the link with which whoever asked for it got their account. Nobody
decides either with an account that such a person could be using, or with a right that such a person gave after the call
was made.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from approvals.models import PendingAction
from connectors.models import ConnectorPermission
from harriet.people.models import Membership, RightGiven
from harriet.people.permissions import has_power
from harriet.people.roles import Power, Role, roles_with
from harriet.people.sends_mail import sends_mail
from harriet.people.vouching import above, above_each, below, below_each

AT_A_TIME = 200
APPROVING_ROLES = roles_with(Power.DECIDE_ACTIONS)

OWN = "You asked for this call yourself: somebody else has to decide on it."
ANSWERS = "You answer for the agent that asked for this call, so somebody else decides on it."
ISSUED = "You issued the credential that made this call, so somebody else decides on it."
NO_APPROVER = "You are not an approver for this connector. Ask an owner for the role Approver."
NOBODY = (
    "Nobody in this organization can decide on this call: everyone who may decide could have made it themselves. "
    "Make somebody else an approver, and let the call be asked for again."
)


@dataclass(frozen=True, slots=True)
class Side:
    """Everybody who could have made the call."""

    makers: frozenset[UUID]
    """Who asked for it, who made its credential, and who answers for the agent that has it."""
    vouchers: frozenset[UUID]
    """Who could be using a maker's account: they handed over the link to it, or to the account of whoever did, and no
    mail has reached these addresses."""
    owners: frozenset[UUID]
    """The vouchers who are owners."""
    given_since: tuple[RightGiven, ...]
    """Whom anybody let decide after the call was made."""
    everybody: frozenset[UUID]
    """With those as whom the makers could act. Read when something was given."""


def side_of(action: PendingAction) -> Side:
    """Reads who could have made the call, and whom anybody let decide since."""
    return sides_of([action])[action.pk]


def sides_of(actions: Collection[PendingAction]) -> dict[UUID, Side]:
    """By action, all of one organization; in as many queries for many as for one."""
    if not actions:
        return {}
    home = next(iter(actions)).organization_id
    makers = {action.pk: _makers(action) for action in actions}
    given = _given_since(home, actions)
    each = frozenset().union(*makers.values())
    above_them, below_them = above_each(each), below_each(each) if any(given.values()) else {}
    owners = _owners_among(home, set().union(*above_them.values()))
    sides = {}
    for pk, mine in makers.items():
        vouchers = frozenset().union(*(above_them[maker] for maker in mine))
        everybody = mine | vouchers | frozenset().union(*(below_them.get(maker, set()) for maker in mine))
        sides[pk] = Side(mine, vouchers, vouchers & owners, given[pk], everybody)
    return sides


def _makers(action: PendingAction) -> frozenset[UUID]:
    made_by = action.token.created_by_id if action.token else None
    return frozenset(id for id in (action.user_id, made_by, owner_of_agent(action)) if id is not None)


def owner_of_agent(action: PendingAction) -> UUID | None:
    """Who answers for the agent that asked; nobody for what people and shared keys ask."""
    return action.token.agent.owner_id if action.token and action.token.agent else None


def _given_since(home: UUID, actions: Collection[PendingAction]) -> dict[UUID, tuple[RightGiven, ...]]:
    first = min(action.created_at for action in actions)
    given = list(RightGiven.objects.filter(organization=home, at__gt=first).select_related("by"))
    return {action.pk: tuple(row for row in given if row.at > action.created_at) for action in actions}


def approvers_of(action: PendingAction) -> QuerySet[Membership]:
    """Everyone who may decide on the action now."""
    may = [membership.pk for membership in _deciders(action)]
    return Membership.objects.filter(pk__in=may).select_related("user")


def can_anybody_decide(action: PendingAction) -> bool:
    return next(_deciders(action), None) is not None


def refusal(action: PendingAction, membership: Membership) -> str:
    """Why this person may not decide on the action; empty when they may."""
    return refusals([action], membership)[action.pk]


def refusals(actions: Collection[PendingAction], membership: Membership) -> dict[UUID, str]:
    """By action, all of one organization; in as many queries for many as for one."""
    sides, vouchers = sides_of(actions), _vouchers_of([membership])
    allowed = _approved_by(actions, membership)
    return {
        action.pk: _conflict(action, sides[action.pk], membership, vouchers[membership.user_id])
        or ("" if action.pk in allowed else NO_APPROVER)
        for action in actions
    }


def _deciders(action: PendingAction) -> Iterator[Membership]:
    """Some at a time: whoever asks for one gets one."""
    side, people = side_of(action), _approving(action.organization_id, action.connector_id).order_by("pk")
    some = list(people[:AT_A_TIME])
    while some:
        vouchers = _vouchers_of(some)
        yield from (one for one in some if not _conflict(action, side, one, vouchers[one.user_id]))
        some = list(people.filter(pk__gt=some[-1].pk)[:AT_A_TIME]) if len(some) == AT_A_TIME else []


def decided_by_others(membership: Membership) -> Q:
    """The actions on which this person may not decide because of who made them, as a filter for lists. What was given
    after the call was made is left to the ticket's page."""
    mine = {membership.user_id}
    vouchers = above(mine)
    side = mine | vouchers | below(mine | vouchers - _owners_among(membership.organization_id, vouchers))
    return Q(user__in=side) | Q(token__created_by__in=side) | Q(token__agent__owner__in=side)


def _approving(organization_id: UUID | OuterRef, connector_id: UUID | OuterRef) -> QuerySet[Membership]:
    """Whoever has the right, by role or by a group that decides for the connector."""
    people = Membership.objects.filter(organization=organization_id, is_active=True, user__is_active=True)
    by_group = Membership.groups.through.objects.filter(
        membership=OuterRef("pk"),
        group__connector_permissions__content_object=connector_id,
        group__connector_permissions__permission__codename=ConnectorPermission.APPROVE,
    )
    return people.filter(Q(role__in=APPROVING_ROLES) | Q(Exists(by_group))).select_related("user")


def _approved_by(actions: Collection[PendingAction], membership: Membership) -> set[UUID]:
    """The actions on which the person has the right to decide."""
    person = _approving(OuterRef("organization_id"), OuterRef(OuterRef("connector_id"))).filter(pk=membership.pk)
    mine = PendingAction.objects.filter(Exists(person), pk__in=[action.pk for action in actions])
    return set(mine.values_list("pk", flat=True))


def _conflict(action: PendingAction, side: Side, membership: Membership, vouchers: set[UUID]) -> str:
    """`vouchers`: who could be using the person's account."""
    user = membership.user
    if user.pk == action.user_id:
        return OWN
    if user.pk == owner_of_agent(action):
        return ANSWERS
    if user.pk in side.makers:
        return ISSUED
    if user.pk in side.vouchers:
        return (
            "You handed over the link with which the account that made this call was set up, so it could be you. "
            f"Somebody else decides, until the account's owner has proved the address by mail{_by_mail()}."
        )
    if _could_be_used_by_side(vouchers, side):
        return (
            f"{user.vouched_by} handed over the link to your account, and could have made this call or be somebody who "
            f"could, so your decision would prove nothing yet, until you have proved your address by mail{_by_mail()}."
        )
    return _given_by_side(action, side, membership)


def _by_mail() -> str:
    """How that is done, or that it can't be done here."""
    return " (sign out, choose “Forgot password” and use it)" if sends_mail() else ", for which there is no mail server"


def _could_be_used_by_side(vouchers: set[UUID], side: Side) -> bool:
    """An owner may hand over two links, one to who asks and one to who decides: without mail nobody else can, and an
    owner could switch the approval off as well. Nobody else may."""
    return bool(vouchers & side.makers or (vouchers & side.vouchers) - side.owners)


def _vouchers_of(people: Collection[Membership]) -> dict[UUID, set[UUID]]:
    """By account, who could be using it: nobody, of one whose address is proved."""
    handed_over = above_each(one.user_id for one in people if not one.user.is_proven)
    return {one.user_id: handed_over.get(one.user_id, set()) for one in people}


def _given_by_side(action: PendingAction, side: Side, membership: Membership) -> str:
    """The right was given after the call was made, by somebody who could have made it, or by oneself."""
    ways = {(RightGiven.Way.ROLE.value, membership.user_id)}
    if not has_power(membership, Power.DECIDE_ACTIONS):
        ways = {
            (RightGiven.Way.GROUP.value, membership.user_id),
            (RightGiven.Way.CONNECTOR.value, action.connector_id),
        }
    giving = [row for row in side.given_since if (row.way, row.to_id) in ways]
    given = next((row for row in giving if row.by_id in side.everybody | {membership.user_id}), None)
    if given is None:
        return ""
    return (
        f"{given.by} let you decide only after this call was made, and could have made it, so somebody else decides. "
        "Calls that are asked for from now on are yours to decide."
    )


def _owners_among(organization_id: UUID, user_ids: Collection[UUID]) -> set[UUID]:
    owners = Membership.objects.filter(organization=organization_id, role=Role.OWNER, is_active=True)
    return set(owners.filter(user__in=user_ids).values_list("user_id", flat=True)) if user_ids else set()
