"""A shared key is due for rotation once somebody who made or was given it has left: admins hear of it until it goes."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from harriet.people.actions.deactivate_person import deactivate_person
from harriet.people.actions.issue_integration_key import issue_integration_key
from harriet.people.actions.issue_scim_token import issue_scim_token
from harriet.people.actions.remove_person import remove_person
from harriet.people.actions.revoke_token import revoke_token
from harriet.people.errors import PeopleError
from harriet.people.models import AccessToken, Membership, Notice
from harriet.people.roles import Role
from tests.stage.cast import Cast, person

pytestmark = pytest.mark.django_db


def membership(user: object) -> Membership:
    return Membership.objects.select_related("organization", "user").get(user=user)


@pytest.fixture
def key(cast: Cast) -> AccessToken:
    """Alice made it and gave it to Bob."""
    alice, bob = cast.actor(cast.alice), membership(cast.bob)
    return issue_integration_key(cast.acme, "Nightly", [cast.sales], 30, known_to=[bob], actor=alice).token


def keys_page(cast: Cast, client: Client, **query: str) -> str:
    client.force_login(cast.alice)
    return client.get(reverse("devices:list"), query).content.decode()


def test_who_has_seen_it_is_shown(cast: Cast, client: Client, key: AccessToken) -> None:
    page = keys_page(cast, client)
    assert "Seen by" in page and "Alice" in page and "Bob" in page
    assert "Due for rotation" not in page
    assert "No key fits" in keys_page(cast, client, keys_show="due")


def test_it_is_due_when_one_of_them_leaves(cast: Cast, client: Client, key: AccessToken) -> None:
    deactivate_person(membership(cast.dana), actor=cast.actor(cast.alice))
    assert not Notice.objects.filter(kind="key_known").exists(), "Dana never had it"
    deactivate_person(membership(cast.bob), actor=cast.actor(cast.alice))
    page = keys_page(cast, client, keys_show="due")
    assert "Due for rotation" in page and "Bob left and knows it" in page
    told = Notice.objects.get(kind="key_known", user=cast.alice)
    assert told.text.startswith("Bob has left and knows the shared key Nightly")

    revoke_token(key, actor=cast.actor(cast.alice))

    told.refresh_from_db()
    assert told.settled_at is not None and "Bob left and knows it" not in keys_page(cast, client)


def test_it_is_due_when_its_maker_is_gone_for_good(cast: Cast, client: Client) -> None:
    eve = person(cast.acme, "Eve", Role.MCP_ADMIN)
    issue_integration_key(cast.acme, "Weekly", [cast.sales], 30, actor=cast.actor(eve))
    remove_person(membership(eve), actor=cast.actor(cast.alice))
    assert "Eve left and knows it" in keys_page(cast, client)


def test_the_form_asks_who_else_gets_it(cast: Cast, client: Client) -> None:
    client.force_login(cast.alice)
    assert "Who else gets it" in client.get(reverse("devices:new_key")).content.decode()
    sent = {
        "name": "Nightly",
        "groups": [str(cast.sales.pk)],
        "expires_in_days": "30",
        "known_to": [str(membership(cast.bob).pk)],
    }
    assert client.post(reverse("devices:new_key"), sent).status_code == 302
    assert list(AccessToken.objects.get().known_to.all()) == [cast.bob]


def test_nobody_of_another_organization_is_named(cast: Cast) -> None:
    charlie = membership(cast.charlie)
    with pytest.raises(PeopleError):
        issue_integration_key(cast.acme, "x", [cast.sales], 30, known_to=[charlie], actor=cast.actor(cast.alice))


def test_the_directorys_token_is_told_when_the_owner_who_made_it_leaves(cast: Cast) -> None:
    """Olga kept a copy: by it she would let herself in again."""
    olga = person(cast.acme, "Olga", Role.OWNER)
    token = issue_scim_token(cast.acme, "Entra ID", 30, actor=cast.actor(olga)).token
    deactivate_person(membership(olga), actor=cast.actor(cast.alice))
    told = Notice.objects.get(user=cast.alice, text__contains="SCIM token Entra ID")
    assert told.path == "/settings/scim/"
    assert not Notice.objects.filter(user=cast.bob).exists()
    revoke_token(token, actor=cast.actor(cast.alice))
    told.refresh_from_db()
    assert told.settled_at is not None
