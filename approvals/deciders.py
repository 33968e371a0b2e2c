"""Who may decide on a held call, and for everybody else the sentence that says why not.

Nobody decides on a call that they could have made themselves: they asked for it, they made its credential, or they
handed over the link with which whoever asked for it got their account. Nobody decides either with an account that such
a person could be using, or with a right that such a person gave after the call was made.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from approvals.models import PendingAction
from connectors.models import ConnectorPermission
from harriet.people.models import Membership, RightGiven
from harriet.people.permissions import has_power
from harriet.people.roles import Power, Role, roles_with
from harriet.people.sends_mail import sends_mail
from harriet.people.vouching import above, below

APPROVING_ROLES = roles_with(Power.DECIDE_ACTIONS)

OWN = "You asked for this call yourself: somebody else has to decide on it."
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
    """Who asked for it, and who made its credential."""
    vouchers: frozenset[UUID]
    """Who could be using a maker's account: they handed over the link to it, or to the account of whoever did, and no
    mail has reached these addresses."""
    given_since: tuple[RightGiven, ...]
    """Whom anybody let decide after the call was made."""

    @property
    def everybody(self) -> set[UUID]:
        """With those as whom the makers could act."""
        return below(self.makers) | self.makers | self.vouchers


def side_of(action: PendingAction) -> Side:
    """Reads who could have made the call, and whom anybody let decide since."""
    made_by = action.token.created_by_id if action.token else None
    makers = {id for id in (action.user_id, made_by) if id is not None}
    given = RightGiven.objects.filter(organization=action.organization_id, at__gt=action.created_at)
    return Side(frozenset(makers), frozenset(above(makers)), tuple(given.select_related("by")))


def approvers_of(action: PendingAction) -> QuerySet[Membership]:
    """Everyone who may decide on the action now."""
    side = side_of(action)
    may = [membership.pk for membership in _approving(action) if not _conflict(action, side, membership)]
    return Membership.objects.filter(pk__in=may).select_related("user")


def refusal(action: PendingAction, membership: Membership) -> str:
    """Why this person may not decide on the action; empty when they may."""
    if conflict := _conflict(action, side_of(action), membership):
        return conflict
    return "" if _approving(action).filter(pk=membership.pk).exists() else NO_APPROVER


def decided_by_others(membership: Membership) -> Q:
    """The actions on which this person may not decide because of who made them, as a filter for lists. What was given
    after the call was made is left to the ticket's page."""
    mine = {membership.user_id}
    vouchers = above(mine)
    side = mine | vouchers | below(mine | vouchers - _owners_among(membership.organization_id, vouchers))
    return Q(user__in=side) | Q(token__created_by__in=side)


def _approving(action: PendingAction) -> QuerySet[Membership]:
    """Whoever has the right, by role or by a group that decides for the connector."""
    people = Membership.objects.filter(organization=action.organization_id, is_active=True, user__is_active=True)
    return people.filter(Q(role__in=APPROVING_ROLES) | Q(_by_group(action))).select_related("user")


def _by_group(action: PendingAction) -> Exists:
    return Exists(
        Membership.groups.through.objects.filter(
            membership=OuterRef("pk"),
            group__connector_permissions__content_object=action.connector_id,
            group__connector_permissions__permission__codename=ConnectorPermission.APPROVE,
        )
    )


def _conflict(action: PendingAction, side: Side, membership: Membership) -> str:
    user = membership.user
    if user.pk == action.user_id:
        return OWN
    if user.pk in side.makers:
        return ISSUED
    if user.pk in side.vouchers:
        return (
            "You handed over the link with which the account that made this call was set up, so it could be you. "
            f"Somebody else decides, until the account's owner has proved the address by mail{_by_mail()}."
        )
    if _could_be_used_by_side(membership, side):
        return (
            f"{user.vouched_by} handed over the link to your account, and could have made this call or be somebody who "
            f"could, so your decision would prove nothing yet, until you have proved your address by mail{_by_mail()}."
        )
    return _given_by_side(action, side, membership)


def _by_mail() -> str:
    """How that is done, or that it can't be done here."""
    return " (sign out, choose “Forgot password” and use it)" if sends_mail() else ", for which there is no mail server"


def _could_be_used_by_side(membership: Membership, side: Side) -> bool:
    """An owner may hand over two links, one to who asks and one to who decides: without mail nobody else can, and an
    owner could switch the approval off as well. Nobody else may."""
    vouchers = set() if membership.user.is_proven else above({membership.user_id})
    shared = vouchers & side.vouchers
    return bool(vouchers & side.makers or shared - _owners_among(membership.organization_id, shared))


def _given_by_side(action: PendingAction, side: Side, membership: Membership) -> str:
    """The right was given after the call was made, by somebody who could have made it, or by oneself."""
    ways = {(RightGiven.Way.ROLE.value, membership.user_id)}
    if not has_power(membership, Power.DECIDE_ACTIONS):
        ways = {
            (RightGiven.Way.GROUP.value, membership.user_id),
            (RightGiven.Way.CONNECTOR.value, action.connector_id),
        }
    giving = [row for row in side.given_since if (row.way, row.to_id) in ways]
    suspects = side.everybody | {membership.user_id} if giving else set()
    given = next((row for row in giving if row.by_id in suspects), None)
    if given is None:
        return ""
    return (
        f"{given.by} let you decide only after this call was made, and could have made it, so somebody else decides. "
        "Calls that are asked for from now on are yours to decide."
    )


def _owners_among(organization_id: UUID, user_ids: set[UUID]) -> set[UUID]:
    owners = Membership.objects.filter(organization=organization_id, role=Role.OWNER, is_active=True)
    return set(owners.filter(user__in=user_ids).values_list("user_id", flat=True)) if user_ids else set()
