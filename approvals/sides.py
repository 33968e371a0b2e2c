"""Who stands on which side of a held call: everybody who could have made it, and who has decided on it already."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from approvals.models import ActionEdit, Decision, PendingAction, RunStep
from connectors.models import Connector
from harriet.people.models import RightGiven
from harriet.people.vouching import above_each, below_each, owners_among

People = frozenset[UUID]
NOBODY: People = frozenset()


@dataclass(frozen=True, slots=True)
class Side:
    """Somebody, and everybody as whom they could act."""

    makers: People
    """Who asked for it, who made its credential, and who answers for the agent that has it. On the other side: who
    decided on it first, or changed it."""
    vouchers: People
    """Who could be using a maker's account: they handed over the link to it, or to the account of whoever did, and no
    mail has reached these addresses."""
    owners: People
    """The vouchers who are owners."""
    given_since: tuple[RightGiven, ...]
    """Whom anybody let decide after the call was made."""
    everybody: People
    """With those as whom the makers could act. Read when something was given."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """What was said already about the arguments as they are now."""

    approved: Mapping[UUID | None, str] = field(default_factory=dict)
    """Who approved them, by account; with their labels."""
    editor: UUID | None = None
    """Who changed them last."""

    @property
    def people(self) -> People:
        return frozenset(id for id in (*self.approved, self.editor) if id is not None)


def sides_of(actions: Collection[PendingAction]) -> dict[UUID, Side]:
    """Who could have made each, all of one organization; in as many queries for many as for one."""
    replied = repliers_of(actions)
    return _sides({action.pk: makers_of(action) | replied.get(action.pk, NOBODY) for action in actions}, actions)


def spoken_sides(actions: Collection[PendingAction], spoken: Mapping[UUID, Spoken]) -> dict[UUID, Side]:
    """The same of those who have spoken, for the actions on which somebody has."""
    some = [action for action in actions if spoken[action.pk].people]
    return _sides({action.pk: spoken[action.pk].people for action in some}, some)


def spoken_of(actions: Collection[PendingAction]) -> dict[UUID, Spoken]:
    """By action; in two queries at most, whatever their number. Where one person decides on what was asked, nobody has
    spoken yet."""
    approved: dict[UUID, dict[UUID | None, str]] = {action.pk: {} for action in actions}
    editions = {action.pk: action.edition for action in actions}
    for one in _approvals([action for action in actions if action.edition or _takes_two(action)]):
        if one.edition == editions[one.action_id]:
            approved[one.action_id][one.approver_id] = one.approver_label
    edited = [pk for pk, edition in editions.items() if edition]
    edits = ActionEdit.objects.filter(action__in=edited) if edited else ActionEdit.objects.none()
    editors = {one.action_id: one.editor_id for one in edits if one.edition == editions[one.action_id]}
    return {pk: Spoken(mine, editors.get(pk)) for pk, mine in approved.items()}


def approved_by(action: PendingAction) -> list[str]:
    """The labels of those who approved it as it is, the first before the second."""
    return [one.approver_label for one in _approvals([action]) if one.edition == action.edition]


def _approvals(actions: Collection[PendingAction]) -> list[Decision]:
    made = Decision.objects.filter(action__in=[one.pk for one in actions], verdict=Decision.Choice.APPROVE)
    return list(made) if actions else []


def _takes_two(action: PendingAction) -> bool:
    return action.connector.deciders == Connector.Deciders.TWO_PEOPLE


def makers_of(action: PendingAction) -> People:
    made_by = action.token.created_by_id if action.token else None
    return frozenset(id for id in (action.user_id, made_by, owner_of_agent(action)) if id is not None)


def repliers_of(actions: Collection[PendingAction]) -> dict[UUID, People]:
    """By action, of those that runs of workflows ask for: who answered what the run had asked. Their words may be part
    of what it sends."""
    steps = {action.run_step_id: action.pk for action in actions if action.run_step_id}
    if not steps:
        return {}
    said = RunStep.objects.filter(run__attempts__in=steps, replied_by__isnull=False)
    found: dict[UUID, set[UUID]] = {}
    for step_id, user_id in said.values_list("run__attempts", "replied_by"):
        if step_id in steps and user_id is not None:
            found.setdefault(steps[step_id], set()).add(user_id)
    return {pk: frozenset(people) for pk, people in found.items()}


def owner_of_agent(action: PendingAction) -> UUID | None:
    """Who answers for the agent that asked; nobody for what people and shared keys ask."""
    return action.token.agent.owner_id if action.token and action.token.agent else None


def _sides(people: Mapping[UUID, People], actions: Collection[PendingAction]) -> dict[UUID, Side]:
    if not actions:
        return {}
    home = next(iter(actions)).organization_id
    given = _given_since(home, actions)
    each = frozenset().union(*people.values())
    above_them, below_them = above_each(each), below_each(each) if any(given.values()) else {}
    owners = owners_among(home, set().union(*above_them.values()))
    sides = {}
    for pk, mine in people.items():
        vouchers = frozenset().union(*(above_them[one] for one in mine))
        everybody = mine | vouchers | frozenset().union(*(below_them.get(one, set()) for one in mine))
        sides[pk] = Side(mine, vouchers, vouchers & owners, given[pk], everybody)
    return sides


def _given_since(home: UUID, actions: Collection[PendingAction]) -> dict[UUID, tuple[RightGiven, ...]]:
    first = min(action.created_at for action in actions)
    given = list(RightGiven.objects.filter(organization=home, at__gt=first).select_related("by"))
    return {action.pk: tuple(row for row in given if row.at > action.created_at) for action in actions}
