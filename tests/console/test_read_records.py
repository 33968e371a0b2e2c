"""Settings → Records: every noun, of one's own organization, to read; nothing sealed, nothing of anybody else."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.apps import apps
from django.db.models import BinaryField
from django.test import Client
from django.urls import reverse

from connectors.models import Connector
from harriet.console.records.registry import (
    WITHOUT_RECORD,
    _complaints_of,
    all_records,
    complaints,
    field_of,
    leads_to,
    model_of,
    record_of,
    target_of,
)
from harriet.lib.records import INSTALLATION, Record
from harriet.people.actions.invite_person import invite_person
from harriet.people.models import Device, Membership, Notice, User
from harriet.people.roles import Power, Role, roles_with
from tests.console.records import list_url, row_url, rows_in
from tests.stage.cast import Cast, person
from tests.stage.every_row import make_everything

READERS = roles_with(Power.VIEW_RECORDS)
OF_ORGANIZATIONS = [record for record in all_records() if record.scope != INSTALLATION]


@pytest.fixture(scope="module")
def cast(shared_cast: Cast) -> Cast:
    """One company for all of this file, which only reads."""
    make_everything(shared_cast)
    return shared_cast


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=user.pk))
    return client


def person_with(cast: Cast, role: Role) -> User:
    found = Membership.objects.filter(organization=cast.acme, role=role).first()
    return found.user if found else person(cast.acme, f"A {role}", role, email=f"{role}@acme.test")


def text_of(client: Client, url: str, /, **query: str) -> str:
    answer = client.get(url, query)
    assert answer.status_code == 200, (url, answer.status_code)
    return answer.content.decode()


def test_every_model_has_an_entry_that_fits(cast: Cast) -> None:
    assert not list(complaints())
    assert len(all_records()) + len(WITHOUT_RECORD) == len(list(apps.get_models()))


def test_a_field_that_nobody_decided_about_is_complained_of() -> None:
    record = record_of("people.Device")
    assert record is not None
    fields = {name: label for name, label in record.fields.items() if name != "last_seen_at"}
    assert list(_complaints_of(replace(record, fields=fields, columns=("name",)))) == [
        "last_seen_at is neither among the fields nor hidden: say which."
    ]
    token = record_of("people.AccessToken")
    assert token is not None
    others = {name: why for name, why in token.hidden.items() if name != "token_hash"}
    shown = replace(token, fields={**token.fields, "token_hash": "Hash"}, hidden=others)
    assert list(_complaints_of(shown)) == ["token_hash holds bytes: sealed or hashed, and never shown."]
    misspelt = replace(record, columns=("name", "nmae"), fields={**record.fields, "nmae": "Name"})
    assert list(_complaints_of(misspelt)) == ["nmae is no field of it."]


@pytest.mark.parametrize("role", READERS)
def test_readers_see_every_list_and_every_row(cast: Cast, role: Role) -> None:
    client = signed_in(person_with(cast, role))
    index = text_of(client, reverse("admin:records"))
    for record in OF_ORGANIZATIONS:
        assert f'href="{list_url(record)}"' in index
        row = rows_in(record, cast.acme).first()
        assert row is not None, f"tests/stage/every_row.py makes no {record.one}"
        assert row_url(record, row) in text_of(client, list_url(record)), record.model
        assert str(row.pk) in text_of(client, row_url(record, row)), record.model


@pytest.mark.parametrize("role", [role for role in Role if role not in READERS])
def test_other_roles_see_none(cast: Cast, role: Role) -> None:
    client = signed_in(person_with(cast, role))
    for record in all_records():
        row = rows_in(record, cast.acme).first()
        assert client.get(list_url(record)).status_code == 403
        assert client.get(row_url(record, row)).status_code == 403
    assert client.get(reverse("admin:records")).status_code == 403
    assert reverse("admin:records") not in text_of(client, reverse("console:inbox"))


def test_nobody_reads_before_signing_in(cast: Cast) -> None:
    for record in all_records():
        row = rows_in(record, cast.acme).first()
        for url in (list_url(record), row_url(record, row)):
            answer = Client().get(url)
            assert (answer.status_code, answer["Location"][:16]) == (302, "/accounts/login/")


def test_an_outsider_finds_no_row_by_its_id(cast: Cast) -> None:
    charlie = signed_in(cast.charlie)
    for record in OF_ORGANIZATIONS:
        for row in rows_in(record, cast.acme)[:3]:
            for more in ("", "?_to_field=id", "?_popup=1", "?_changelist_filters=q%3Da"):
                assert charlie.get(row_url(record, row) + more).status_code == 404, record.model


def words_of(cast: Cast) -> set[str]:
    """What only Acme has: ids and names."""
    words = {str(row.pk) for record in OF_ORGANIZATIONS for row in rows_in(record, cast.acme)[:200]} - {"1", "2", "3"}
    names = {str(user.email) for user in User.objects.filter(memberships__organization=cast.acme)}
    return {word for word in words | names if len(word) > 8} | {"Service desk", "Nightly report", "search_customers"}


def test_no_filter_search_or_parameter_shows_an_outsider_anything(cast: Cast) -> None:
    charlie, words = signed_in(cast.charlie), words_of(cast)
    for record in OF_ORGANIZATIONS:
        queries: list[dict[str, str]] = [{}, {"q": "a"}, {"q": "%"}, {"all": "", "e": "1", "o": "1", "p": "0"}]
        queries += [{"_to_field": "id", "_popup": "1"}, {"since": "2020-01-01", "until": "2099-01-01"}]
        queries += [{f"{record.scope}__id__exact": str(cast.acme.pk), record.scope: str(cast.acme.pk)}]
        queries += [{name: id, f"{name}__id__exact": id} for name, id in foreign_ids(cast, record)]
        for query in queries:
            page = text_of(charlie, list_url(record), **query)
            asked = set(query.values())
            assert not [word for word in words if word in page and word not in asked], (record.model, query)


def foreign_ids(cast: Cast, record: Record) -> Iterator[tuple[str, str]]:
    for name in record.filters:
        if target := target_of(record, name):
            row = rows_in(target, cast.acme).first()
            assert row is not None
            yield name, str(row.pk)


def test_a_row_of_another_organization_is_no_filter(cast: Cast) -> None:
    """Not even by name, and not even when a row of ours leads there."""
    charlie = signed_in(cast.charlie)
    stray = Device.objects.create(organization=cast.globex, user=cast.dana, name="A stray device")
    page = text_of(charlie, list_url(known("people.Device")))
    assert "A stray device" in page
    assert "Dana" not in page
    assert "no longer here" in page
    row = text_of(charlie, row_url(known("people.Device"), stray))
    assert "Dana" not in row
    filtered = text_of(charlie, list_url(known("people.Device")), user=str(cast.dana.pk))
    assert "none that is here" in filtered
    assert "Dana" not in filtered
    stray.delete()


def test_what_another_organization_asks_somebody_stays_theirs(cast: Cast) -> None:
    """Acme asks Charlie to join; Globex, where he works, reads that he was told something, not what."""
    invite_person(cast.acme, cast.charlie.email, Role.MEMBER, [], actor=cast.actor(cast.alice))
    notice = Notice.objects.get(user=cast.charlie)
    assert notice.organization == cast.globex
    assert "Acme" in notice.text
    charlie = signed_in(cast.charlie)
    for url in (list_url(known("people.Notice")), row_url(known("people.Notice"), notice)):
        page = text_of(charlie, url)
        assert str(notice.pk) in page
        assert "Acme" not in page
        assert notice.path not in page.partition("<main")[2]
    notice.delete()


def known(label: str) -> Record:
    record = record_of(label)
    assert record is not None
    return record


def test_django_s_own_addresses_are_not_there(cast: Cast) -> None:
    alice = signed_in(cast.alice)
    for path in ("jsi18n/", "autocomplete/", "r/1/1/", "people/device/", "people/user/add/"):
        for method in (alice.get, alice.post):
            assert method(f"/settings/{path}").status_code == 404, path


def everything() -> dict[str, list[Any]]:
    return {model._meta.label: list(model._default_manager.order_by("pk").values()) for model in apps.get_models()}


def test_nothing_is_added_changed_or_deleted_here(cast: Cast) -> None:
    """As the owner, at every address where Django's admin site would do it."""
    alice = signed_in(cast.alice)
    alice.get("/")
    before = everything()
    for record in all_records():
        listed, row = list_url(record), rows_in(record, cast.acme).first()
        values = dict.fromkeys(record.fields, "1") | {"post": "yes", "_save": "Save", "action": "delete_selected"}
        values |= {"_selected_action": str(row.pk), "form-TOTAL_FORMS": "1"}
        for url in (listed, row_url(record, row)):
            for method in (alice.post, alice.put, alice.patch, alice.delete):
                assert method(url, values if method is alice.post else None).status_code == 405, url
        for url in (f"{listed}add/", *(f"{row_url(record, row)}{verb}/" for verb in ("change", "delete", "history"))):
            assert alice.post(url, values).status_code in {404, 405}, url
            assert alice.get(url).status_code == 404, url
    assert everything() == before


