"""Principal × tool → verdict: the view that one caller has of one profile, compiled once per version and shared by
everyone with the same groups, role and profile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from approvals.gate import GateDecision, GateFacts, judge
from connectors.access.facts import ConnectorRow, OrganizationFacts, ProfileRow, ScopeRow, ToolRow
from connectors.access.rules import may_call, may_open
from connectors.access.scopes import scope_of
from connectors.models import Connector, Risk, Tool
from harriet.gateway.policy.grant import Grant, Open
from harriet.gateway.policy.listing import Listing, listing_of
from harriet.gateway.policy.own_tools import STATUS_TOOL, own_grants
from harriet.gateway.policy.principal import Principal
from harriet.people.trust import Trust, strictest

MOST_ENTRIES = 200_000
"""Tools in all views of a snapshot together; one takes some hundred bytes."""
ViewKey = tuple[UUID, str | None, frozenset[UUID], frozenset[str] | None, str]
"""A profile, and the role, groups, scopes and trust level of whoever sees it: made for each request, a plain tuple."""


@dataclass(frozen=True, slots=True)
class View:
    """What one caller may use of one profile, under the names that clients see."""

    grants: dict[str, Grant]
    """The tools."""
    prompts: dict[str, Grant]
    resources: dict[UUID, Grant]
    """By connector: one grant stands for all resources of a server."""
    hidden: dict[tuple[str, str], ToolRow]
    """By kind and shown name: in the profile, but not for this caller. Needed for the audit log and for saying why
    there is nothing."""
    beyond: Mapping[tuple[str, str], str]
    """By kind and shown name, what the person may use and did not allow this client: the scope that it would take."""
    readable: frozenset[UUID]
    """The profile's connectors whose resources are enabled, whoever may read them."""
    tool_listing: Listing
    prompt_listing: Listing
    connectors: tuple[ConnectorRow, ...]
    """The servers behind what is offered."""
    watched: Mapping[UUID, ConnectorRow]
    """Those, and the servers behind what is only withdrawn for now (quarantined, or no longer offered): what they say
    of their lists concerns this caller, and may bring it back."""
    changing: frozenset[str]
    """The kinds of what is offered or withdrawn."""


class Views:
    """The views of one snapshot, made when they are first needed. Of very many, those made first are given up."""

    def __init__(self) -> None:
        self._views: dict[ViewKey, View] = {}
        self._entries = 0
        self.get = self._views.get

    def keep(self, key: ViewKey, view: View) -> None:
        self._entries += _size(view)
        self._views[key] = view
        while self._entries > MOST_ENTRIES and len(self._views) > 1:
            self._entries -= _size(self._views.pop(next(iter(self._views))))

    def of_profiles(self, ids: set[UUID]) -> Views:
        """Those of these profiles, for the next snapshot."""
        kept = Views()
        for key, view in list(self._views.items()):
            if key[0] in ids:
                kept.keep(key, view)
        return kept


def _size(view: View) -> int:
    return len(view.grants) + len(view.prompts) + len(view.resources) + len(view.hidden)


def may_enter(principal: Principal, profile: ProfileRow) -> bool:
    """Whether the caller may open the profile at all."""
    if principal.only_profile_id is not None and principal.only_profile_id != profile.id:
        return False
    return may_open(profile.facts, principal.caller).is_allowed


def why_hidden(view: View, kind: str, name: str, principal: Principal, profile: ProfileRow) -> str:
    """The rule that keeps this from this caller: for the audit log, never for the client."""
    row = view.hidden.get((kind, name))
    if row is None:
        return f"The profile has no {_WORDS[kind]} of this name."
    if (kind, name) in view.beyond:
        return f"The person did not allow this client the scope {view.beyond[kind, name]}."
    verdict = may_call(row.facts, principal.caller, profile.facts)
    return _OUTNUMBERED if verdict.is_allowed else verdict.reason


_WORDS: dict[str, str] = {Tool.Kind.TOOL: "tool", Tool.Kind.PROMPT: "prompt", Tool.Kind.RESOURCES: "resource"}
_OUTNUMBERED = "Another connector of the profile offers the same name; switch on the profile's name prefix."


_NOT_ALLOWED = "Some tools are of a kind that was not allowed to this client when it was connected."


def why_nothing(view: View, profile: ProfileRow) -> str:
    """Why the caller sees nothing, in at most three sentences; empty when there is something."""
    if view.grants or view.prompts or view.resources:
        return ""
    if not view.hidden:
        return f"The profile {profile.name} contains no tools yet. Ask your IT team, who fill it."
    reasons = _distinct(
        _NOT_ALLOWED if place in view.beyond else _why_not_yours(row) for place, row in view.hidden.items()
    )
    told = " ".join(reasons[:3])
    return f"You see no tools in the profile {profile.name}. {told} Ask your IT team if you should see some."


