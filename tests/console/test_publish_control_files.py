"""Control files: each group's addresses and what is denied, as each client reads it; also live at an address."""

from __future__ import annotations

import json
import tomllib
from fnmatch import fnmatchcase
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from connectors.models import Profile
from harriet.console.control_files.rendered import Content, content_of, file_named, files_of
from harriet.people.models import FoundServer, PublishedControlFiles, User
from tests.stage.cast import Cast

pytestmark = pytest.mark.django_db


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def work(cast: Cast) -> Profile:
    profile = Profile.objects.create(organization=cast.acme, slug="work", name="Work")
    profile.groups.add(cast.sales)
    Profile.objects.create(organization=cast.acme, slug="other", name="Other")
    return profile


def denied(cast: Cast, kind: str, target: str, **more: Any) -> None:
    FoundServer.objects.create(
        organization=cast.acme,
        kind=kind,
        target=target,
        fingerprint=target.encode().ljust(32)[:32],
        decision="denied",
        **{"name": "bad", **more},
    )


def text(content: Content, client: str, name: str) -> str:
    file = file_named(content, client, name)
    assert file is not None
    return file.text


def test_each_client_is_given_the_groups_addresses(cast: Cast, work: Profile) -> None:
    content = content_of(cast.sales)
    claude = json.loads(text(content, "claude-code", "managed-mcp.json"))
    assert claude == {"mcpServers": {"work": {"type": "http", "url": work.url}}}
    settings = json.loads(text(content, "claude-code", "managed-settings.json"))
    assert settings["allowedMcpServers"] == [{"serverUrl": work.url}] and settings["allowManagedMcpServersOnly"] is True
    copilot = json.loads(text(content, "copilot", "managed-settings.json"))
    assert copilot == {"allowedMcpServers": [{"serverUrl": work.url}], "deniedMcpServers": []}
    codex = tomllib.loads(text(content, "codex", "requirements.toml"))
    assert codex == {"mcp_servers": {"work": {"identity": {"url": work.url}}}}
    assert tomllib.loads(text(content, "codex", "managed_config.toml")) == {"mcp_servers": {"work": {"url": work.url}}}


def test_the_page_of_long_files_shows_how_they_begin(cast: Cast, work: Profile) -> None:
    made = Profile.objects.bulk_create(
        Profile(organization=cast.acme, slug=f"team-{n}", name=f"Team {n}") for n in range(300)
    )
    cast.sales.profiles.add(*made)
    shown = signed_in(cast.alice).get(reverse("control_files:detail", args=[cast.sales.pk]))
    assert len(shown.content) < 60_000
    page = " ".join(shown.content.decode().split())
    assert "and 281 more, in the files below" in page and "more lines: download it to see or copy all of it" in page
    download = reverse("control_files:download", args=[cast.sales.pk, "copilot", "managed-settings.json"])
    settings = json.loads(signed_in(cast.alice).get(download).content)
    assert len(settings["allowedMcpServers"]) == 301


def test_what_is_denied_is_named_as_exactly_as_it_is_known(cast: Cast, work: Profile) -> None:
    denied(cast, "url", "https://bad.example/…/mcp")
    denied(cast, "command", "npx bad", words=["npx", "bad"])
    denied(cast, "command", "npx worse --token …", words=["npx", "worse", "--token", "…"], is_whole=False, name="worse")
    content = content_of(cast.sales)
    for client in ("claude-code", "copilot"):
        entries = json.loads(text(content, client, "managed-settings.json"))["deniedMcpServers"]
        assert sorted(entries, key=str) == [
            {"serverCommand": ["npx", "bad"]},
            {"serverName": "worse"},
            {"serverUrl": "https://bad.example/*/mcp*"},
        ]
    assert "# denied" in text(content, "codex", "requirements.toml")
    tomllib.loads(text(content, "codex", "requirements.toml"))


