"""Alice signs in once with an account that everybody's calls are made with: who did so stays known, it is an admin's
business when it ends, and off-boarding lists it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from connectors.actions.draft_connector import draft_connector
from connectors.actions.save_connection import save_connection
from connectors.actions.sync_connector import sync_connector
from connectors.actions.test_connection import test_connection as try_connection
from connectors.models import Connector
from harriet.people.models import Membership, Notice, User
from harriet.people.roles import Role
from tests.servers.authorization_server import AuthorizationServer, Reply
from tests.servers.moody import Server
from tests.stage.cast import Cast, person
from tests.stage.ways_back import way_back
from vault.errors import NeedsOperator
from vault.models import OAuthGrant
from vault.oauth.whose import access_for
from vault.open import opener_for
from vault.queries import sealed_credential

pytestmark = pytest.mark.django_db


@pytest.fixture
def server() -> Iterator[AuthorizationServer]:
    inside = Server()
    with AuthorizationServer() as running:
        running.protect(inside.answer)
        yield running
    inside.stop()


@pytest.fixture
def draft(cast: Cast, server: AuthorizationServer) -> Connector:
    """In the wizard, with the authentication just chosen."""
    cast.acme.internal_hosts = ["127.0.0.1"]
    cast.acme.save()
    alice = cast.actor(cast.alice)
    draft = save_connection(
        draft_connector(cast.acme, slug="crm", name="CRM", actor=alice),
        url=server.url,
        allow_internal=True,
        actor=alice,
    )
    here = reverse("connectors:setup_authentication", args=[draft.pk])
    done = signed_in(cast.alice).post(here, {"type": "oauth_shared", "secret": ""})
    assert done.status_code == 302 and done["Location"] == way(draft), done.content
    return draft


def signed_in(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def way(connector: Connector) -> str:
    return reverse("connectors:sign_in_for_everybody", args=[connector.pk])


def leave(user: User, connector: Connector) -> str:
    answer = signed_in(user).post(way(connector))
    assert answer.status_code == 302, answer.content
    return str(answer["Location"])


def come_back(user: User, back: dict[str, str]) -> HttpResponse:
    return signed_in(user).get(way_back(back))


def sign_in(cast: Cast, connector: Connector, server: AuthorizationServer) -> OAuthGrant:
    answer = come_back(cast.alice, server.visit(leave(cast.alice, connector)))
    assert answer["Location"] == reverse("connectors:signed_in_for_everybody", args=[connector.pk])
    return OAuthGrant.objects.get()


def token_of(connector: Connector, user: User | None) -> str:
    sealed = sealed_credential(connector.organization_id, connector.pk)
    assert sealed is not None
    access = access_for(sealed, user.pk if user else None)
    return access.opened(opener_for(connector.organization_id)).reveal()


def tab(cast: Cast, connector: Connector) -> str:
    page = signed_in(cast.alice).get(reverse("connectors:authentication", args=[connector.pk]))
    return page.content.decode()


def end_there(server: AuthorizationServer) -> None:
    """The provider forgets it, and the token that there is ends."""
    server.pages["/token"] = lambda _: Reply(400, {"error": "invalid_grant"})
    past = Now() - timedelta(hours=1)
    OAuthGrant.objects.update(access_expires_at=past, next_refresh_at=past, answered_at=past)


def test_alice_signs_in_once_in_the_wizard_and_all_calls_go_with_it(
    cast: Cast, draft: Connector, server: AuthorizationServer
) -> None:
    alice = cast.actor(cast.alice)
    page = signed_in(cast.alice).get(way(draft))
    shown = page.content.decode()
    assert "one account for everybody" in shown and "See: tickets" in shown and "not to you" in shown
    assert "form-action 'self' https: http:" in page["Content-Security-Policy"]
    said = " ".join(one.sentence for one in try_connection(draft, actor=alice))
    assert "Nobody has signed in yet with the account that is shared for CRM" in said
    with pytest.raises(NeedsOperator):
        token_of(draft, cast.dana)

    grant = sign_in(cast, draft, server)
    assert (grant.user, grant.signed_in_by, grant.organization) == (None, cast.alice, cast.acme)
    on = signed_in(cast.alice).get(reverse("connectors:signed_in_for_everybody", args=[draft.pk]))
    assert on["Location"] == reverse("connectors:setup_access", args=[draft.pk])
    assert token_of(draft, cast.dana) == token_of(draft, cast.bob) == token_of(draft, None) == server.tokens[-1]
    assert sync_connector(draft, actor=alice).is_success
    Connector.objects.update(state="active")
    shown = tab(cast, draft)
    assert "The account for everybody" in shown and "Signed in by" in shown and "Alice" in shown
    assert "CRM" not in signed_in(cast.dana).get(reverse("connections:list")).content.decode(), "Dana has nothing to do"
    assert server.tokens[-1] not in shown


def test_nobody_else_signs_in_for_everybody(cast: Cast, draft: Connector, server: AuthorizationServer) -> None:
    for user, status in ((cast.dana, 403), (cast.bob, 403), (cast.charlie, 404)):
        assert signed_in(user).get(way(draft)).status_code == status
        assert signed_in(user).post(way(draft)).status_code == status
    back = server.visit(leave(cast.alice, draft))
    come_back(cast.bob, back)
    person(cast.acme, "Olga", Role.OWNER)
    Membership.objects.filter(user=cast.alice).update(role=Role.MEMBER)
    come_back(cast.alice, back)
    assert not OAuthGrant.objects.exists() and not server.at("/token"), "she may not look after secrets any more"


def test_when_it_ends_admins_are_told_and_nobody_else_is_asked(
    cast: Cast, draft: Connector, server: AuthorizationServer
) -> None:
    sign_in(cast, draft, server)
    own = server.pages.pop("/token", None)
    assert own is None
    end_there(server)
    Connector.objects.update(state="active")
    for user in (cast.dana, cast.bob, None):
        with pytest.raises(NeedsOperator):
            token_of(draft, user)
    assert len(server.at("/token")) == 2, "the provider was asked once"
    (notice,) = Notice.objects.filter(kind="credential_refused")
    assert notice.user == cast.alice and "Sign in with it again" in notice.text
    assert notice.path == reverse("connectors:authentication", args=[draft.pk])
    assert "Has to be signed in again" in tab(cast, draft)
    del server.pages["/token"]
    assert sign_in(cast, draft, server).state == OAuthGrant.State.ACTIVE
    notice.refresh_from_db()
    assert notice.settled_at is not None and token_of(draft, cast.dana) == server.tokens[-1]


def test_what_the_server_wants_besides_is_asked_for_at_the_next_sign_in(
    cast: Cast, draft: Connector, server: AuthorizationServer
) -> None:
    sign_in(cast, draft, server)
    OAuthGrant.objects.update(needed_scopes="tickets.write")
    Connector.objects.update(state="active")
    assert "tickets.write" in tab(cast, draft)
    assert "tickets.write" in signed_in(cast.alice).get(way(draft)).content.decode()
    assert "scope=tickets.read+tickets.write" in leave(cast.alice, draft)


def test_who_signed_in_leaves(cast: Cast, draft: Connector, server: AuthorizationServer) -> None:
    sign_in(cast, draft, server)
    owner = person(cast.acme, "Olga", Role.OWNER)
    mine = Membership.objects.get(user=cast.alice)
    page = signed_in(owner).get(reverse("console:off_board", args=[mine.pk])).content.decode()
    assert "Shared accounts that they signed in with" in page
    assert reverse("connectors:authentication", args=[draft.pk]) in page
    Membership.objects.filter(user=cast.alice).update(is_active=False)
    assert token_of(draft, cast.dana) == server.tokens[-1], "calls go on until somebody signs in anew"
