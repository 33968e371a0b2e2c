"""A server of Alice's goes down: she hears of it once, and once that it works again, whoever else sees it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.db.models import F
from django.test import Client

from connectors.actions.delete_connector import delete_connector
from connectors.actions.pause_connector import pause_connector
from connectors.actions.record_health import record_health
from connectors.actions.replace_secret import replace_secret
from connectors.actions.resume_connector import resume_connector
from connectors.actions.save_connection import save_connection
from connectors.actions.tell_of_outages import AGAIN_AFTER, DOWN_FOR, OVER_AFTER, tell_of_outages
from connectors.models import Connector
from harriet.lib.secret import Secret
from harriet.people.actions.send_notices import send_due_notices
from harriet.people.models import Membership, Notice, User
from harriet.people.roles import Role
from tests.stage.cast import Cast, person
from tests.stage.connectors import connector

pytestmark = pytest.mark.django_db


@pytest.fixture
def crm(cast: Cast) -> Connector:
    """Alice's."""
    made = connector(cast.acme, "http://127.0.0.1:9/mcp")
    Connector.objects.filter(pk=made.pk).update(owner=cast.alice, state="active", health="up")
    made.refresh_from_db()
    return made


def pass_time(by: timedelta) -> None:
    moved = {name: F(name) - by for name in ("health_changed_at", "trouble_since", "trouble_told_at")}
    Connector.objects.update(**moved)


def is_told_of(server: Connector) -> bool:
    """Whether its owner was told of its present trouble."""
    return Connector.objects.get(pk=server.pk).trouble_told_at is not None


def hours() -> None:
    """What the schedule runs."""
    tell_of_outages()
    send_due_notices()


def mails_to(user: User) -> list[str]:
    return [str(message.body) for message in mail.outbox if user.email in message.to]


def test_the_owner_hears_that_it_is_down_and_that_it_works_again(cast: Cast, crm: Connector) -> None:
    record_health(crm, "down", "The server did not answer.")
    hours()
    assert not Notice.objects.exists(), "servers restart: not at once"
    assert not is_told_of(crm)
    pass_time(DOWN_FOR)
    for _ in range(3):
        hours()
    line = Notice.objects.get()
    assert line.user == cast.alice and line.read_at is None
    assert "CRM has been down since" in line.text and "did not answer" in line.text
    assert is_told_of(crm)
    (down,) = mails_to(cast.alice)
    assert line.path in down and "/account/notifications/" in down
    record_health(crm, "up", "")
    hours()
    line.refresh_from_db()
    assert line.settled_at and line.read_at and "It was down from" in line.text
    assert len(mails_to(cast.alice)) == 2 and "CRM answers again" in mails_to(cast.alice)[1]
    assert not is_told_of(crm)
    assert not mails_to(cast.bob)


def test_a_short_outage_is_nobodys_business(cast: Cast, crm: Connector) -> None:
    record_health(crm, "down", "Gone.")
    record_health(crm, "up", "")
    pass_time(DOWN_FOR)
    hours()
    assert not Notice.objects.exists() and not mail.outbox


def test_who_was_not_mailed_that_it_is_down_is_not_mailed_that_it_works(cast: Cast, crm: Connector) -> None:
    record_health(crm, "down", "Gone.")
    pass_time(DOWN_FOR)
    tell_of_outages()
    record_health(crm, "up", "")
    hours()
    assert Notice.objects.get().settled_at and not mail.outbox


def test_a_server_that_comes_and_goes_is_one_trouble(cast: Cast, crm: Connector) -> None:
    for _ in range(20):
        record_health(crm, "down", "Gone.")
        pass_time(timedelta(minutes=2))
        hours()
        record_health(crm, "up", "")
        pass_time(timedelta(minutes=2))
        hours()
    assert len(mails_to(cast.alice)) == 2, "one down, one up"
    assert Notice.objects.count() == 1


def test_what_stays_down_after_all_is_told_again(cast: Cast, crm: Connector) -> None:
    for patience in (DOWN_FOR, AGAIN_AFTER):
        record_health(crm, "down", "Gone.")
        pass_time(patience)
        hours()
        assert Notice.objects.get().settled_at is None
        record_health(crm, "up", "")
        hours()
    assert len(mails_to(cast.alice)) == 4
    pass_time(OVER_AFTER + timedelta(minutes=1))
    record_health(crm, "down", "Gone.")
    pass_time(DOWN_FOR)
    hours()
    assert Notice.objects.count() == 2 and len(mails_to(cast.alice)) == 5, "another trouble"


@pytest.mark.parametrize("why", ["nobody", "left", "deactivated"])
def test_admins_hear_of_it_when_nobody_owns_it(cast: Cast, crm: Connector, why: str) -> None:
    admin = person(cast.acme, "Ivo", Role.MCP_ADMIN)
    Connector.objects.update(owner=None if why == "nobody" else cast.dana)
    Membership.objects.filter(user=cast.dana).update(is_active=why != "left")
    User.objects.filter(pk=cast.dana.pk).update(is_active=why != "deactivated")
    record_health(crm, "down", "Gone.")
    pass_time(DOWN_FOR)
    hours()
    assert {line.user for line in Notice.objects.all()} == {cast.alice, admin}
    assert len(mail.outbox) == 2