def test_a_name_that_a_client_would_refuse_the_whole_file_for_is_left_out(cast: Cast, work: Profile) -> None:
    """Names come from machines, and other clients take any; Claude Code takes letters, digits, hyphens and lines."""
    for name in ("my notes", "notes.v2", "nötes", "work", "good_Name-2"):
        denied(cast, "command", f"npx {name} …", words=["npx", name, "…"], is_whole=False, name=name)
    content = content_of(cast.sales)
    for client in ("claude-code", "copilot"):
        entries = json.loads(text(content, client, "managed-settings.json"))["deniedMcpServers"]
        assert entries == [{"serverName": "good_Name-2"}], "and Harriet’s own server is called work"
    page = signed_in(cast.alice).get(reverse("control_files:detail", args=[cast.sales.pk])).content.decode()
    assert "4 of them can’t be said" in page


def test_what_is_denied_reaches_no_further_than_it_says(cast: Cast, work: Profile) -> None:
    denied(cast, "url", "https://bad.example")
    denied(cast, "url", "https://bad.example:8443/")
    denied(cast, "url", work.url.rpartition("/mcp/")[0], name="harriet")
    settings = json.loads(text(content_of(cast.sales), "claude-code", "managed-settings.json"))
    patterns = [entry["serverUrl"] for entry in settings["deniedMcpServers"]]
    hits = {url: any(fnmatchcase(url, one) for one in patterns) for url in (*REACHED, *FREE, work.url)}
    assert [url for url, is_hit in hits.items() if is_hit] == REACHED


REACHED = ["https://bad.example", "https://bad.example/", "https://bad.example/mcp", "https://bad.example:8443/mcp"]
FREE = ["https://bad.example.org/mcp", "https://bad.examples/mcp", "https://bad.example:9000/"]


def test_a_group_without_profiles_may_use_nothing(cast: Cast) -> None:
    content = content_of(cast.sales)
    assert json.loads(text(content, "claude-code", "managed-mcp.json")) == {"mcpServers": {}}
    assert tomllib.loads(text(content, "codex", "requirements.toml")) == {"mcp_servers": {}}
    page = signed_in(cast.alice).get(reverse("control_files:detail", args=[cast.sales.pk])).content.decode()
    assert "people can use no server at all" in page


def test_files_are_seen_and_downloaded(cast: Cast, work: Profile) -> None:
    alice = signed_in(cast.alice)
    assert "Sales" in alice.get(reverse("control_files:list")).content.decode()
    page = alice.get(reverse("control_files:detail", args=[cast.sales.pk])).content.decode()
    for file in files_of(content_of(cast.sales)):
        address = reverse("control_files:download", args=[cast.sales.pk, file.client, file.name])
        answer = alice.get(address)
        assert address in page and answer.content.decode() == file.text
        assert file.name in answer["Content-Disposition"]
    assert alice.get(reverse("control_files:download", args=[cast.sales.pk, "codex", "other.toml"])).status_code == 404


def test_they_are_read_at_an_address_until_they_are_withdrawn(cast: Cast, work: Profile) -> None:
    alice, group = signed_in(cast.alice), cast.sales.pk
    alice.post(reverse("control_files:publish", args=[group]))
    address = reverse(
        "live_control_file", args=[PublishedControlFiles.objects.get().pk, "claude-code", "managed-mcp.json"]
    )
    assert address in alice.get(reverse("control_files:detail", args=[group])).content.decode()
    anybody = Client()
    first = anybody.get(address)
    assert json.loads(first.content)["mcpServers"]["work"]["url"] == work.url and "hrt_" not in first.content.decode()
    same = anybody.get(address, headers={"if-none-match": first["ETag"]})
    assert (same.status_code, same.content) == (304, b"")
    Profile.objects.get(slug="other").groups.add(cast.sales)
    moved = anybody.get(address, headers={"if-none-match": first["ETag"]})
    assert moved.status_code == 200 and "other" in moved.content.decode()
    alice.post(reverse("control_files:withdraw", args=[group]))
    assert anybody.get(address).status_code == 404
    alice.post(reverse("control_files:publish", args=[group]))
    assert str(PublishedControlFiles.objects.get().pk) not in address


def test_others_neither_see_nor_publish(cast: Cast) -> None:
    assert signed_in(cast.bob).post(reverse("control_files:publish", args=[cast.sales.pk])).status_code == 403
    assert signed_in(cast.dana).get(reverse("control_files:detail", args=[cast.sales.pk])).status_code == 403
    assert signed_in(cast.charlie).get(reverse("control_files:detail", args=[cast.sales.pk])).status_code == 404
