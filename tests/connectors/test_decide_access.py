"""Who may call which tool: every combination of the rules, and the sentence that names the one that decides."""

from __future__ import annotations

from itertools import product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.access.rules import (
    LONGEST_NAME,
    CallerFacts,
    ProfileFacts,
    ToolFacts,
    may_call,
    may_open,
    shown_name,
)
from connectors.models import EVERYONE, Connector, Tool
from harriet.people.roles import Role

CRM, MAIL, SEND, WORK = UUID(int=1), UUID(int=2), UUID(int=3), UUID(int=4)
SALES, LEGAL, DANA, ERIN = UUID(int=5), UUID(int=6), UUID(int=7), UUID(int=8)
NAMES = {SALES: "Sales", LEGAL: "Legal"}


def tool(**changes: object) -> ToolFacts:
    facts: dict[str, object] = {
        "tool_id": SEND,
        "name": "send_mail",
        "connector_id": MAIL,
        "connector_name": "Mail",
        "connector_state": Connector.State.ACTIVE,
        "state": Tool.State.PINNED,
        "is_enabled": True,
        "groups": {SALES: "Sales"},
        "roles": frozenset(),
    }
    return ToolFacts(**(facts | changes))  # type: ignore[arg-type]


def caller(
    role: str | None = Role.MEMBER, groups: frozenset[UUID] = frozenset({SALES}), **changes: object
) -> CallerFacts:
    facts: dict[str, object] = {"label": "Dana", "is_active": True, "membership_id": None if role is None else DANA}
    return CallerFacts(role=role, group_ids=groups, **(facts | changes))  # type: ignore[arg-type]


def profile(**changes: object) -> ProfileFacts:
    facts: dict[str, object] = {"connector_ids": frozenset({MAIL}), "group_ids": frozenset({SALES})}
    return ProfileFacts(WORK, "Work", **(facts | changes))  # type: ignore[arg-type]


def test_everything_fits() -> None:
    verdict = may_call(tool(), caller(), profile())
    assert verdict.is_allowed
    assert verdict.reason == "send_mail is allowed for the group Sales."


@pytest.mark.parametrize(
    ("what", "who", "where", "reason"),
    [
        (tool(), caller(is_active=False), profile(), "The access of Dana is switched off."),
        (
            tool(),
            caller(),
            profile(group_ids=frozenset({LEGAL})),
            "Dana is neither named in the profile Work nor in one of its groups.",
        ),
        (tool(connector_state="draft"), caller(), profile(), "Mail is still a draft."),
        (tool(connector_state="paused"), caller(), profile(), "Mail is paused."),
        (tool(connector_state="made up"), caller(), profile(), "Mail is paused."),
        (tool(state="removed"), caller(), profile(), "Mail no longer offers send_mail."),
        (
            tool(state="quarantined"),
            caller(),
            profile(),
            "The definition of send_mail changed at the server; it is quarantined until an admin accepts the change.",
        ),
        (tool(is_enabled=False), caller(), profile(), "send_mail is not enabled."),
        (
            tool(),
            caller(),
            profile(connector_ids=frozenset({CRM})),
            "The profile Work does not contain send_mail.",
        ),
        (
            tool(groups={}),
            caller(),
            profile(),
            "send_mail is enabled, but for no group and no role, so nobody may call it.",
        ),
        (
            tool(groups={LEGAL: "Legal"}, roles=frozenset({"approver"})),
            caller(),
            profile(),
            "send_mail is allowed for the group Legal, the role Approver; Dana is not among them.",
        ),
    ],
)
def test_each_rule_refuses_in_its_own_words(
    what: ToolFacts, who: CallerFacts, where: ProfileFacts, reason: str
) -> None:
    verdict = may_call(what, who, where)
    assert (verdict.is_allowed, verdict.reason) == (False, reason)


def test_a_single_tool_and_a_named_person_suffice() -> None:
    single = profile(
        connector_ids=frozenset(), tool_ids=frozenset({SEND}), group_ids=frozenset(), membership_ids=frozenset({DANA})
    )
    assert may_call(tool(), caller(), single).is_allowed
    assert not may_call(tool(), caller(membership_id=ERIN), single).is_allowed


def test_everyone_means_members_and_not_shared_keys() -> None:
    everyone = tool(groups={}, roles=frozenset({EVERYONE}))
    assert may_call(everyone, caller(), profile()).is_allowed
    key = caller(role=None, label="CI key")
    assert not may_call(everyone, key, profile()).is_allowed
    assert may_call(tool(), key, profile()).is_allowed


def test_every_combination_agrees_with_the_rules_read_aloud() -> None:
    combinations = product(
        [True, False],
        [frozenset(), frozenset({SALES}), frozenset({LEGAL}), frozenset({SALES, LEGAL})],
        [None, *Role.values],
        [*Connector.State.values, "nonsense"],
        [*Tool.State.values, "nonsense"],
        [True, False],
        [(), (SALES,), (LEGAL,)],
        [frozenset(), frozenset({EVERYONE}), frozenset({"approver", "owner"})],
        [(False, False), (True, False), (False, True)],
        [(), (SALES,)],
    )
    seen = 0
    for active, mine, role, connector, state, enabled, groups, roles, (whole, single), members in combinations:
        seen += 1
        what = tool(
            connector_state=connector,
            state=state,
            is_enabled=enabled,
            groups={g: NAMES[g] for g in groups},
            roles=roles,
        )
        who = caller(role, mine, is_active=active)
        where = profile(
            connector_ids=frozenset({MAIL}) if whole else frozenset({CRM}),
            tool_ids=frozenset({SEND}) if single else frozenset(),
            group_ids=frozenset(members),
        )
        offered = active and connector == "active" and state == "pinned" and enabled
        permitted = bool(mine & set(groups)) or (role is not None and (role in roles or EVERYONE in roles))
        expected = offered and permitted and (whole or single) and bool(mine & set(members))
        verdict = may_call(what, who, where)
        assert verdict.is_allowed == expected, (what, who, where)
        assert verdict.reason.endswith(".")
        assert may_open(where, who).is_allowed == (active and bool(mine & set(members)))
    assert seen > 10_000


@given(
    slug=st.from_regex(r"[a-z][a-z0-9-]{0,39}", fullmatch=True),
    name=st.text(min_size=1, max_size=128),
    prefix=st.booleans(),
)
def test_a_shown_name_is_one_that_clients_accept(slug: str, name: str, prefix: bool) -> None:
    shown = shown_name(slug, name, prefix)
    assert 0 < len(shown) <= LONGEST_NAME
    assert all(letter.isascii() and (letter.isalnum() or letter in "_.-") for letter in shown)


def test_names_that_had_to_be_cut_stay_apart() -> None:
    long = [shown_name("crm", f"{'x' * 120}{number}", True) for number in range(200)]
    assert len(set(long)) == 200
    assert shown_name("crm", "list contacts", False) != shown_name("crm", "list_contacts", False)
    assert shown_name("crm", "list_contacts", False) == "list_contacts"
    assert shown_name("crm", "list_contacts", True) == "crm_list_contacts"