def test_many_processes_see_it_and_one_tells_it(transactional_db: None, cast: Cast, crm: Connector) -> None:
    record_health(crm, "down", "Gone.")
    pass_time(DOWN_FOR)

    def tick(_: int) -> None:
        try:
            hours()
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as processes:
        list(processes.map(tick, range(12)))
    assert Notice.objects.count() == 1 and len(mail.outbox) == 1


def test_a_refused_credential_is_told_at_once_and_is_over_when_it_is_taken(cast: Cast, crm: Connector) -> None:
    record_health(crm, "operator", "401")
    hours()
    line = Notice.objects.get()
    assert "refuses the organization's credential" in line.text and len(mail.outbox) == 1
    assert is_told_of(crm)
    record_health(crm, "up", "")
    line.refresh_from_db()
    assert line.settled_at and "takes the organization's credential" in line.text


def test_nobody_reads_that_it_works_again_before_it_was_seen_to(cast: Cast, crm: Connector) -> None:
    """It goes down, or refuses the next secret as well, before it has taken one."""
    alice = cast.actor(cast.alice)
    kept = {"type": "bearer", "secret": Secret("sk-next-123456789"), "is_untested": True}
    record_health(crm, "operator", "401")
    hours()
    record_health(crm, "down", "Gone.")
    line = Notice.objects.get()
    assert line.settled_at is None and "works again" not in line.text
    record_health(crm, "operator", "401")
    replace_secret(crm, **kept, actor=alice)
    record_health(crm, "operator", "401")
    hours()
    assert "works again" not in Notice.objects.get().text and len(mail.outbox) == 1
    replace_secret(crm, **kept | {"secret": Secret("sk-right-12345678")}, actor=alice)
    record_health(crm, "up", "")
    hours()
    assert "works again" in Notice.objects.get().text and len(mail.outbox) == 2


def test_another_address_ends_what_was_told_of_the_first(cast: Cast, crm: Connector) -> None:
    record_health(crm, "down", "Gone.")
    pass_time(DOWN_FOR)
    hours()
    save_connection(crm, url="https://elsewhere.acme.test/mcp", allow_internal=True, actor=cast.actor(cast.alice))
    assert Notice.objects.get().settled_at
    crm.refresh_from_db()
    record_health(crm, "down", "The new one is gone, too.")
    pass_time(DOWN_FOR)
    hours()
    assert [line.settled_at is None for line in Notice.objects.order_by("created_at")] == [False, True]
    assert len(mail.outbox) == 2, "another trouble, of another server"


def test_what_was_wrong_before_a_pause_is_not_told_after_it(cast: Cast, crm: Connector) -> None:
    alice = cast.actor(cast.alice)
    record_health(crm, "down", "Gone.")
    pause_connector(crm, actor=alice)
    pass_time(timedelta(days=3))
    resume_connector(crm, actor=alice)
    hours()
    assert not Notice.objects.exists() and not mail.outbox, "nobody asked the server yet"
    crm.refresh_from_db()
    assert crm.health == "unknown" and crm.checked_at is None, "it is asked next"


def test_an_owner_who_may_not_mend_it_does_not_hear_of_it_alone(cast: Cast, crm: Connector) -> None:
    Connector.objects.update(owner=cast.dana)
    crm.refresh_from_db()
    record_health(crm, "operator", "401")
    assert {line.user for line in Notice.objects.all()} == {cast.alice, cast.dana}


def test_where_nobody_is_left_to_tell_nobody_is_said_to_have_been_told(cast: Cast, crm: Connector) -> None:
    Membership.objects.filter(organization=cast.acme).update(is_active=False)
    record_health(crm, "operator", "401")
    crm.refresh_from_db()
    assert crm.trouble_told_at is None and not Notice.objects.exists()
    Membership.objects.filter(user=cast.alice).update(is_active=True)
    pass_time(DOWN_FOR)
    hours()
    crm.refresh_from_db()
    assert crm.trouble_told_at is not None and Notice.objects.get().user == cast.alice


def test_a_paused_or_deleted_connector_troubles_nobody(cast: Cast, crm: Connector) -> None:
    record_health(crm, "down", "Gone.")
    pass_time(DOWN_FOR)
    tell_of_outages()
    pause_connector(crm, actor=cast.actor(cast.alice))
    assert Notice.objects.get().settled_at
    hours()
    assert not mail.outbox
    Notice.objects.update(settled_at=None)
    delete_connector(crm, actor=cast.actor(cast.alice))
    assert Notice.objects.get().settled_at


def test_alice_reads_it_in_her_inbox(client: Client, cast: Cast, crm: Connector) -> None:
    record_health(crm, "down", "The server did not answer.")
    pass_time(DOWN_FOR)
    tell_of_outages()
    client.force_login(cast.alice)
    page = client.get("/settings/inbox/").content.decode()
    assert "CRM has been down since" in page and "Mark as read" in page
    line = Notice.objects.get()
    client.post("/settings/inbox/", {"notice": line.pk})
    assert Notice.objects.get().read_at
    assert "CRM has been down" not in client.get("/settings/inbox/?show=unread").content.decode()
    assert "CRM has been down" in client.get("/settings/inbox/?show=open&about=server").content.decode()