def _why_not_yours(row: ToolRow) -> str:
    """In words of whoever would call it. What is not theirs is not named."""
    facts = row.facts
    if facts.connector_state != Connector.State.ACTIVE:
        return "A service behind it is switched off for now."
    if facts.connector_review != Connector.Standing.APPROVED:
        return "A service behind it waits for your company’s review."
    if facts.state == Tool.State.REMOVED:
        return "Some tools are no longer there."
    if facts.state != Tool.State.PINNED:
        return "Some tools have changed, and wait for your IT team to look at the change."
    if not facts.is_enabled:
        return "Some tools are not switched on."
    groups = " and ".join(sorted(facts.groups.values()))
    return f"Some tools are for {groups}, which you are not in." if groups else "Some tools are for others."


def offers_status(view: View) -> bool:
    """Whether this caller's client can ask where its calls stand."""
    grant = view.grants.get(STATUS_TOOL)
    return grant is not None and grant.is_own


def grant_of(view: View, tool_id: UUID) -> Grant | None:
    """By the row's id; None when the caller has none."""
    every = (*view.grants.values(), *view.prompts.values(), *view.resources.values())
    return next((grant for grant in every if grant.tool.id == tool_id), None)


def compiled_view(facts: OrganizationFacts, principal: Principal, profile: ProfileRow) -> View:
    """What the rules let a caller of this role and these groups use, and what they keep from them."""
    allowed: dict[str, dict[str, Grant]] = {kind: {} for kind in Tool.Kind.values}
    hidden: dict[tuple[str, str], ToolRow] = {}
    beyond: dict[tuple[str, str], str] = {}
    withdrawn: list[ToolRow] = []
    rows = facts.tools_in(profile)
    for row in rows:
        name = row.connector.slug if row.kind == Tool.Kind.RESOURCES else row.shown_name(profile)
        verdict = may_call(row.facts, principal.caller, profile.facts)
        scope = scope_of(row.kind, row.risk)
        if verdict.is_allowed and principal.scopes is not None and scope not in principal.scopes:
            beyond.setdefault((row.kind, name), scope)
            hidden.setdefault((row.kind, name), row)
        elif verdict.is_allowed and name not in allowed[row.kind]:
            allowed[row.kind][name] = Grant(row, name, verdict.reason, *gate_of(row, profile, principal, facts))
        else:
            hidden.setdefault((row.kind, name), row)
            if row.facts.state != Tool.State.PINNED and _may_call_as_accepted(row, principal, profile):
                withdrawn.append(row)
    tools, prompts = allowed[Tool.Kind.TOOL], allowed[Tool.Kind.PROMPT]
    connectors = _connectors_of(*allowed.values())
    tools = {**tools, **own_grants(tools, can_hold=_can_hold(*allowed.values()))}
    return View(
        grants=tools,
        prompts=prompts,
        resources={grant.tool.connector.id: grant for grant in allowed[Tool.Kind.RESOURCES].values()},
        hidden=hidden,
        beyond=beyond,
        readable=frozenset(
            row.connector.id for row in rows if row.kind == Tool.Kind.RESOURCES and row.facts.is_enabled
        ),
        tool_listing=listing_of(tools),
        prompt_listing=listing_of(prompts),
        connectors=connectors,
        watched={connector.id: connector for connector in (*(row.connector for row in withdrawn), *connectors)},
        changing=frozenset({kind for kind in allowed if allowed[kind]} | {row.kind for row in withdrawn}),
    )


def gate_of(
    row: ToolRow, profile: ProfileRow, principal: Principal, facts: OrganizationFacts
) -> tuple[GateDecision, Open | None]:
    """What the gate says before anybody calls, and what is left to be decided then."""
    trust = strictest((profile.trust, principal.trust))
    set_by = _stricter_by(principal) if trust != profile.trust else ""
    return gate_with(GateFacts(trust, row.risk, row.requires_confirmation, set_by), row, profile, facts)


def gate_with(
    known: GateFacts, row: ToolRow, profile: ProfileRow, facts: OrganizationFacts
) -> tuple[GateDecision, Open | None]:
    """The same by what is known of whoever calls; for pages, too."""
    rules = facts.rules_for(row)
    scopes: tuple[ScopeRow, ...] = ()
    if known.trust == Trust.AUTONOMOUS and not row.requires_confirmation and row.risk in MAY_BE_COVERED:
        scopes = tuple(scope for scope in profile.scopes if scope.covers(row))
    return judge(known), Open(known, rules, scopes) if rules or scopes else None


MAY_BE_COVERED = frozenset({Risk.MODERATE.value, Risk.UNKNOWN.value})
"""The risk classes of which a scope may let calls run."""


def _may_call_as_accepted(row: ToolRow, principal: Principal, profile: ProfileRow) -> bool:
    facts = replace(row.facts, state=Tool.State.PINNED)
    return may_call(facts, principal.caller, profile.facts).is_allowed


def _can_hold(*offered: dict[str, Grant]) -> bool:
    return any(grant.may_wait for grants in offered for grant in grants.values())


def _connectors_of(*offered: dict[str, Grant]) -> tuple[ConnectorRow, ...]:
    every = (grant.tool.connector for grants in offered for grant in grants.values())
    return tuple({connector.id: connector for connector in every}.values())


def _distinct(sentences: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(sentences))


def _stricter_by(principal: Principal) -> str:
    return "this device" if principal.device is not None else "this run"
