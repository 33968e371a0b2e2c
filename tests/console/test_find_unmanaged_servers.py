"""What devices reported: each server once, with where it is; made a connector, or denied in the control files."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import Event
from connectors.models import Connector
from harriet.people.actions.issue_device_credential import issue_device_credential
from harriet.people.actions.register_device import register_device
from harriet.people.actions.report_servers import report_servers
from harriet.people.actions.revoke_device import revoke_device
from harriet.people.models import AccessToken, FoundServer, ServerSighting, User
from tests.stage.cast import Cast

pytestmark = pytest.mark.django_db
NOTES = {"client": "Cursor", "name": "notes", "url": "https://notes.example/mcp"}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def credential(cast: Cast, user: User, name: str) -> tuple[AccessToken, str]:
    actor = cast.actor(user)
    device = register_device(cast.acme, user, name, actor=actor)
    token, secret = issue_device_credential(device, name="Cursor", expires_in_days=30, actor=actor)
    return token, secret.reveal()


def reported(cast: Cast, user: User, name: str, *servers: Any) -> AccessToken:
    token, _ = credential(cast, user, name)
    report_servers(token, servers)
    return token


def test_a_server_of_two_people_stands_once(cast: Cast) -> None:
    reported(cast, cast.dana, "Laptop", NOTES)
    reported(cast, cast.bob, "Mac", NOTES | {"name": "my-notes", "client": "Claude Code"})
    assert FoundServer.objects.count() == 1
    alice = signed_in(cast.alice)
    listed = alice.get(reverse("unmanaged:list")).content.decode()
    assert listed.count("https://notes.example/mcp") == 1
    page = alice.get(reverse("unmanaged:detail", args=[FoundServer.objects.get().pk])).content.decode()
    assert all(word in page for word in ("Laptop", "Mac", "my-notes", "Claude Code", "Promote to a connector"))


def test_what_a_device_sends_is_cleaned_again(cast: Cast) -> None:
    """Whatever posts the report: the script's own care is not what the log and the pages rely on."""
    _, secret = credential(cast, cast.dana, "Laptop")
    servers = [
        {"client": "Cursor", "name": "a", "url": "https://u:pw@a.example/x/sk-abcdef123456789012?token=t0ps3cret#f"},
        {"client": "Cursor", "name": "b", "command": ["docker", "run", "-e", "KEY=t0ps3cret", "image"], "whole": True},
        {"client": "Cursor", "name": "c", "url": "javascript:alert(1)"},
        {"client": "Cursor", "name": "d\nd", "command": "npx"},
        {"name": "\x00\u202ee", "url": "http://e.example"},
        "nonsense",
        {"name": "f"},
    ]
    sent = json.dumps({"servers": servers, "env": {"KEY": "t0ps3cret"}})
    client = Client(headers={"authorization": f"Bearer {secret}"})
    answer = client.post(reverse("enrol:report"), sent, "application/json")
    assert answer.status_code == 200 and "Reported 3 servers" in answer.content.decode()
    assert set(FoundServer.objects.values_list("target", "is_whole")) == {
        ("https://a.example/x/…", True),
        ("docker run -e … image", False),
        ("http://e.example", True),
    }
    kept = json.dumps([list(FoundServer.objects.values("name", "target", "words")), list(Event.objects.values("body"))])
    assert "t0ps3cret" not in kept and "pw@" not in kept
    for body in ("[]", "{", '{"servers": {}}', "[" * 5000):
        assert client.post(reverse("enrol:report"), body, "application/json").status_code == 400


def test_a_report_is_bounded(cast: Cast) -> None:
    reported(
        cast, cast.dana, "Laptop", *(NOTES | {"name": f"n{n}", "url": f"https://n{n}.example"} for n in range(300))
    )
    assert ServerSighting.objects.count() == 200


