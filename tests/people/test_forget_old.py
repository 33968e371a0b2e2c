"""What nobody needs any more goes by itself, some of it in one turn; everything else stays."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import Event
from connectors.actions import forget_old as of_connectors
from connectors.models import BulkChange, Connector, SyncRun, ToolVersion
from harriet.lib.batches import delete_some, in_batches
from harriet.people.actions import forget_old as of_people
from harriet.people.models import BrowserSession, Invitation, MadeOnce, Notice
from tests.stage.cast import Cast
from tests.stage.connectors import connector, new_version, tool


def ago(days: float) -> Any:
    return Now() - timedelta(days=days)


def notice(cast: Cast, key: str, days: float, *, is_read: bool) -> None:
    read_at = ago(days) if is_read else None
    Notice.objects.create(
        organization=cast.acme, user=cast.dana, key=key, text=key, path="/", created_at=ago(days), read_at=read_at
    )


def invitation(cast: Cast, name: str, ended: float) -> None:
    Invitation.objects.create(
        organization=cast.acme,
        email=f"{name}@acme.test",
        role="member",
        token_hash=secrets.token_bytes(32),
        expires_at=ago(ended),
    )


def test_notices_and_links_go_when_their_time_is_over(cast: Cast) -> None:
    for key, days, is_read in (("old", 91, True), ("unread", 91, False), ("ancient", 366, False), ("new", 1, True)):
        notice(cast, key, days, is_read=is_read)
    for name, ended in (("gone", 91), ("lately", 89), ("open", -5)):
        invitation(cast, name, ended)
    MadeOnce.objects.create(
        organization=cast.acme, user=cast.dana, form_hash=b"a", subject_id=uuid4(), created_at=ago(1.1)
    )
    assert of_people.forget_old() == 4
    assert set(Notice.objects.values_list("key", flat=True)) == {"unread", "new"}
    assert set(Invitation.objects.values_list("email", flat=True)) == {"lately@acme.test", "open@acme.test"}


def test_sessions_go_with_what_is_known_of_them(cast: Cast) -> None:
    for key, hours in (("over", -1), ("open", 1)):
        expires = timezone.now() + timedelta(hours=hours)
        made = Session.objects.create(session_key=key, session_data="", expire_date=expires)
        BrowserSession.objects.create(session=made, user=cast.dana, browser="Firefox", address="127.0.0.1")
    assert of_people.forget_sessions() == 1
    assert list(BrowserSession.objects.values_list("session_id", flat=True)) == ["open"]


def test_a_turn_takes_no_more_than_it_may(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_people, "AT_ONCE", 2)
    for number in range(5):
        notice(cast, f"old {number}", 91, is_read=True)
    with CaptureQueriesContext(connection) as asked:
        assert of_people.forget_old() == 2
    assert len(asked) <= 12
    assert [of_people.forget_old() for _ in range(3)] == [2, 1, 0]


def test_the_last_syncs_of_each_connector_stay(cast: Cast) -> None:
    crm, quiet = (connector(cast.acme, f"https://{slug}.test/mcp", slug=slug) for slug in ("crm", "quiet"))
    for days, is_success in ((60, True), (50, True), (45, False), (40, False), (1, False)):
        SyncRun.objects.create(connector=crm, started_at=ago(days), is_success=is_success)
    SyncRun.objects.create(connector=quiet, started_at=ago(90), is_success=True)
    of_connectors.forget_old()
    left = [(run.is_success, (timezone.now() - run.started_at).days) for run in SyncRun.objects.filter(connector=crm)]
    assert left == [(False, 1), (True, 50)], "the last, and the last that what is offered now comes from"
    assert SyncRun.objects.filter(connector=quiet).count() == 1


def test_definitions_that_servers_only_passed_through_go(cast: Cast) -> None:
    crm = connector(cast.acme, "https://crm.test/mcp")
    one = tool(crm, {"name": "find", "inputSchema": {}})
    for text, state in (("passed", {}), ("refused", {"refused_at": ago(95)}), ("proposed", {"is_proposed": True})):
        version = new_version(one, {"name": "find", "description": text}, is_pinned=False)
        for name, value in state.items():
            setattr(version, name, value)
        version.save()
    ToolVersion.objects.update(seen_at=ago(91))
    of_connectors.forget_old()
    left = {version.definition.get("description") for version in ToolVersion.objects.all()}
    assert left == {None, "refused", "proposed"}


def test_previews_and_forgotten_drafts_go(cast: Cast) -> None:
    crm = connector(cast.acme, "https://crm.test/mcp")
    draft = {"state": Connector.State.DRAFT}
    old, new = (connector(cast.acme, f"https://{slug}.test/mcp", slug=slug, **draft) for slug in ("old", "new"))
    Connector.objects.filter(pk__in=[old.pk, crm.pk]).update(created_at=ago(181))
    shared = {"organization": cast.acme, "connector": crm, "wish": {}, "seen": {}, "done": {}}
    for days, is_applied in ((1.1, False), (0.5, False), (29, True), (31, True)):
        applied_at = ago(days) if is_applied else None
        BulkChange.objects.create(**shared, made_at=ago(days), applied_at=applied_at)
    of_connectors.forget_old()
    assert of_connectors.discard_old_drafts() == 1
    assert BulkChange.objects.count() == 2
    assert set(Connector.objects.all()) == {crm, new}
    assert Event.objects.filter(connector_id=old.pk).exists(), "the log keeps it"


def test_batches_read_no_further_ahead() -> None:
    read: list[int] = []
    some = next(in_batches((read.append(number) or number for number in range(100)), 7))  # type: ignore[func-returns-value]
    assert some == read == list(range(7))


def test_nothing_to_delete_costs_one_question(cast: Cast) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert delete_some(Notice.objects.filter(text="nothing"), 10) == 0
    assert len(asked) == 1
