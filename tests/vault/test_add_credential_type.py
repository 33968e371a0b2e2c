"""Whoever adds a type of credential writes one file, one line in the registry and its words in the documentation:
every other place takes the types from there."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from http.cookies import SimpleCookie
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

import vault.types
from connectors.models import Connector
from harriet.console.setup_file.export import export
from harriet.console.setup_file.form import read, write
from harriet.lib.secret import Secret
from harriet.people.actions.issue_personal_token import issue_personal_token
from tests.servers.moody import Server
from tests.stage.cast import Cast
from tests.stage.connectors import Connecting
from vault.models import Credential
from vault.open import open_unsaved, opener_for
from vault.opened import OpenCredential
from vault.queries import credential_of, sealed_credential
from vault.types.base import CredentialType
from vault.types.registry import TYPES, all_inputs, choices_with_none, entered

ROOT = Path(__file__).parents[2]
SECRET = "sk-live-4eC39HqLyjWDarjtT1zdp7dc"
every_type = pytest.mark.parametrize("kind", TYPES.values(), ids=TYPES)
_SENT = [kind for kind in TYPES.values() if not kind.is_oauth]
every_sent_type = pytest.mark.parametrize("kind", _SENT, ids=[kind.code for kind in _SENT])
"""Those whose secret goes with each request; tests/oauth tells of the others."""


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.stop()


@pytest.fixture
def crm(cast: Cast, server: Server) -> Connector:
    return Connecting(cast, server)()


def example_of(kind: CredentialType) -> dict[str, Any]:
    """What Alice types, with the secret."""
    return {"type": kind.code, "secret": SECRET, **kind.example}


def would_send(kind: CredentialType) -> OpenCredential:
    username, placement = entered(kind.inputs, kind.example)
    return open_unsaved(kind.code, Secret(SECRET), username=username, placement=placement)


def test_each_type_stands_in_the_registry_under_its_code() -> None:
    modules = [import_module(f"vault.types.{one.name}") for one in iter_modules(vault.types.__path__)]
    written = {
        value.code: value for one in modules for value in vars(one).values() if isinstance(value, CredentialType)
    }
    assert written == TYPES, "a type that isn't in the registry is offered nowhere"


@every_type
def test_a_code_fits_where_it_is_stored(kind: CredentialType) -> None:
    longest = Credential._meta.get_field("type").max_length
    assert longest is not None and len(kind.code) <= longest
    assert kind.name and kind.label and kind.code != "none"


@every_type
def test_what_is_stored_says_what_was_entered(kind: CredentialType) -> None:
    """The form shows it again, and the next change sends it again: it must not become something else by that."""
    given = entered(kind.inputs, kind.example).placement
    stored = kind.check_placement(given)
    assert given.items() <= stored.items()
    assert kind.check_placement({one.key: stored[one.key] for one in kind.inputs if one.key in stored}) == stored


def test_an_input_means_one_thing() -> None:
    """Two types that ask for the same thing share the input: form, API and file have one field for both."""
    taken = {"type", "secret", "untested", "owner", "rotate_every_days", "url"}
    names, keys = [one.name for one in all_inputs()], [one.key for one in all_inputs()]
    assert len(set(names) | taken) == len(names) + len(taken)
    assert len(set(keys) | taken) == len(keys) + len(taken)


@every_type
def test_the_set_up_file_s_documentation_tells_of_it(kind: CredentialType) -> None:
    rows = [line for line in (ROOT / "docs/setup-file.md").read_text().splitlines() if "authentication." in line]
    told = {word for row in rows for cell in re.findall(r"`([^`]+)`", row) for word in re.findall(r"[\w-]+", cell)}
    assert {kind.code, *(one.key for one in kind.inputs)} <= told, "docs/setup-file.md"
    choices = {value for one in kind.inputs for value, _ in one.choices}
    assert choices <= told, "docs/setup-file.md"


def test_the_style_sheet_has_a_place_for_each_type() -> None:
    style = (ROOT / "static/harriet/credential.css").read_text()
    places = [int(number) for number in re.findall(r"nth-child\((\d+)\)", style)]
    assert places == list(range(1, len(places) + 1))
    assert len(places) >= len(choices_with_none()), "add lines: fields of a later type would be shown for all"


@pytest.mark.django_db
@every_sent_type
def test_it_is_entered_on_the_page_and_reaches_the_server(
    client: Client, cast: Cast, crm: Connector, server: Server, kind: CredentialType
) -> None:
    client.force_login(cast.alice)
    here = reverse("connectors:authentication", args=[crm.pk])
    shown = client.get(here).content.decode()
    assert f'<option value="{kind.code}"' in shown
    assert all(f'name="{one.name}"' in shown for one in kind.inputs)
    server.seen.clear(), server.paths.clear()
    answer = client.post(here, example_of(kind), follow=True)
    assert answer.redirect_chain, answer.content.decode()
    assert SECRET not in answer.content.decode()
    assert_sent(server, kind)
    credential = credential_of(crm.pk)
    assert credential is not None and credential.type == kind.code
    assert_opens(crm, kind)
    assert kind.sent_as(credential.placement) in client.get(reverse("vault:list")).content.decode()
    client.force_login(cast.bob)
    assert kind.label in client.get(here).content.decode()


def assert_sent(server: Server, kind: CredentialType) -> None:
    """The test after saving sent it, as every request does."""
    sent, path = server.seen[-1], server.paths[-1]
    with would_send(kind) as expected:
        assert expected.headers.items() <= sent.items()
        assert set(expected.query.items()) <= set(parse_qsl(urlsplit(path).query))
        cookies = SimpleCookie(sent.get("Cookie", ""))
        assert expected.cookies.items() <= {name: one.value for name, one in cookies.items()}.items()
        assert expected.headers or expected.query or expected.cookies, "it signs in with something"


def assert_opens(crm: Connector, kind: CredentialType) -> None:
    """As for a call, with what must not come back in an answer."""
    sealed = sealed_credential(crm.organization_id, crm.pk)
    with opener_for(crm.organization_id).credential(sealed) as opened, would_send(kind) as expected:
        assert (opened.headers, opened.query, opened.cookies) == (expected.headers, expected.query, expected.cookies)
        assert SECRET in {secret.reveal() for secret in opened.secrets}


@pytest.mark.django_db
@every_sent_type
def test_the_page_keeps_it_without_the_secret_and_takes_it_away(
    client: Client, cast: Cast, crm: Connector, kind: CredentialType
) -> None:
    client.force_login(cast.alice)
    here = reverse("connectors:authentication", args=[crm.pk])
    client.post(here, example_of(kind))
    saved = credential_of(crm.pk)
    assert saved is not None
    shown = client.get(here).context["form"]
    kept = {name: shown[name].value() for name in shown.fields if name not in {"secret", "untested"}}
    client.post(here, {**{name: value or "" for name, value in kept.items()}, "owner": str(cast.bob.pk)})
    saved = credential_of(crm.pk)
    assert saved is not None and saved.owner == cast.bob and saved.versions.count() == 1
    client.post(here, {"type": "none"})
    assert credential_of(crm.pk) is None


@pytest.mark.django_db
@every_sent_type
def test_the_api_takes_it(client: Client, cast: Cast, crm: Connector, kind: CredentialType) -> None:
    alice = cast.actor(cast.alice)
    _, token = issue_personal_token(cast.acme, cast.alice, name="script", expires_in_days=1, actor=alice)
    answer = client.put(
        reverse("api:connector_authentication", args=[crm.pk]),
        example_of(kind),
        content_type="application/json",
        headers={"Authorization": f"Bearer {token.reveal()}"},
    )
    assert answer.status_code == 204, answer.content
    assert_opens(crm, kind)


@pytest.mark.django_db
@every_sent_type
def test_the_set_up_file_gives_back_how_it_is_sent(
    client: Client, cast: Cast, crm: Connector, kind: CredentialType
) -> None:
    client.force_login(cast.alice)
    client.post(reverse("connectors:authentication", args=[crm.pk]), example_of(kind))
    saved = credential_of(crm.pk)
    assert saved is not None
    written = write(export(cast.acme))
    part = read(written).connectors[0].authentication
    assert (part.type, part.entered) == (kind.code, ("", saved.placement))
    assert SECRET not in written.decode()


def test_a_type_that_harriet_does_not_know_needs_no_other_place() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.vault.made_up_type"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "offered": "Made up for a test",
        "field": ["Region", "Where the account is.", str(len(choices_with_none()) + 1)],
        "api": "us",
        "file": ["made_up", {"at": "us"}],
        "word": "Made up for a test",
        "shown again": "us",
        "sent": {"X-us": "sesame"},
    }
