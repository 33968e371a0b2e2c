"""The rules asked of the database say of everybody and everything what the rules themselves say."""

from __future__ import annotations

import random

import pytest

from connectors.access import in_database
from connectors.access.in_database import callable_first, callers_of, counts_for, havers_of, profiles_with
from connectors.access.load_part import load_part
from connectors.access.preview import best_verdict, preview
from connectors.access.rules import may_call, may_open
from connectors.models import EVERYONE, Connector, Profile, Tool, ToolPermission
from harriet.people.models import Group, Membership, User
from tests.stage.cast import Cast
from tests.stage.facts import facts_of

ROLES = [EVERYONE, "member", "approver", "owner"]


def made_up(cast: Cast, seed: int) -> None:
    """Connectors, tools, profiles and people with whatever chance gives them."""
    chance = random.Random(seed)
    groups = [Group.objects.create(organization=cast.acme, slug=f"g{n}", name=f"Group {n}") for n in range(3)]
    people = list(Membership.objects.filter(organization=cast.acme))
    for number in range(5):
        user = User.objects.create(email=f"made{number}@acme.test", is_active=chance.random() > 0.2)
        member = Membership(organization=cast.acme, user=user, role=chance.choice(ROLES[1:]))
        member.is_active = chance.random() > 0.2
        member.save()
        member.groups.set(chance.sample(groups, chance.randint(0, 2)))
        people.append(member)
    connectors = [_connector(cast, chance, groups, number) for number in range(3)]
    tools = list(Tool.objects.filter(organization=cast.acme))
    for number in range(3):
        profile = Profile.objects.create(organization=cast.acme, slug=f"p{number}", name=f"Profile {number}")
        profile.groups.set(chance.sample(groups, chance.randint(0, 2)))
        profile.people.set(chance.sample(people, chance.randint(0, 2)))
        profile.connectors.set(chance.sample(connectors, chance.randint(0, 2)))
        profile.tools.set(chance.sample(tools, chance.randint(0, 3)))


def _connector(cast: Cast, chance: random.Random, groups: list[Group], number: int) -> Connector:
    states = ["active", "active", "paused"]
    connector = Connector.objects.create(
        organization=cast.acme, slug=f"c{number}", name=f"Connector {number}", state=chance.choice(states)
    )
    for place in range(4):
        tool = Tool.objects.create(
            organization=cast.acme,
            connector=connector,
            name=f"tool_{place}",
            is_enabled=chance.random() > 0.2,
            state=chance.choice(["pinned", "pinned", "pinned", "quarantined", "removed"]),
        )
        for group in chance.sample(groups, chance.randint(0, 2)):
            ToolPermission.objects.create(tool=tool, group=group)
        for role in chance.sample(ROLES, chance.randint(0, 1)):
            ToolPermission.objects.create(tool=tool, role=role)
    return connector


@pytest.mark.parametrize("seed", range(8))
def test_the_database_and_the_rules_agree(cast: Cast, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    if seed % 2:
        monkeypatch.setattr(in_database, "FEW", 0)  # as of very many people
    made_up(cast, seed)
    facts = facts_of(cast.acme.pk)
    tools = Tool.objects.filter(organization=cast.acme)
    rows = load_part(
        cast.acme,
        tools=list(tools.values_list("pk", flat=True)),
        people=[member.membership_id for member in facts.members.values()],
        profiles=Profile.objects.all(),
    )
    assert rows.members == facts.members and rows.profiles == facts.profiles
    for membership in Membership.objects.filter(organization=cast.acme).select_related("user"):
        member = rows.members[membership.user_id]
        for profile in Profile.objects.all():
            row = rows.profiles[profile.pk]
            told = {tool.pk for tool in callable_first(tools, membership, profile) if tool.rank == 0}
            assert told == {
                pk for pk, tool in rows.tools.items() if may_call(tool.facts, member.facts, row.facts).is_allowed
            }
        told = {tool.pk for tool in callable_first(tools, membership) if tool.rank == 0}
        assert told == {pk for pk, tool in rows.tools.items() if best_verdict(rows, tool, member).verdict.is_allowed}
    for profile in Profile.objects.all():
        entry = rows.profiles[profile.pk].facts
        assert {one.user_id for one in havers_of(profile)} == {
            member.user_id for member in rows.members.values() if may_open(entry, member.facts).is_allowed
        }
        people = [one.pk for one in havers_of(profile)]
        for membership_id, counts in counts_for(profile, people).items():
            member = next(one for one in rows.members.values() if one.membership_id == membership_id)
            seen = preview(rows, rows.profiles[profile.pk], member)
            assert counts == {kind: sum(one.tool.kind == kind for one in seen.allowed) for kind in Tool.Kind.values}
    for connector in Connector.objects.filter(organization=cast.acme):
        some = tools.filter(connector=connector)
        ids = set(some.values_list("pk", flat=True))
        assert {one.user_id for one in callers_of(cast.acme, some)} == {
            member.user_id
            for member in rows.members.values()
            if any(best_verdict(rows, rows.tools[pk], member).verdict.is_allowed for pk in ids)
        }
        assert set(profiles_with(some)) == {
            profile
            for profile in Profile.objects.all()
            if ids & {tool.id for tool in rows.tools_in(rows.profiles[profile.pk])}
        }


def test_a_part_says_what_the_whole_says(cast: Cast) -> None:
    made_up(cast, 99)
    whole, person = facts_of(cast.acme.pk), Membership.objects.get(user=cast.dana)
    for tool in Tool.objects.filter(organization=cast.acme):
        part = load_part(cast.acme, tools=[tool.pk], people=[person.pk], profiles=profiles_with([tool]))
        said = best_verdict(part, part.tools[tool.pk], part.members[cast.dana.pk])
        if tool.pk in whole.tools:
            assert said.verdict == best_verdict(whole, whole.tools[tool.pk], whole.members[cast.dana.pk]).verdict
