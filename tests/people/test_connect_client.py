"""My AI: connecting a client with the real address, the token shown once, and the tick when the first call came."""

from __future__ import annotations

import html
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from audit.actor import Actor, Label
from audit.context import request as audit_request
from audit.events import CALL_INTENT, CALL_OUTCOME
from audit.record import insert
from connectors.models import Profile
from harriet.console.me.clients import CLIENTS, ServerEntry
from harriet.lib.ids import new_id
from harriet.people.actions.register_device import register_device
from harriet.people.models import AccessToken, Device, MadeOnce
from tests.stage.events import any_event

PAGES = ["me:home", "me:tools", "me:request", "me:devices", "me:connect", "me:activity", "me:usage", "me:waiting"]


BASE = Path(settings.BASE_DIR)
DOOR = ServerEntry("work", "https://harriet.example/mcp/acme/work")


@pytest.fixture
def work(cast: Any) -> Profile:
    profile = Profile.objects.create(organization=cast.acme, slug="work", name="Work")
    profile.groups.add(cast.sales)
    return profile


def connect(browser: Client, profile: Profile, **given: str) -> Any:
    filled = {"client": "claude-code", "profile": str(profile.pk), "expires_in_days": "90"}
    return browser.post(reverse("me:connect"), filled | {"device_name": "Laptop"} | given, follow=True)


def token_in(page: Any) -> str:
    found = re.search(r"hrt_dev_[\w-]{40,}", page.content.decode())
    assert found
    return found[0]


def test_every_page_opens_with_and_without_anything_on_it(client: Client, cast: Any, work: Profile) -> None:
    for user in (cast.dana, cast.bob):
        client.force_login(user)
        for page in PAGES:
            assert client.get(reverse(page)).status_code == 200, page


def test_dana_connects_claude_code_on_a_new_device(client: Client, cast: Any, work: Profile) -> None:
    client.force_login(cast.dana)
    page = connect(client, work)
    token = AccessToken.objects.get()
    assert (token.user, token.device.name, token.profile_id) == (cast.dana, "Laptop", work.pk)
    assert "http://127.0.0.1:8000/mcp/acme/work" in page.content.decode()
    assert page["Cache-Control"] == "private, no-store" and token_in(page).endswith(token.hint)
    for later in PAGES:
        assert token_in(page) not in client.get(reverse(later)).content.decode()


def test_the_tick_comes_with_the_first_call(client: Client, cast: Any, work: Profile) -> None:
    client.force_login(cast.dana)
    (address, _), *_ = connect(client, work).redirect_chain
    part = {"headers": {"hx-request": "true", "hx-target": "live"}}
    assert "Waiting for your first call" in client.get(address, **part).content.decode()
    MadeOnce.objects.update(created_at="2026-01-01T00:00Z")
    late = client.get(address, **part).content.decode()
    assert "No call has come in half an hour" in late and "<html" not in late
    AccessToken.objects.update(last_seen_at=Now())
    assert "It works" in client.get(address, **part).content.decode()


def test_a_reload_shows_the_steps_without_the_credential(client: Client, cast: Any, work: Profile) -> None:
    client.force_login(cast.dana)
    page = connect(client, work)
    ((address, _),) = page.redirect_chain
    again = client.get(address)
    assert "claude mcp add" in again.content.decode() and token_in(page) not in again.content.decode()
    assert "it can’t be shown again" in again.content.decode()


def test_looking_for_the_first_call_uses_nothing_up(client: Client, cast: Any, work: Profile) -> None:
    """The live part asks while the page itself may not have come yet."""
    client.force_login(cast.dana)
    address = client.post(
        reverse("me:connect"),
        {"client": "curl", "profile": str(work.pk), "expires_in_days": "90", "device_name": "Laptop"},
    )["Location"]
    client.get(address, headers={"hx-request": "true", "hx-target": "live"})
    client.head(address)
    assert token_in(client.get(address))


