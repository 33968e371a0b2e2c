"""Help: every page says what it is for, every word it uses is explained, every document is read inside."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from harriet.console.help.documents import FOLDER, SHELVES, names
from harriet.console.help.topics import TOPICS, WORDS
from harriet.console.navigation import sections_for
from harriet.people.models import Membership
from tests.stage.cast import Cast

DOCUMENTS = sorted(path.stem for path in FOLDER.glob("*.md"))


def test_every_document_stands_on_one_shelf() -> None:
    placed = [name for shelf in SHELVES for name in shelf.names]
    assert sorted(placed) == DOCUMENTS


def test_topics_name_words_and_documents_that_there_are() -> None:
    assert {word for topic in TOPICS.values() for word in topic.words} == set(WORDS)
    assert {name for topic in TOPICS.values() for name in topic.documents} <= names()


@pytest.mark.django_db
def test_every_entry_of_the_rail_has_a_topic(cast: Cast, client: Client) -> None:
    client.force_login(cast.alice)
    owner = Membership.objects.get(user=cast.alice, organization=cast.acme)
    general = client.get(reverse("help:general")).content.decode()
    for section in sections_for(owner, tickets=0):
        for entry in section.entries:
            page = client.get(entry.url)
            address = reverse("help:topic", args=[entry.key])
            assert f'hx-get="{address}"' in page.content.decode(), entry.key
            told = client.get(address).content.decode()
            assert "<h2>Words</h2>" in told and told != general


@pytest.mark.django_db
def test_drawer_gets_the_topic_alone(cast: Cast, client: Client) -> None:
    client.force_login(cast.dana)
    answer = client.get(reverse("help:topic", args=["me"]), headers={"HX-Request": "true", "HX-Target": "help"})
    assert "<html" not in answer.content.decode()
    assert "Your own part of Harriet" in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("name", DOCUMENTS)
def test_document_is_read_inside_and_its_links_lead_somewhere(cast: Cast, client: Client, name: str) -> None:
    client.force_login(cast.dana)
    page = client.get(reverse("help:document", args=[name]))
    assert page.status_code == 200
    html = page.content.decode()
    assert html.count("<h1>") == 1
    article = html.partition('<article class="prose">')[2].partition("</article>")[0]
    for address in re.findall(r'(?:href|src)="([^"]+)"', article):
        path, _, anchor = address.partition("#")
        if "://" in path or path.startswith("mailto:"):
            continue
        target = html if not path else _opened(client, path, f"{name} links to {address}")
        assert not anchor or f'id="{anchor}"' in target, f"{name} links to {address}"


def _opened(client: Client, path: str, why: str) -> str:
    assert path.startswith("/"), why
    answer = client.get(path)
    assert answer.status_code == 200, why
    return b"".join(answer).decode(errors="replace")


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["nothing", "../README", "..", "production.md"])
def test_other_files_are_no_documents(cast: Cast, client: Client, name: str) -> None:
    client.force_login(cast.dana)
    assert client.get(f"/help/{name}/").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["nothing.png", "..%2F..%2FREADME.md", "people.md", "first-run.png"])
def test_other_files_are_no_pictures(cast: Cast, client: Client, name: str) -> None:
    client.force_login(cast.dana)
    assert client.get(f"/help/pictures/{name}").status_code == 404
