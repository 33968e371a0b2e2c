"""Search: people, connectors, tools, pages and actions by how their words begin; of what one may open alone."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from connectors.models import Connector, Tool
from harriet.console.search.find import find
from harriet.console.search.places import ACTIONS, PAGES
from harriet.people.models import Device, Group, Membership, Organization, SearchWord, User
from harriet.people.roles import Role
from harriet.people.search_words import first_found, has_words, words_in
from tests.stage.cast import Cast, person
from tests.stage.company import make_busy_company

pytestmark = pytest.mark.django_db


def page(client: Client, user: User, text: str, **more: Any) -> str:
    client.force_login(user)
    answer = client.get(reverse("console:search"), {"q": text}, **more)
    assert answer.status_code == 200
    return answer.content.decode().partition("<main")[2] or answer.content.decode()


FOUND = [
    ("dana", "dana@acme.test"),
    ("weber", "Jonas Weber"),
    ("WEBER jon", "Jonas Weber"),
    ("person1", "Jonas Weber"),
    ("acme.test aiko", "Aiko Tanaka"),
    ("فاطمة", "فاطمة الزهراء"),
    ("crm", "CRM"),
    ("reconciliation", "Quarterly-forecast-reconciliation"),
    ("send_m", "send_mail"),
    ("mail", "send_mail"),
    ("#2", "#2 "),
    ("2", "#2 "),
    ("service desk", "Service desk"),
    ("finance", "Finance"),
    ("tablet", "Tablet"),
    ("audit", ">Audit<"),
    ("smtp", ">Settings → Mail<"),
    ("Settings → Mail", ">Settings → Mail<"),
    ("licences", ">Settings → Licences<"),
    ("this installation", ">Settings → This installation<"),
    ("help", ">Help<"),
    ("docs", ">Help<"),
    ("my tools", ">My AI → My tools<"),
    ("notifications", ">Your account → Notifications<"),
    ("new conn", ">New connector<"),
    ("invite", ">Invite somebody<"),
]


def test_things_are_found_by_any_of_their_words(cast: Cast, client: Client) -> None:
    make_busy_company(cast)
    for text, found in FOUND:
        assert found in page(client, cast.alice, text), text


def test_a_name_in_one_word_is_found_by_its_parts(cast: Cast, client: Client) -> None:
    connector = make_busy_company(cast).connectors[0]
    Tool.objects.create(organization=cast.acme, connector=connector, name="createIssueV2")
    for text in ("issue", "createissue", "create v2"):
        assert "createIssueV2" in page(client, cast.alice, text)
    assert "createIssueV2" not in page(client, cast.alice, "ssue")


def test_it_finds_nothing_of_others(cast: Cast, client: Client) -> None:
    make_busy_company(cast)
    for text in ("dana", "crm", "send", "2", "weber"):
        assert "Nothing found" in page(client, cast.charlie, text)


def test_every_role_finds_only_what_it_may_open(cast: Cast, client: Client) -> None:
    make_busy_company(cast)
    texts = (
        "dana",
        "crm",
        "mail",
        "settings",
        "audit",
        "tickets",
        "new",
        "finance",
        "my",
        "log",
        "password",
        "service",
    )
    for role in Role:
        user = person(cast.acme, f"Robin {role}", role)
        for text in texts:
            for url in set(re.findall(r'<a class="grow" href="([^"]+)"', page(client, user, text))):
                assert client.get(unescape(url)).status_code == 200, (role, text, url)


def test_a_member_finds_their_own_calls_and_pages(cast: Cast, client: Client) -> None:
    make_busy_company(cast)
    assert reverse("tickets:detail", args=[1]) in page(client, cast.dana, "crm")
    assert "My AI → Activity" in page(client, cast.dana, "activity")
    assert "Dana" not in page(client, cast.dana, "dana@acme.test").partition("<h2")[2]
    other = person(cast.acme, "Erin", Role.MEMBER)
    assert "Nothing found" in page(client, other, "crm")


def test_a_section_ends_with_all_that_was_found(cast: Cast, client: Client) -> None:
    connector = make_busy_company(cast).connectors[0]
    many = [Tool(organization=cast.acme, connector=connector, name=f"list_invoices_{n:03}") for n in range(60)]
    Tool.objects.bulk_create(many)
    for number in range(12):
        person(cast.acme, f"Maria Silva {number}", Role.MEMBER, email=f"silva{number}@acme.test")
    found = page(client, cast.alice, "silva")
    assert found.count("Maria Silva") == 8
    all_people = re.search(r'<a href="([^"]+)">Show all<span class="sr"> people', found)
    assert all_people is not None
    assert client.get(unescape(all_people[1])).content.decode().count("silva1") >= 3
    all_tools = re.search(r'<a href="([^"]+)">Show all<span class="sr"> tools', page(client, cast.alice, "invoices"))
    assert all_tools is not None
    seen: set[str] = set()
    url = unescape(all_tools[1])
    while url:
        shown = client.get(url).content.decode()
        seen |= set(re.findall(r"list_invoices_\d+", shown))
        further = re.search(r'rel="next" href="([^"]+)"', shown)
        url = reverse("console:search") + unescape(further[1]) if further else ""
    assert len(seen) == 60


def test_of_many_people_the_same_ones_are_shown_each_time(cast: Cast) -> None:
    for number in (3, 2, 1):
        person(cast.acme, f"Newcomer{number}", Role.MEMBER)
    member = Membership.objects.get(user=cast.alice, organization=cast.acme)
    found = find(member, cast.alice, "newcomer", most=2)[0]
    assert [hit.label for hit in found.hits] == ["Newcomer1", "Newcomer2"]


def test_what_is_found_while_typing_is_a_part_of_the_page(cast: Cast, client: Client) -> None:
    make_busy_company(cast)
    part = page(client, cast.alice, "crm", headers={"HX-Request": "true"})
    assert "<html" not in part
    assert "CRM" in part and f"{reverse('console:search')}?q=crm" in part
    assert "Nothing that you may open" in page(client, cast.alice, "zzz", headers={"HX-Request": "true"})
    assert not page(client, cast.alice, " ", headers={"HX-Request": "true"}).strip()


def test_words_follow_every_change_of_a_name(cast: Cast) -> None:
    connector = make_busy_company(cast).connectors[0]
    Group.objects.filter(pk=cast.sales.pk).update(name="Revenue")
    User.objects.filter(pk=cast.dana.pk).update(name="Dana Scully")
    Membership.objects.create(organization=cast.globex, user=cast.dana)
    Connector.objects.filter(pk=connector.pk).update(name="Customer care")
    Tool.objects.filter(connector=connector, name="add_note").delete()
    Device.objects.filter(user=cast.dana, kind="machine").update(name="Notebook")
    User.objects.filter(email="person4@acme.test").delete()
    kept = set(SearchWord.objects.values_list("noun", "subject_id", "organization_id", "word"))
    assert kept == counted_words()
    assert len(first_found(cast.globex.pk, ["person"], "scully", 5)["person"]) == 1
    Organization.objects.filter(pk=cast.globex.pk).delete()
    assert set(SearchWord.objects.values_list("noun", "subject_id", "organization_id", "word")) == counted_words()


def counted_words() -> set[tuple[Any, ...]]:
    """From the rows as they are now."""
    tables = {
        "group": "people_group t, search_words_of(t.name || ' ' || t.slug)",
        "device": "people_device t, search_words_of(t.name)",
        "connector": "connectors_connector t, search_words_of(t.name || ' ' || t.slug)",
        "tool": "connectors_tool t, search_words_of(t.name)",
        "profile": "connectors_profile t, search_words_of(t.name || ' ' || t.slug)",
        "credential": "vault_credential t, search_words_of(t.name)",
        "ticket": "approvals_ticket t, search_words_of(t.title)",
        "person": "people_membership t JOIN people_user u ON u.id = t.user_id,"
        " search_words_of(u.name || ' ' || u.email)",
    }
    parts = (f"SELECT '{noun}', t.id, t.organization_id, word FROM {rows} AS word" for noun, rows in tables.items())
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts))
        return set(cursor.fetchall())


@pytest.mark.parametrize(
    "said", ["Maria da Silva", "o'brien-smith", "a\u00a0b", "x" * 90, "Ünïcödé ÉCOLE", "a_b.c@d/e"]
)
def test_a_word_is_the_same_for_the_database_and_for_whoever_asks(db: None, said: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT array_agg(word) FROM search_words_of(%s) AS word", [said])
        assert set(words_in(said)) <= set(cursor.fetchone()[0])


def test_a_small_company_beside_a_huge_one_reads_its_own_words(cast: Cast) -> None:
    """Every plan finds words and subjects by an index, and touches no more rows than it shows."""
    huge = Organization.objects.create(slug="huge", name="Huge")
    users = [User(email=f"maria.silva{n}@huge.test", name=f"Maria Silva {n}") for n in range(3000)]
    User.objects.bulk_create(users)
    Membership.objects.bulk_create(Membership(organization=huge, user=user) for user in users)
    person(cast.acme, "Maria Santos", Role.MEMBER)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE people_searchword")
    for organization, text, count in ((cast.acme, "maria", 1), (huge, "maria", 9), (huge, "silva maria", 9)):
        with CaptureQueriesContext(connection) as taken:
            assert len(first_found(organization.pk, ["person", "group", "tool"], text, 9)["person"]) == count
        assert len(taken) == 1
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {taken.captured_queries[0]['sql']}")
            plan = cursor.fetchone()[0]
        plan = json.loads(plan) if isinstance(plan, str) else plan
        assert not [node for node in nodes(plan[0]["Plan"]) if node["Node Type"] == "Seq Scan"]
        assert sum(node["Actual Rows"] * node["Actual Loops"] for node in nodes(plan[0]["Plan"])) < 600


def nodes(node: dict[str, Any]) -> list[dict[str, Any]]:
    return [node, *(inner for below in node.get("Plans", []) for inner in nodes(below))]


def test_a_search_asks_few_queries(cast: Cast, client: Client) -> None:
    make_busy_company(cast)
    client.force_login(cast.alice)
    for text in ("a", "e s", "crm", "mail", "2"):
        with CaptureQueriesContext(connection) as taken:
            client.get(reverse("console:search"), {"q": text})
        assert len(taken) <= 15, text


def test_every_page_and_action_leads_somewhere(cast: Cast, client: Client) -> None:
    client.force_login(cast.alice)
    for place in (*PAGES, *ACTIONS):
        if not place.is_operators:
            assert client.get(reverse(place.view)).status_code in {200, 302}, place


def test_a_word_narrows_a_list(cast: Cast) -> None:
    make_busy_company(cast)
    people = Membership.objects.filter(has_words("person", "jonas"), organization=cast.acme)
    assert [one.user.name for one in people] == ["Jonas Weber"]
    assert Membership.objects.filter(has_words("person", " "), organization=cast.acme).count() == 9