def test_a_second_click_makes_no_second_credential(client: Client, cast: Any, work: Profile) -> None:
    client.force_login(cast.dana)
    mark = re.search(r'name="once" value="([^"]+)"', client.get(reverse("me:connect")).content.decode())
    assert mark
    filled = {"client": "curl", "profile": str(work.pk), "expires_in_days": "90", "once": mark[1]}
    first, second = (client.post(reverse("me:connect"), filled | {"device_name": "Laptop"}) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert token_in(client.get(second["Location"])).endswith(AccessToken.objects.get().hint)
    other = client.post(reverse("me:connect"), filled | {"device_name": "Phone"})
    assert other["Location"] != first["Location"] and AccessToken.objects.count() == 2


def test_nobody_else_sees_what_was_made(client: Client, cast: Any, work: Profile) -> None:
    client.force_login(cast.dana)
    given = {"client": "curl", "profile": str(work.pk), "expires_in_days": "90", "device_name": "Laptop"}
    address = client.post(reverse("me:connect"), given)["Location"]
    for other in (cast.alice, cast.bob, cast.charlie):
        client.force_login(other)
        assert client.get(address).status_code == 404


def test_a_profile_that_is_not_hers_cannot_be_chosen(client: Client, cast: Any, work: Profile) -> None:
    other = Profile.objects.create(organization=cast.globex, slug="work", name="Theirs")
    client.force_login(cast.dana)
    assert connect(client, other).status_code == 400
    client.force_login(cast.bob)
    assert connect(client, work).status_code == 400
    assert not AccessToken.objects.exists() and not Device.objects.exists()


def test_a_taken_device_name_is_told_beside_it(client: Client, cast: Any, work: Profile) -> None:
    register_device(cast.acme, cast.dana, "Laptop", actor=Actor("person", cast.dana.pk, "dana"))
    client.force_login(cast.dana)
    assert "already a device called Laptop" in connect(client, work).content.decode()
    device = Device.objects.get()
    assert connect(client, work, device=str(device.pk), device_name="").status_code == 200


def test_other_peoples_devices_and_tokens_are_not_found(client: Client, cast: Any, work: Profile) -> None:
    client.force_login(cast.dana)
    connect(client, work)
    token, device = AccessToken.objects.get(), Device.objects.get()
    for other in (cast.alice, cast.charlie):
        client.force_login(other)
        assert client.post(reverse("me:revoke_token", args=[token.pk])).status_code == 404
        assert client.post(reverse("me:revoke_device", args=[device.pk])).status_code == 404


def test_dana_revokes_her_device(client: Client, cast: Any, work: Profile) -> None:
    client.force_login(cast.dana)
    connect(client, work)
    client.post(reverse("me:revoke_device", args=[Device.objects.get().pk]))
    assert not AccessToken.objects.filter(revoked_at=None).exists()


def test_an_api_token_is_shown_once(client: Client, cast: Any) -> None:
    client.force_login(cast.dana)
    page = client.post(reverse("me:personal_token"), {"name": "Script", "expires_in_days": "30"}, follow=True)
    assert b"hrt_per_" in page.content and page["Cache-Control"] == "private, no-store"
    ((address, _),) = page.redirect_chain
    assert b"hrt_per_" not in client.get(address).content
    assert b"hrt_per_" not in client.get(reverse("me:devices")).content


@pytest.mark.parametrize("key", list(CLIENTS))
def test_the_steps_can_be_read_again_without_the_token(client: Client, cast: Any, work: Profile, key: str) -> None:
    client.force_login(cast.dana)
    page = client.get(reverse("me:client", args=["work", key]))
    assert page.status_code == 200 and "/mcp/acme/work" in html.unescape(page.content.decode())
    client.force_login(cast.bob)
    assert client.get(reverse("me:client", args=["work", key])).status_code == 404


@pytest.mark.parametrize("key", list(CLIENTS))
def test_what_is_pasted_can_be_read(key: str) -> None:
    for step in CLIENTS[key].steps_for(DOOR):
        for code in step.codes:
            if code.text.startswith("{"):
                json.loads(code.text)
            if code.text.startswith("[mcp_servers"):
                tomllib.loads(code.text)


@pytest.mark.parametrize("key", list(CLIENTS))
def test_the_credential_stands_at_one_place_with_a_command_for_each_system(
    client: Client, cast: Any, work: Profile, key: str
) -> None:
    client.force_login(cast.dana)
    page = html.unescape(connect(client, work, client=key).content.decode())
    secret = re.search(r"hrt_dev_[\w-]{40,}", page)
    assert secret
    credential, steps = page.split("2. Steps for")
    assert f"export HARRIET_TOKEN='{secret[0]}'" in credential
    assert f"setx HARRIET_TOKEN '{secret[0]}'" in credential and "$env:HARRIET_TOKEN = " in credential
    own, _ = steps.split("3. First call")
    assert (secret[0] in own) == (CLIENTS[key].takes_from == "file")
    assert ("HARRIET_TOKEN" in own) == (CLIENTS[key].takes_from == "environment")


def test_each_requirement_is_what_the_program_itself_says() -> None:
    inspector = json.loads((BASE / "node_modules/@modelcontextprotocol/inspector/package.json").read_text())
    assert inspector["engines"]["node"] == ">=22.19.0"
    said = {key: " ".join(step.sentence for step in CLIENTS[key].steps_for(DOOR)) for key in CLIENTS}
    assert "Node.js 22.19 or newer" in said["inspector"] and "Node.js 20 or newer" in said["claude-desktop"]
    assert [key for key, words in said.items() if "Node.js" in words] == ["claude-desktop", "inspector"]


@pytest.mark.parametrize("key", ["claude-code", "inspector", "curl"])
def test_commands_are_spelled_for_both_kinds_of_shell(key: str) -> None:
    codes = [code for step in CLIENTS[key].steps_for(DOOR) for code in step.codes if "Bearer" in code.text]
    unix, windows = codes[::2], codes[1::2]
    assert unix and {code.label for code in unix} == {"macOS and Linux"}
    assert {code.label for code in windows} == {"Windows (PowerShell)"}
    assert all("Bearer $HARRIET_TOKEN" in code.text for code in unix)
    assert all("Bearer $env:HARRIET_TOKEN" in code.text for code in windows)


def test_activity_shows_one_line_a_call_and_only_ones_own(client: Client, cast: Any) -> None:
    dana, bob = Actor("person", cast.dana.pk, "dana@acme.test"), Actor("person", cast.bob.pk, "bob@acme.test")
    tool, crm = Label(new_id(), "find_customer"), Label(new_id(), "CRM")
    with transaction.atomic():
        for caller in (dana, bob):
            with audit_request():
                told = {"organization_id": cast.acme.pk, "actor": caller, "tool": tool, "connector": crm}
                insert(any_event(CALL_INTENT, **told))
                insert(any_event(CALL_OUTCOME, outcome="ok", **told))
    client.force_login(cast.dana)
    text = client.get(reverse("me:activity")).content.decode()
    assert (
        text.count("find_customer") == 1
        and "You called" in text
        and "Succeeded" in text
        and "bob@acme.test" not in text
    )
