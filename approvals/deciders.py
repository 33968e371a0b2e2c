"""Who may decide on a held call, and what else somebody may do with it; each no with the sentence that says why.

Why somebody with the right does not decide all the same is told in `approvals.conflicts`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from approvals.conflicts import STRICT, Matter, conflict, matters_of, own_decider, said_already, strict_risk
from approvals.frozen import frozen_among, why_not_decide
from approvals.models import ActionEdit, Decision, PendingAction, RunStep
from approvals.sides import spoken_of
from connectors.models import Connector, ConnectorPermission, Risk, Tool
from harriet.people.models import Membership
from harriet.people.permissions import has_power
from harriet.people.roles import Power, roles_with
from harriet.people.standing_stops import standing_in
from harriet.people.vouching import above, below, owners_among, vouchers_of

AT_A_TIME = 200
APPROVING_ROLES = roles_with(Power.DECIDE_ACTIONS)

NO_APPROVER = "You are not an approver for this connector. Ask an owner for the role Approver."
NOBODY = (
    "Nobody in this organization can decide on this call: everyone who may decide could have made it themselves. "
    "Make somebody else an approver, and let the call be asked for again."
)
NOBODY_SECOND = (
    "Two people have to approve this call, and this organization has not two who may: everyone else could have made "
    "it, or could be the other one. Make somebody else an approver, and let the call be asked for again."
)
OVER = "This call is decided or over: {}."
ONLY_ASKER = "Only the person who asked for a call, or somebody who manages connectors, withdraws it."
CANNOT_CHANGE = "What is read can't be changed: reject the call, and say what to ask for instead."


@dataclass(frozen=True, slots=True)
class Ways:
    """What one person may do with a held call that they see: empty for what they may, else why not."""

    approve: str
    edit: str
    """Change what it sends, and approve that."""
    reject: str
    comment: str
    claim: str
    hand_over: str
    withdraw: str
    report: str
    needs_fresh_sign_in: bool
    """Approving or changing it takes a sign-in of the last minutes: the call is dangerous."""
    needed: int
    """How many people have to approve it."""
    approved_by: tuple[str, ...]
    """Who has approved it as it is now; of two, the second sees who was the first."""


def ways_of(action: PendingAction, membership: Membership) -> Ways:
    """For somebody who sees the ticket; with the ticket's connector, tool and token."""
    return ways_of_each([action], membership)[action.pk]


def ways_of_each(actions: Collection[PendingAction], membership: Membership) -> dict[UUID, Ways]:
    """By action, all of one organization; in as many queries for many as for one."""
    matters = matters_of(actions)
    reject, approve = _refusals_of(matters, membership)
    return {pk: _ways(one, membership, approve[pk], reject[pk]) for pk, one in matters.items()}


def _ways(matter: Matter, membership: Membership, approve: str, reject: str) -> Ways:
    action = matter.action
    over = over_of(action)
    kind = CANNOT_CHANGE if action.tool.kind == Tool.Kind.RESOURCES else ""
    withdraws = action.user_id == membership.user_id or has_power(membership, Power.MANAGE_CONNECTORS)
    return Ways(
        approve=over or approve,
        edit=over or kind or approve,
        reject=over or reject,
        comment="",
        claim=over or reject,
        hand_over=over or reject,
        withdraw=_too_late(action, membership) or ("" if withdraws else ONLY_ASKER),
        report="",
        needs_fresh_sign_in=needs_fresh_sign_in(action),
        needed=approvals_needed(action),
        approved_by=tuple(matter.spoken.approved.values()),
    )


def over_of(action: PendingAction) -> str:
    """That nothing is left to decide on it, and why; empty while something is."""
    if action.is_waiting:
        return ""
    is_late = action.state == PendingAction.State.WAITING
    return OVER.format("its time ran out" if is_late else action.get_state_display().lower())


def _too_late(action: PendingAction, membership: Membership) -> str:
    """To withdraw it: what was approved can be by others than whoever asked, until it runs."""
    is_free = action.state == PendingAction.State.APPROVED and action.user_id != membership.user_id
    return "" if is_free else over_of(action)


def needs_fresh_sign_in(action: PendingAction) -> bool:
    """Whether who approves it has to have signed in a moment ago."""
    return strict_risk(action) == Risk.DANGEROUS


def approvals_needed(action: PendingAction) -> int:
    return 2 if action.connector.deciders == Connector.Deciders.TWO_PEOPLE else 1


def approvers_of(action: PendingAction) -> QuerySet[Membership]:
    """Everyone who may decide on the action now."""
    may = [membership.pk for membership in _deciders(action)]
    return Membership.objects.filter(pk__in=may).select_related("user")


def why_nobody(action: PendingAction) -> str:
    """That nobody can decide on it, or not so many as it needs; empty when they can."""
    missing = approvals_needed(action) - len(spoken_of([action])[action.pk].approved)
    found = _deciders(action)
    first = next(found, None)
    if first is None:
        return NOBODY if missing == approvals_needed(action) == 1 else NOBODY_SECOND
    return NOBODY_SECOND if missing > 1 and next(found, None) is None else ""


