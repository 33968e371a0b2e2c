"""Which held calls an emergency stop freezes: nobody decides on them, and nobody runs them, until it is released."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID

from approvals.models import PendingAction, WorkflowRun
from connectors.models import Risk, Tool
from harriet.people.models import Group, Membership
from harriet.people.standing_stops import standing_in
from harriet.people.stop_rules import Bearing, StandingStop, covering, what_words

FROZEN = (
    "An emergency stop of {} freezes this ticket: nobody decides on it, and it does not run, until that is released. "
    "The time until it expires goes on."
)
RESTS = "An emergency stop of {} keeps this run from its next call. It rests, and goes on by itself after the release."
STOPPED_PERSON = "Your own calls are stopped in an emergency, so you decide on no calls either until that is released."


Asker = tuple[str, UUID, UUID | None]
"""A person, an agent or a shared key: how a group leads to it, its organization and its id."""


class _Frozen(NamedTuple):
    """What stops can know a held call by."""

    organization_id: UUID
    id: UUID
    user_id: UUID | None
    token_id: UUID | None
    client_label: str
    connector_id: UUID
    kind: str
    risk_override: str
    risk_proposed: str
    agent_id: UUID | None
    owner_id: UUID | None
    client: str | None

    @property
    def asker(self) -> Asker:
        if self.user_id is not None:
            return "memberships__user", self.organization_id, self.user_id
        if self.agent_id is not None:
            return "agents", self.organization_id, self.agent_id
        return "integration_keys", self.organization_id, self.token_id


_BESIDE = (
    "tool__kind",
    "tool__risk_override",
    "tool__risk_proposed",
    "token__agent_id",
    "token__agent__owner_id",
    "token__device__connected_app__application__group_key",
)
_ROW = (*_Frozen._fields[: -len(_BESIDE)], *_BESIDE)


def why_frozen(action: PendingAction) -> str:
    """A sentence for whoever looks at the ticket; empty when nothing freezes it."""
    return frozen_among([action.pk]).get(action.pk, "")


def frozen_among(action_ids: Collection[UUID], standing: list[StandingStop] | None = None) -> dict[UUID, str]:
    """Those that are frozen, each with its sentence. One query while no stop stands; none where the `standing` stops of
    all their organizations are at hand."""
    actions = PendingAction.objects.filter(pk__in=action_ids)
    stops: dict[UUID, list[StandingStop]] = {}
    if standing is None:
        standing = standing_in(actions.values_list("organization_id", flat=True))
    for one in standing:
        stops.setdefault(one.organization_id, []).append(one)
    if not stops:
        return {}
    rows = list(map(_Frozen._make, actions.filter(organization__in=list(stops)).values_list(*_ROW)))
    first = {one.let_through for standing in stops.values() for one in standing if one.let_through}
    groups, found = _groups_of_each(rows, first) if first else {}, {}
    for row in rows:
        if stop := covering(stops[row.organization_id], _bearing(row, groups.get(row.asker, frozenset()))):
            found[row.id] = FROZEN.format(what_words(stop.kind, stop.label))
    return found


def stop_before(run: WorkflowRun) -> StandingStop | None:
    """The emergency stop that keeps a run from its next call, if that is its next step: it rests then, and looks again
    later."""
    named: str = run.steps[run.cursor].get("tool", "") if run.cursor < len(run.steps) else ""
    stops = standing_in([run.organization_id]) if named else []
    tool = Tool.objects.filter(pk=named, organization=run.organization_id).first() if stops else None
    if tool is None:
        return None
    groups = Group.objects.filter(organization=run.organization_id, memberships__user=run.user_id)
    bearing = Bearing(
        persons=(str(run.user_id),),
        connector=str(tool.connector_id),
        risk=tool.risk if tool.kind == Tool.Kind.TOOL else Risk.READ_ONLY.value,
        groups=frozenset(groups.values_list("pk", flat=True)),
    )
    return covering(stops, bearing)


def why_not_decide(membership: Membership, standing: list[StandingStop]) -> str:
    """Whose own calls are stopped may not be who they seem to be, and decides on nobody else's. Empty for others.
    `standing`: the stops of the organization."""
    mine = Bearing(persons=(str(membership.user_id),))
    stops = [one for one in standing if one.kind == "person"]
    return STOPPED_PERSON if covering(stops, mine) is not None else ""


def _bearing(row: _Frozen, groups: frozenset[UUID]) -> Bearing:
    whose = row.user_id or row.owner_id
    return Bearing(
        persons=(str(whose),) if whose else (),
        agent=str(row.agent_id or ""),
        client=row.client or "",
        client_name=row.client_label.lower(),
        connector=str(row.connector_id),
        risk=(row.risk_override or row.risk_proposed) if row.kind == Tool.Kind.TOOL else Risk.READ_ONLY.value,
        groups=groups,
    )


def _groups_of_each(rows: Collection[_Frozen], among: Collection[UUID]) -> dict[Asker, frozenset[UUID]]:
    """Of whoever asked, those of these groups that they are in; as many queries for many as for one of each kind. Read
    only where a group goes first."""
    found: defaultdict[Asker, set[UUID]] = defaultdict(set)
    for way in {row.asker[0] for row in rows}:
        ids = {row.asker[2] for row in rows if row.asker[0] == way}
        pairs = Group.objects.filter(**{"pk__in": among, f"{way}__in": ids}).order_by()
        for group_id, organization_id, asker_id in pairs.values_list("pk", "organization_id", way):
            found[way, organization_id, asker_id].add(group_id)
    return {asker: frozenset(groups) for asker, groups in found.items()}
