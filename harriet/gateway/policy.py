"""Principal × tool → verdict: the view that one caller has of one profile, compiled once per version and shared by
everyone with the same groups, role and profile."""

from __future__ import annotations

import base64
import json
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from approvals.gate import Verdict, judge
from connectors.access import may_call, may_open
from connectors.snapshot import ProfileRow, ToolRow

from .errors import INVALID_PARAMS, RpcRefusal
from .principal import Principal

if TYPE_CHECKING:
    from .compile import Snapshot

PAGE = 200
"""Tools per page of tools/list. Many clients never ask for a second page."""

ViewKey = tuple[UUID, str | None, frozenset[UUID]]


@dataclass(frozen=True, slots=True)
class Grant:
    """A tool that the caller may call, the rule that allows it, and what the gate says."""

    tool: ToolRow
    shown_name: str
    reason: str
    gate: Verdict


@dataclass(frozen=True, slots=True)
class View:
    grants: dict[str, Grant]
    hidden: dict[str, ToolRow]
    """In the profile, but not for this caller: needed for the audit log and for saying why there is nothing."""
    names: list[str]
    definitions: dict[str, bytes] = field(default_factory=dict)
    """The pinned definitions under their shown names, as JSON; made when tools are first listed."""


def may_enter(principal: Principal, profile: ProfileRow) -> bool:
    if principal.only_profile_id is not None and principal.only_profile_id != profile.id:
        return False
    return may_open(profile.facts, principal.caller).is_allowed


def view_of(snapshot: Snapshot, principal: Principal, profile: ProfileRow) -> View:
    """What this caller sees of a profile that they may enter (`may_enter` is asked first, for every request)."""
    caller = principal.caller
    key = (profile.id, caller.role, caller.group_ids)
    view = snapshot.views.get(key)
    if view is None:
        view = _compiled(snapshot, principal, profile)
        snapshot.views[key] = view
    return view


def why_hidden(view: View, name: str, principal: Principal, profile: ProfileRow) -> str:
    """The rule that keeps this tool from this caller: for the audit log, never for the client."""
    tool = view.hidden.get(name)
    if tool is None:
        return "The profile has no tool of this name."
    verdict = may_call(tool.facts, principal.caller, profile.facts)
    return _OUTNUMBERED if verdict.is_allowed else verdict.reason


_OUTNUMBERED = "Another connector of the profile offers a tool of the same name; switch on the profile's name prefix."


def why_nothing(view: View, principal: Principal, profile: ProfileRow) -> str:
    """Why the caller sees no tools, in at most three sentences; empty when there are tools."""
    if view.grants:
        return ""
    if not view.hidden:
        return f"The profile {profile.name} contains no tools yet. An IT admin adds connectors to it."
    reasons = _distinct(why_hidden(view, name, principal, profile) for name in view.hidden)
    return f"You see no tools in the profile {profile.name}. {' '.join(reasons[:3])}"


def list_page(view: View, cursor: str | None) -> tuple[list[bytes], str | None]:
    """One page of tool definitions and the cursor of the next page. Raises RpcRefusal for a cursor not of ours."""
    start = 0 if cursor is None else bisect_right(view.names, _after(cursor))
    names = view.names[start : start + PAGE]
    has_more = start + PAGE < len(view.names)
    return [_definition(view, name) for name in names], _cursor(names[-1]) if has_more else None


def _compiled(snapshot: Snapshot, principal: Principal, profile: ProfileRow) -> View:
    grants: dict[str, Grant] = {}
    hidden: dict[str, ToolRow] = {}
    for tool in snapshot.facts.tools_in(profile):
        name = tool.shown_name(profile)
        verdict = may_call(tool.facts, principal.caller, profile.facts)
        if verdict.is_allowed and name not in grants:
            gate = judge(requires_confirmation=tool.requires_confirmation)
            grants[name] = Grant(tool, name, verdict.reason, gate)
        else:
            hidden.setdefault(name, tool)
    return View(grants, hidden, sorted(grants))


def _definition(view: View, name: str) -> bytes:
    found = view.definitions.get(name)
    if found is None:
        definition = {**view.grants[name].tool.definition, "name": name}
        found = json.dumps(definition, ensure_ascii=False, separators=(",", ":")).encode()
        view.definitions[name] = found
    return found


def _cursor(name: str) -> str:
    return base64.urlsafe_b64encode(b"after:" + name.encode()).decode()


def _after(cursor: str) -> str:
    try:
        kind, _, name = base64.urlsafe_b64decode(cursor.encode()).decode().partition(":")
    except ValueError:
        kind, name = "", ""
    if kind != "after":
        raise RpcRefusal(INVALID_PARAMS, "This cursor is not one of ours. List the tools again from the beginning.")
    return name


def _distinct(sentences: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(sentences))