def refusal(action: PendingAction, membership: Membership, *, rejects: bool = False) -> str:
    """Why this person may not decide on the action; empty when they may. Whoever approved first may still reject."""
    return refusals([action], membership, rejects=rejects)[action.pk]


def refusals(actions: Collection[PendingAction], membership: Membership, *, rejects: bool = False) -> dict[UUID, str]:
    """By action, all of one organization; in as many queries for many as for one."""
    reject, approve = _refusals_of(matters_of(actions), membership)
    return reject if rejects else approve


def _refusals_of(matters: Mapping[UUID, Matter], membership: Membership) -> tuple[dict[UUID, str], dict[UUID, str]]:
    """To reject each, and to approve it: of those who may reject it some have spoken for it already."""
    vouchers = vouchers_of([membership])[membership.user_id]
    standing = standing_in([membership.organization_id]) if matters else []
    frozen, stopped = frozen_among(matters, standing), why_not_decide(membership, standing)
    allowed = _approved_by([one.action for one in matters.values()], membership)
    reject = {
        pk: frozen.get(pk) or stopped or conflict(one, membership, vouchers) or ("" if pk in allowed else NO_APPROVER)
        for pk, one in matters.items()
    }
    return reject, {pk: reject[pk] or said_already(one, membership, vouchers) for pk, one in matters.items()}


def _deciders(action: PendingAction) -> Iterator[Membership]:
    """Some at a time: whoever asks for one gets one."""
    matter = matters_of([action])[action.pk]
    people = _approving(action.organization_id, action.connector_id, own_decider(action)).order_by("pk")
    some = list(people[:AT_A_TIME])
    while some:
        vouchers = vouchers_of(some)
        yield from (one for one in some if not _against(matter, one, vouchers[one.user_id]))
        some = list(people.filter(pk__gt=some[-1].pk)[:AT_A_TIME]) if len(some) == AT_A_TIME else []


def _against(matter: Matter, membership: Membership, vouchers: set[UUID]) -> str:
    return conflict(matter, membership, vouchers) or said_already(matter, membership, vouchers)


def decided_by_others(membership: Membership) -> Q:
    """The actions on which this person may not decide because of who made them, as a filter for lists. What was given
    after the call was made is left to the ticket's page."""
    mine = {membership.user_id}
    vouchers = above(mine)
    side = mine | vouchers | below(mine | vouchers - owners_among(membership.organization_id, vouchers))
    made = Q(user__in=side) | Q(token__created_by__in=side) | Q(token__agent__owner__in=side)
    made |= Q(run_step__run__in=RunStep.objects.filter(replied_by__in=side).values("run"))
    return (made & ~own_of(membership)) | _spoken_by(membership)


def _spoken_by(membership: Membership) -> Q:
    """What this person has approved or changed as it is now."""
    now = {"action": OuterRef("pk"), "edition": OuterRef("edition")}
    approved = Decision.objects.filter(**now, approver=membership.user_id, verdict=Decision.Choice.APPROVE)
    return Q(Exists(approved)) | Q(Exists(ActionEdit.objects.filter(**now, editor=membership.user_id)))


def own_of(membership: Membership) -> Q:
    """This person's own calls on which they decide themselves."""
    proposed = Q(tool__risk_override="", tool__risk_proposed__in=STRICT)
    strict = Q(risk__in=STRICT) | Q(tool__risk_override__in=STRICT) | proposed
    return Q(user=membership.user_id, connector__deciders=Connector.Deciders.REQUESTER) & ~strict


def _approving(
    organization_id: UUID | OuterRef, connector_id: UUID | OuterRef, requester_id: UUID | None = None
) -> QuerySet[Membership]:
    """Whoever has the right, by role or by a group that decides for the connector; and who asked, where they may."""
    people = Membership.objects.filter(organization=organization_id, is_active=True, user__is_active=True)
    by_group = Membership.groups.through.objects.filter(
        membership=OuterRef("pk"),
        group__connector_permissions__content_object=connector_id,
        group__connector_permissions__permission__codename=ConnectorPermission.APPROVE,
    )
    has_right = Q(role__in=APPROVING_ROLES) | Q(Exists(by_group))
    if requester_id is not None:
        has_right |= Q(user=requester_id)
    return people.filter(has_right).select_related("user")


def _approved_by(actions: Collection[PendingAction], membership: Membership) -> set[UUID]:
    """The actions on which the person has the right to decide."""
    person = _approving(OuterRef("organization_id"), OuterRef(OuterRef("connector_id"))).filter(pk=membership.pk)
    mine = PendingAction.objects.filter(Exists(person), pk__in=[action.pk for action in actions])
    own = {one.pk for one in actions if membership.is_active and own_decider(one) == membership.user_id}
    return own | set(mine.values_list("pk", flat=True))