def sealed_values(cast: Cast) -> set[str]:
    """Every hidden value there is, in the forms in which it might be written."""
    forms: set[str] = set()
    for record in all_records():
        for name in record.hidden:
            field = field_of(record, name)
            is_secret = isinstance(field, BinaryField) or name in ("password", "body", "text")
            if is_secret and field is not None:
                for value in model_of(record)._default_manager.values_list(name, flat=True)[:50]:
                    forms |= set(written(value))
    return forms


def written(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif value:
        raw = bytes(value)
        yield from (raw.hex(), base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode(), str(raw))


def test_nothing_sealed_or_hashed_is_on_any_page(cast: Cast) -> None:
    operator = User.objects.create_superuser("operator@installation.test", "correct horse battery")
    forms = sealed_values(cast)
    assert len(forms) > 200
    for client in (signed_in(cast.alice), signed_in(operator)):
        for record in all_records():
            pages = [client.get(list_url(record))]
            pages += [client.get(row_url(record, row)) for row in rows_in(record, cast.acme)[:5]]
            for page in pages:
                found = [form for form in forms if form in page.content.decode()]
                assert not found, (record.model, found)
    operator.delete()


def test_a_row_leads_to_its_page_its_neighbours_and_its_history(cast: Cast) -> None:
    alice, connector = signed_in(cast.alice), Connector.objects.get(organization=cast.acme, slug="crm")
    page = text_of(alice, row_url(known("connectors.Connector"), connector))
    assert reverse("connectors:detail", args=[connector.pk]) in page
    assert f"{list_url(known('connectors.Tool'))}?connector={connector.pk}" in page
    assert "called search_customers on CRM" in page
    tools = text_of(alice, list_url(known("connectors.Tool")), connector=str(connector.pk))
    assert "send_mail" in tools
    assert 'Connector: <bdi class="visible">CRM</bdi>' in tools
    group = text_of(alice, row_url(known("people.Group"), cast.sales))
    assert reverse("groups:detail", args=[cast.sales.pk]) in group


WITH_PAGES = (
    "connectors.Connector",
    "connectors.Tool",
    "connectors.Profile",
    "people.Membership",
    "people.Group",
    "approvals.Ticket",
    "audit.Event",
    "vault.Credential",
)


def page_of(record: Record, row: Any) -> str:
    """Where the row's subject is looked after."""
    if record.model == "connectors.Tool":
        return reverse("connectors:tool", args=[row.connector_id, row.pk])
    assert record.page is not None
    return reverse(record.page.view, args=[getattr(row, record.page.argument)])


def test_a_page_leads_to_its_subject_s_row_for_readers_alone(cast: Cast) -> None:
    alice, dana = signed_in(cast.alice), signed_in(cast.dana)
    bob = signed_in(person_with(cast, Role.APPROVER))
    for label in WITH_PAGES:
        row = rows_in(known(label), cast.acme).earliest("pk")
        page, url = page_of(known(label), row), row_url(known(label), row)
        assert url in text_of(alice, page), page
        for nobody in (bob, dana):
            assert url not in nobody.get(page).content.decode(), page


def test_an_auditor_is_led_to_no_page_that_is_closed_to_them(cast: Cast) -> None:
    ticket = rows_in(known("approvals.Ticket"), cast.acme).earliest("number")
    url = reverse("tickets:detail", args=[ticket.number])
    assert url in text_of(signed_in(cast.alice), row_url(known("approvals.Ticket"), ticket))
    assert url not in text_of(signed_in(person_with(cast, Role.AUDITOR)), row_url(known("approvals.Ticket"), ticket))


def test_lists_are_searched_and_filtered(cast: Cast) -> None:
    alice = signed_in(cast.alice)
    tools = list_url(known("connectors.Tool"))
    assert "send_mail" in text_of(alice, tools, q="SEND_")
    assert "send_mail" not in text_of(alice, tools, q="end_mail")
    assert "Nothing matches" in text_of(alice, tools, q="send%")
    people = list_url(known("people.Membership"))
    assert "Alice" in text_of(alice, people, q="ALICE@")
    assert "Dana" not in text_of(alice, people, role="owner").partition("<table")[2]
    assert "Dana" in text_of(alice, people, role="member").partition("<table")[2]
    assert "Nothing matches" in text_of(alice, people, since="2099-01-01")
    assert "Nothing matches" in text_of(alice, people, until="2001-01-01")
    assert "Nothing matches" in text_of(alice, people, user="no id")
    events = list_url(known("audit.Event"))
    assert "was refused" in text_of(alice, events, code="call.refused")
    assert "was refused" not in text_of(alice, events, code="call.outcome")


def test_every_link_to_a_list_filters_it(cast: Cast) -> None:
    alice = signed_in(cast.alice)
    for record in OF_ORGANIZATIONS:
        row = rows_in(record, cast.acme).first()
        for other, name in leads_to(record):
            page = text_of(alice, list_url(other), **{name: str(row.pk)})
            assert f'{other.fields[name]}: <bdi class="visible">' in page, (other.model, name)


def test_hidden_characters_of_a_server_are_shown_in_titles_and_filters(cast: Cast) -> None:
    alice, tool = signed_in(cast.alice), rows_in(known("connectors.Tool"), cast.acme).earliest("pk")
    name = tool.name
    model_of(known("connectors.Tool")).objects.filter(pk=tool.pk).update(name="send\u202email\u200b")
    row = text_of(alice, row_url(known("connectors.Tool"), tool))
    chosen = text_of(alice, list_url(known("connectors.ToolVersion")), tool=str(tool.pk))
    for page in (row, chosen):
        assert "send" in page
        assert "\u202e" not in page
        assert "\u200b" not in page
    model_of(known("connectors.Tool")).objects.filter(pk=tool.pk).update(name=name)


def test_a_definition_of_a_megabyte_is_a_short_page(cast: Cast) -> None:
    alice, version = signed_in(cast.alice), rows_in(known("connectors.ToolVersion"), cast.acme).earliest("pk")
    kept = version.definition
    versions = model_of(known("connectors.ToolVersion")).objects.filter(pk=version.pk)
    versions.update(definition={f"key {n}": ["<b>", "\u202e", {"n": n}] for n in range(20_000)})
    page = text_of(alice, row_url(known("connectors.ToolVersion"), version))
    assert "(shortened)" in page
    assert len(page) < 60_000
    assert "\u202e" not in page
    assert "<b>" not in page
    versions.update(definition=kept)
