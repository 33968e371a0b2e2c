"""Pickers: people and groups are picked by searching for them, with scripts and without, however many there are."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import Event
from harriet.people.models import Group, Membership, User
from tests.stage.cast import Cast

MANY = 1_500


@pytest.fixture
def alice(client: Client, cast: Cast) -> Client:
    client.force_login(cast.alice)
    return client


@pytest.fixture
def crowd(cast: Cast) -> list[Membership]:
    """Fifteen hundred colleagues: p0000 Silva, p0001 Silva …"""
    users = User.objects.bulk_create(
        User(email=f"p{number:04}@acme.test", name=f"Person{number:04} Silva") for number in range(MANY)
    )
    members = Membership.objects.bulk_create(Membership(organization=cast.acme, user=user) for user in users)
    notice("people_user", "people_membership")
    return members


def notice(*tables: str) -> None:
    """As PostgreSQL does by itself before long: it plans by what it has seen in a table."""
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(tables)}")


@pytest.fixture
def groups(cast: Cast) -> list[Group]:
    return Group.objects.bulk_create(
        Group(organization=cast.acme, slug=f"team-{number:03}", name=f"Team {number:03}") for number in range(306)
    )


def options(client: Client, key: str, **asked: object) -> str:
    return client.get(reverse("pick", args=[key]), {"field": "q", **asked}).content.decode()


def labels(text: str) -> list[str]:
    return re.findall(r"<bdi>([^<]*)</bdi>", text)


def page_of_group(client: Client, cast: Cast, **asked: str) -> str:
    return client.get(reverse("groups:detail", args=[cast.sales.pk]), asked).content.decode()


def test_typing_finds_people_by_name_and_address_and_says_how_many_more(alice: Client, crowd: Any) -> None:
    text = options(alice, "people", q="p00")
    assert labels(text) == [f"Person00{number:02} Silva" for number in range(20)]
    assert "20 of 100, show more" in text
    assert "dana@acme.test" in options(alice, "people", q="DAN")
    assert "20 of 1,000+, show more" in options(alice, "people")


def test_show_more_goes_on_to_the_end_and_says_so(alice: Client, groups: Any) -> None:
    text, seen = options(alice, "groups", q="team"), []
    for _ in range(20):
        seen += labels(text)
        more = re.search(r'hx-get="([^"]+)"', text)
        if more is None:
            break
        text = alice.get(more[1].replace("&amp;", "&")).content.decode()
    assert seen == [f"Team {number:03}" for number in range(306)]


def test_beyond_a_thousand_it_asks_for_another_letter(alice: Client, crowd: Any) -> None:
    text = options(alice, "people", q="p", seen=980)
    assert "1,000 of 1,000+" in text and "Type another letter" in text and "show more" not in text
    assert "No person was found" in options(alice, "people", q="zz")


def test_any_word_of_a_name_finds(alice: Client, crowd: Any) -> None:
    assert labels(options(alice, "people", q="silva person0042")) == ["Person0042 Silva"]
    assert "20 of 1,000+" in options(alice, "people", q="silv")


def test_nobody_is_offered_who_is_elsewhere_or_gone(alice: Client, cast: Cast) -> None:
    assert "charlie" not in options(alice, "everybody").lower()
    Membership.objects.filter(user=cast.bob).update(is_active=False)
    assert "bob@" not in options(alice, "people") and "deactivated" in options(alice, "everybody", q="bob")


def test_only_who_sees_the_settings_may_search(client: Client, cast: Cast) -> None:
    assert client.get(reverse("pick", args=["people"])).status_code == 302
    client.force_login(cast.dana)
    assert client.get(reverse("pick", args=["people"])).status_code == 403
    assert client.get(reverse("pick", args=["own-devices"])).status_code == 200
    client.force_login(cast.alice)
    assert client.get(reverse("pick", args=["secrets"])).status_code == 404


@pytest.mark.parametrize("asked", [{"q": "%_'--"}, {"q": "\x00"}, {"seen": "-1"}, {"seen": "9" * 40}, {"field": "ö"}])
def test_odd_searches_find_nothing_but_never_fail(alice: Client, crowd: Any, asked: dict[str, str]) -> None:
    assert alice.get(reverse("pick", args=["people"]), {"field": "q", **asked}).status_code == 200


def test_without_scripts_find_brings_the_form_back_with_everything_typed(alice: Client, groups: Any) -> None:
    sent = {"email": "eve@acme.test", "role": "approver", "groups-q": "team 30", "find": "groups"}
    answer = alice.post(reverse("people:invite"), {**sent, "groups": [str(groups[7].pk)]})
    text = answer.content.decode()
    assert answer.status_code == 200 and 'class="error"' not in text
    assert 'value="eve@acme.test"' in text and 'value="approver" selected' in text
    assert re.search(rf'value="{groups[7].pk}" checked> <bdi>Team 007', text)
    assert all(f'value="{groups[number].pk}"> <bdi>Team {number}' in text for number in range(300, 306))
    assert "6 of 6" in text
    assert not Event.objects.filter(code="person.invited").exists()


def test_without_scripts_show_more_shows_the_next_and_keeps_what_is_ticked(alice: Client, groups: Any) -> None:
    sent = {"email": "eve@acme.test", "groups-q": "team", "groups-found": "team"}
    text = alice.post(reverse("people:invite"), {**sent, "find": "groups"}).content.decode()
    assert "20 of 306" in text
    more = re.search(r'name="find" value="(groups more 20)"', text)
    assert more
    ticked = {**sent, "groups": [str(groups[3].pk)], "find": more[1]}
    text = alice.post(reverse("people:invite"), ticked).content.decode()
    assert "40 of 306" in text and "Team 039" in text and "Team 019" not in text
    assert re.search(rf'value="{groups[3].pk}" checked', text)


def test_what_was_typed_and_not_chosen_is_not_dropped_in_silence(alice: Client, groups: Any) -> None:
    sent = {"email": "eve@acme.test", "role": "member", "way": "hand", "groups-q": "team 30"}
    answer = alice.post(reverse("people:invite"), sent)
    text = answer.content.decode()
    assert answer.status_code == 400 and "“team 30” was typed, and nothing was chosen for it" in text
    assert "Team 305" in text


@pytest.mark.parametrize("wrong", ["garbage", "00000000-0000-0000-0000-000000000000", "foreign", "deleted"])
def test_what_is_not_here_is_refused_and_nothing_else_is_lost(
    alice: Client, cast: Cast, groups: list[Group], wrong: str
) -> None:
    foreign = Group.objects.create(organization=cast.globex, slug="theirs", name="Theirs")
    gone = Group.objects.create(organization=cast.acme, slug="gone", name="Gone")
    value = {"foreign": str(foreign.pk), "deleted": str(gone.pk)}.get(wrong, wrong)
    gone.delete()
    sent = {"email": "eve@acme.test", "role": "member", "way": "hand", "groups": [str(groups[5].pk), value]}
    answer = alice.post(reverse("people:invite"), sent)
    text = answer.content.decode()
    assert answer.status_code == 400 and "is not here any more and was taken out" in text
    assert f'value="{groups[5].pk}" checked' in text and "eve@acme.test" in text and "Theirs" not in text


def test_few_are_offered_without_a_search(alice: Client, cast: Cast) -> None:
    text = alice.get(reverse("people:invite")).content.decode()
    assert f'name="groups" value="{cast.sales.pk}"' in text and "groups-q" not in text


def test_many_people_join_a_group_and_leave_it_one_by_one(alice: Client, cast: Cast, crowd: list[Membership]) -> None:
    people = [str(one.pk) for one in crowd[:3]]
    added = alice.post(reverse("groups:add_people", args=[cast.sales.pk]), {"people": people}, follow=True)
    assert "3 people were added to Sales." in added.content.decode()
    assert Event.objects.filter(code="person.groups_changed").count() == 3
    again = alice.post(reverse("groups:add_people", args=[cast.sales.pk]), {"people": people}, follow=True)
    assert "They are in Sales already." in again.content.decode()
    left = alice.post(reverse("groups:remove_person", args=[cast.sales.pk, people[0]]), follow=True)
    assert "is not in Sales any more." in left.content.decode()
    assert not crowd[0].groups.exists() and crowd[1].groups.get() == cast.sales


def test_nobody_of_another_organization_joins(alice: Client, cast: Cast) -> None:
    charlie = Membership.objects.get(user=cast.charlie)
    answer = alice.post(reverse("groups:add_people", args=[cast.sales.pk]), {"people": [str(charlie.pk)]})
    assert answer.status_code == 400 and not charlie.groups.exists()
    assert alice.post(reverse("groups:remove_person", args=[cast.sales.pk, charlie.pk])).status_code == 404


def test_a_group_of_everybody_is_shown_a_page_at_a_time_to_the_last(
    alice: Client, cast: Cast, crowd: list[Membership]
) -> None:
    cast.sales.memberships.add(*crowd)
    notice("people_membership_groups")
    with CaptureQueriesContext(connection) as asked:
        text = page_of_group(alice, cast)
    assert len(text) < 100_000 and len(asked) <= 15
    seen: list[str] = []
    for _ in range(40):
        seen += re.findall(r'grow"><bdi>(Person\d+)', text)
        more = re.search(r'href="([^"]+\?q-after=[^"]+)"', text)
        if more is None:
            break
        text = alice.get(more[1]).content.decode()
    assert seen == [f"Person{number:04}" for number in range(MANY)]
    text = page_of_group(alice, cast, q="p14")
    assert "50 of 100" in text and "Person1400 Silva" in text


def test_a_person_of_very_many_groups_keeps_those_that_the_form_does_not_show(
    alice: Client, cast: Cast, groups: list[Group]
) -> None:
    dana = Membership.objects.get(user=cast.dana)
    dana.groups.set(groups)
    text = alice.get(reverse("people:detail", args=[dana.pk])).content.decode()
    assert "And 256 more, which stay chosen." in text
    had = re.search(r'name="groups-had" value="([^"]*)"', text)
    assert had
    sent = {"groups-had": had[1], "groups": [*had[1].split(",")[1:], str(cast.sales.pk)]}
    alice.post(reverse("people:groups", args=[dana.pk]), sent)
    after = set(dana.groups.values_list("slug", flat=True))
    assert after == {group.slug for group in groups} - {"team-000"} | {"sales"}