def test_alice_promotes_one_to_a_connector(cast: Cast) -> None:
    reported(cast, cast.dana, "Laptop", NOTES | {"name": "team-notes"})
    server, alice = FoundServer.objects.get(), signed_in(cast.alice)
    first_step = alice.post(reverse("unmanaged:promote", args=[server.pk]), follow=True)
    assert "Team notes" in first_step.content.decode()
    form = first_step.context["form"]
    sent = {"name": "Team notes", "slug": "team-notes", "form": form["form"].value() or form.initial["form"]}
    alice.post(f"{reverse('connectors:new')}?from={sent['form']}", sent)
    draft = Connector.objects.get(organization=cast.acme)
    assert draft.name == "Team notes" and draft.state == "draft"
    step = alice.get(reverse("connectors:setup_connection", args=[draft.pk])).content.decode()
    assert "https://notes.example/mcp" in step
    assert Event.objects.filter(code="found_server.promoted").count() == 1


def test_a_program_is_not_promoted(cast: Cast) -> None:
    reported(cast, cast.dana, "Laptop", {"client": "Cursor", "name": "files", "command": ["npx", "files"]})
    answer = signed_in(cast.alice).post(reverse("unmanaged:promote", args=[FoundServer.objects.get().pk]))
    assert answer.status_code == 400 and FoundServer.objects.get().decision == "open"


def test_a_known_connector_is_named(cast: Cast) -> None:
    Connector.objects.create(
        organization=cast.acme, slug="notes", name="Notes of all", url="https://notes.example/mcp/"
    )
    Connector.objects.create(organization=cast.globex, slug="notes", name="Theirs", url="https://notes.example/mcp")
    reported(cast, cast.dana, "Laptop", NOTES)
    alice = signed_in(cast.alice)
    assert "Known connector" in alice.get(reverse("unmanaged:list")).content.decode()
    page = alice.get(reverse("unmanaged:detail", args=[FoundServer.objects.get().pk])).content.decode()
    assert "Notes of all" in page and "Theirs" not in page and "Promote to a connector" not in page


def test_many_are_denied_and_one_is_taken_back(cast: Cast) -> None:
    reported(cast, cast.dana, "Laptop", NOTES, NOTES | {"name": "other", "url": "https://other.example"})
    alice, ids = signed_in(cast.alice), [str(pk) for pk in FoundServer.objects.values_list("pk", flat=True)]
    preview = alice.post(reverse("unmanaged:bulk"), {"ids": ids, "action": "deny"})
    assert "will be denied" in preview.content.decode() and not FoundServer.objects.filter(decision="denied").exists()
    alice.post(reverse("unmanaged:deny", args=ids[:1]))
    assert FoundServer.objects.get(pk=ids[0]).decided_by == cast.alice
    alice.post(reverse("unmanaged:reopen", args=ids[:1]))
    assert FoundServer.objects.get(pk=ids[0]).decision == "open"
    codes = set(Event.objects.filter(code__startswith="found_server.").values_list("code", flat=True))
    assert codes == {"found_server.denied", "found_server.reopened"}


def test_who_may_only_look_decides_nothing(cast: Cast) -> None:
    reported(cast, cast.dana, "Laptop", NOTES)
    server = FoundServer.objects.get()
    bob = signed_in(cast.bob)
    assert "Deny" not in bob.get(reverse("unmanaged:detail", args=[server.pk])).content.decode()
    assert bob.post(reverse("unmanaged:deny", args=[server.pk])).status_code == 403
    assert signed_in(cast.dana).get(reverse("unmanaged:list")).status_code == 403
    assert signed_in(cast.charlie).get(reverse("unmanaged:detail", args=[server.pk])).status_code == 404


def test_what_is_on_no_device_any_more_goes(cast: Cast) -> None:
    token = reported(cast, cast.dana, "Laptop", NOTES)
    assert token.device is not None
    revoke_device(token.device, actor=cast.actor(cast.dana))
    assert "notes.example" not in signed_in(cast.alice).get(reverse("unmanaged:list") + "?show=all").content.decode()
