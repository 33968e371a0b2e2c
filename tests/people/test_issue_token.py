"""Tokens: shown once, stored hashed, of one person on one device, or shared with explicit groups."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from harriet.people.actions.issue_device_credential import issue_device_credential
from harriet.people.actions.issue_integration_key import issue_integration_key
from harriet.people.actions.issue_personal_token import issue_personal_token
from harriet.people.actions.register_device import register_device
from harriet.people.actions.revoke_token import revoke_token
from harriet.people.errors import NotAllowed, PeopleError
from harriet.people.models import AccessToken
from harriet.people.tokens import hash_token


def everything_in_the_database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        names = [name for (name,) in cursor.fetchall()]
        rows = []
        for name in names:
            cursor.execute(f'SELECT t::text FROM "{name}" t')
            rows += [row for (row,) in cursor.fetchall()]
        return "\n".join(rows)


def test_a_credential_is_stored_as_a_hash_alone(cast: Any) -> None:
    laptop = register_device(cast.acme, cast.dana, "Laptop", actor=cast.actor(cast.dana))
    token, secret = issue_device_credential(laptop, name="Claude", expires_in_days=30, actor=cast.actor(cast.dana))
    text = secret.reveal()
    assert text.startswith("hrt_dev_") and text.endswith(token.hint)
    assert bytes(AccessToken.objects.get().token_hash) == hash_token(text)
    found = everything_in_the_database()
    assert "dana@acme.test" in found and text not in found and text not in repr(secret)


def test_dana_alone_is_issued_her_credential_but_alice_may_revoke_it(cast: Any) -> None:
    laptop = register_device(cast.acme, cast.dana, "Laptop", actor=cast.actor(cast.alice))
    issue_device_credential(laptop, name="Hers", expires_in_days=30, actor=cast.actor(cast.dana))
    for other in (cast.alice, cast.bob, cast.charlie):
        with pytest.raises(NotAllowed, match="made by the person whose it is"):
            issue_device_credential(laptop, name="x", expires_in_days=30, actor=cast.actor(other))
    for other in (cast.bob, cast.charlie):
        with pytest.raises(NotAllowed):
            revoke_token(AccessToken.objects.get(), actor=cast.actor(other))
    revoke_token(AccessToken.objects.get(), actor=cast.actor(cast.alice))


def test_a_shared_key_names_its_groups(cast: Any) -> None:
    alice = cast.actor(cast.alice)
    with pytest.raises(PeopleError, match="at least one group"):
        issue_integration_key(cast.acme, "Nightly", [], 30, actor=alice)
    key, secret = issue_integration_key(cast.acme, "Nightly", [cast.sales], 30, actor=alice)
    assert list(key.groups.all()) == [cast.sales] and key.user is None and secret.reveal().startswith("hrt_int_")


def test_a_group_of_another_organization_is_refused(cast: Any) -> None:
    with pytest.raises(PeopleError, match="another organization"):
        issue_integration_key(cast.globex, "Nightly", [cast.sales], 30, actor=cast.actor(cast.charlie))


@pytest.mark.parametrize("days", [0, -1, 367, 10**9])
def test_every_token_expires(cast: Any, days: int) -> None:
    with pytest.raises(PeopleError, match="between 1 and 366 days"):
        issue_personal_token(cast.acme, cast.dana, "Script", days, actor=cast.actor(cast.dana))


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\x00b", "a\u202eb", "a\u200bb", "a\u2028b", "x" * 81])
def test_a_name_is_one_visible_line(cast: Any, name: str) -> None:
    with pytest.raises(PeopleError) as refused:
        register_device(cast.acme, cast.dana, name, actor=cast.actor(cast.dana))
    assert refused.value.field == "name" and "\n" not in refused.value.message


@pytest.mark.parametrize("name", ["Dana’s laptop", "حاسوب دانا", "نیم‌فاصله", "👩‍💻", "O'Neil & <b>"])
def test_names_of_all_scripts_are_welcome(cast: Any, name: str) -> None:
    assert register_device(cast.acme, cast.dana, name, actor=cast.actor(cast.dana)).name == name


def test_the_key_is_shown_once_and_marked_as_shared(client: Client, cast: Any) -> None:
    client.force_login(cast.alice)
    given = {"name": "Nightly", "groups": [str(cast.sales.pk)], "expires_in_days": "30"}
    response = client.post(reverse("devices:new_key"), given, follow=True)
    assert b"hrt_int_" in response.content and response["Cache-Control"] == "private, no-store"
    listed = client.get(reverse("devices:list")).content
    assert b"hrt_int_" not in listed and b"Shared" in listed and b"Sales" in listed
