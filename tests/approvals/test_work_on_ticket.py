"""What is done with a ticket on its page beside deciding: what was typed stays, and nothing acts by looking."""

from __future__ import annotations

import json
from html import unescape
from typing import Any

from django.test import Client

from approvals.models import PendingAction, Ticket, TicketComment
from approvals.sealed_parts import sent_of
from connectors.models import Connector, Tool, ToolPermission
from harriet.people.models import Membership
from harriet.people.roles import Role
from tests.stage.cast import Cast, person
from tests.stage.held_calls import Mailing, call_of, hold
from tests.stage.profiles import profile
from tests.stage.tokens import device_credential

HIDDEN = "\u202e\u2066\u200b\U000e0041"
NASTY = f"<b onmouseover=alert(1)>{HIDDEN}</b> **md** [x](javascript:alert(1)) <script>alert(1)</script>"


def page(client: Client, path: str = "/tickets/1/", **sent: Any) -> str:
    answer = client.post(path, sent, follow=True) if sent else client.get(path)
    return unescape(answer.content.decode())


def test_people_talk_and_say_who_is_at_it(mailing: Mailing, client: Client) -> None:
    mailing.held()
    client.force_login(mailing.cast.bob)
    assert "Write what you want to say" in page(client, "/tickets/1/comment/", text=" ")
    client.post("/tickets/1/comment/", {"text": f"Is this ours? {NASTY}"})
    assert "You are looking at it" in page(client, "/tickets/1/claim/", go="1")
    client.force_login(mailing.cast.dana)
    seen = page(client)
    assert "Is this ours?" in seen and "Bob" in seen and "⟨U+202E⟩" in seen and not set(HIDDEN) & set(seen)
    assert "is looking at it" in seen and "Hand over" not in seen and "Change what it sends" not in seen
    client.force_login(mailing.cast.bob)
    assert "is looking at it" not in page(client, "/tickets/1/release/", go="1").partition("You are")[0]
    assert TicketComment.objects.count() == 1


def test_a_ticket_is_handed_to_somebody_who_may_decide(mailing: Mailing, client: Client) -> None:
    cast, held = mailing.cast, mailing.held()
    eve = person(cast.acme, "Eve", Role.APPROVER)
    client.force_login(cast.bob)
    chosen = str(Membership.objects.get(user=cast.dana).pk)
    assert "may not decide on this call" in page(client, "/tickets/1/hand-over/", to=chosen, note="You know Max.")
    chosen = str(Membership.objects.get(user=eve).pk)
    said = page(client, "/tickets/1/hand-over/", to=chosen, note="You know Max.")
    assert "is told, and asked to decide" in said and "You know Max." in said
    assert PendingAction.objects.get(pk=held.action_id).ticket.handed_to == eve


def test_nothing_is_done_by_looking(mailing: Mailing, client: Client) -> None:
    """Whatever acts takes a POST; the pages with forms only show them."""
    held = mailing.held()
    client.force_login(mailing.cast.bob)
    for way in ("approve", "reject", "withdraw", "comment", "claim", "release", "answer"):
        assert client.get(f"/tickets/1/{way}/?reason=x&text=x&sure=1").status_code == 405, way
    for way in ("edit", "hand-over", "sent/arguments"):
        assert client.get(f"/tickets/1/{way}/?reason=x&text=x&sure=1&argument0=x&edition=0").status_code in (200, 302)
    action = PendingAction.objects.get(pk=held.action_id)
    assert (action.state, action.edition, TicketComment.objects.count(), Ticket.objects.count()) == ("waiting", 0, 0, 1)


def test_everything_on_a_card_is_shown_as_what_it_is(mailing: Mailing, client: Client) -> None:
    """Hidden characters, HTML and Markdown, wherever text of others stands; and 200 KB of arguments on a small page."""
    cast, tool = mailing.cast, mailing.tool
    Tool.objects.filter(pk=tool.pk).update(risk_reason=NASTY)
    Connector.objects.update(name=NASTY[:70])
    version = tool.versions.get()
    version.definition = {
        "name": "send_mail",
        "title": NASTY,
        "description": f"{NASTY} {'long ' * 300}",
        "inputSchema": {"type": "object", "properties": {"to": {"title": NASTY, "description": NASTY}}},
    }
    version.save()
    type(cast.dana).objects.filter(pk=cast.dana.pk).update(name=NASTY[:80])
    sent = {"to": NASTY, NASTY: [NASTY, {"x": NASTY}], "body": "Lorem ipsum " * 17_000, "n": 1, "is": True, "no": None}
    told = {"client_label": NASTY[:100], "reason": NASTY, "device": None}
    hold(
        call_of(tool, cast.dana, json.dumps(sent, ensure_ascii=False).encode(), meta=b'{"k":"<i>\xe2\x80\xae"}', **told)
    )
    client.force_login(cast.bob)
    card, rows = page(client), page(client, "/tickets/")
    whole = page(client, "/tickets/1/sent/arguments/")
    for path in ("", "../", "sent/arguments/", "../report/?ticket=1", "hand-over/"):
        raw = client.get(f"/tickets/1/{path}".replace("1/../", "")).content.decode()
        assert not set(HIDDEN) & set(raw), path
        assert "<b onmouse" not in raw and "<script>alert" not in raw and 'href="javascript' not in raw, path
        assert len(raw.encode()) < 100_000, path
    assert "⟨U+202E⟩" in card and "<b onmouseover" in card and "**md** [x](javascript:alert(1))" in rows + card
    assert "hidden characters in what will be sent" in card and "read all of it" in card
    assert "Page 1 of 7" in whole and "Lorem" in page(client, "/tickets/1/sent/arguments/?page=7")
    file = client.get("/tickets/1/sent/arguments.json")
    assert json.loads(file.content) == sent and file["Content-Disposition"].startswith("attachment")
    client.force_login(cast.charlie)
    assert client.get("/tickets/1/sent/arguments.json").status_code == 404


def test_each_state_says_what_became_of_it(mailing: Mailing, client: Client) -> None:
    held = mailing.held()
    client.force_login(mailing.cast.bob)
    for state in PendingAction.State:
        told = "The tool changed." if state in ("invalid", "rejected", "expired", "unknown") else ""
        PendingAction.objects.filter(pk=held.action_id).update(state=state, outcome_reason=told)
        card = page(client)
        assert state.label in card, state
        assert ("Approve and run" in card) == (state == "waiting"), state
        assert ("The tool changed." in card) == bool(told), state
        assert ("What came back" in card) == (state in ("done", "collected")), state


def test_a_result_that_nobody_collected_is_of_a_call_that_ran(mailing: Mailing, client: Client) -> None:
    mailing.held(b'{"n":1}')
    PendingAction.objects.update(state="lapsed")
    mailing.held(b'{"n":2}')
    client.force_login(mailing.cast.bob)
    assert "In the last 30 days: 1 ran." in page(client, "/tickets/2/")
    assert ">#1</a>" in page(client, "/tickets/?show=all&state=ran")


def test_nobody_looks_after_a_call_whose_time_is_over(mailing: Mailing, client: Client) -> None:
    mailing.held()
    PendingAction.objects.update(expires_at="2020-01-01T00:00Z")
    client.force_login(mailing.cast.bob)
    assert "its time ran out" in page(client, "/tickets/1/claim/", go="1")
    assert Ticket.objects.get().claimed_by is None


def test_bob_changes_a_call_in_two_steps(mailing: Mailing, client: Client) -> None:
    """A field for each argument; what differs, side by side; and then it runs. What nobody touched stays as it was."""
    cast, tool = mailing.cast, mailing.tool
    schema = {"type": "object", "properties": {"to": {"type": "string"}, "n": {"type": "integer", "maximum": 10}}}
    tool.versions.update(definition={"name": "send_mail", "inputSchema": schema})
    Tool.objects.filter(pk=tool.pk).update(risk_override="moderate")
    tool.refresh_from_db()
    ToolPermission.objects.create(tool=tool, group=cast.sales)
    work = profile(cast.acme, tool.connector, groups=[cast.sales])
    token = device_credential(cast.acme, cast.dana, "laptop").token
    sent = {"to": "max@example.test", "n": 1, "odd": "a\u202eb", "body": "x" * 20_000}
    raw = json.dumps(sent, ensure_ascii=False).encode()
    reason = "This tool requires confirmation: an approver decides on each call."
    held = hold(call_of(tool, cast.dana, raw, profile=work, token=token, reason=reason))
    client.force_login(cast.bob)
    form = page(client, "/tickets/1/edit/")
    assert 'value="max@example.test"' in form and "\\u202e" in form and "sent as they are: <code>" in form
    typed = {
        "edition": "0",
        "argument0": "max@acme.test",
        "argument1": "1",
        "argument2": '"a\\u202eb"',
        "reason": "Left.",
    }
    assert "Say why" in page(client, "/tickets/1/edit/", **(typed | {"reason": " "}))
    assert "at most 10" in page(client, "/tickets/1/edit/", **(typed | {"argument1": "11"})).replace(
        "maximum of", "at most"
    )
    unsaid = page(client, "/tickets/1/edit/", **typed, sure="1")
    assert "What differs" in unsaid and "<mark>example.test</mark>" not in form, (
        "without the page before nothing is sure"
    )
    shown = unsaid.partition('name="shown" value="')[2].partition('"')[0]
    action = PendingAction.objects.get(pk=held.action_id)
    assert (action.state, action.edition) == ("waiting", 0)
    done = page(client, "/tickets/1/edit/", **typed, sure="1", shown=shown)
    assert "Changed and approved" in done and "changed what it sends" in done
    action.refresh_from_db()
    assert (action.state, action.edition) == ("approved", 1)
    assert json.loads(sent_of(action).arguments) == sent | {"to": "max@acme.test"}


def test_an_open_page_hears_nothing_until_something_changes(mailing: Mailing, client: Client) -> None:
    mailing.held()
    client.force_login(mailing.cast.bob)
    for path in ("/tickets/1/", "/tickets/"):
        seen = client.get(path).context["seen"]
        asked = {"HTTP_X_SEEN": seen, "HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "live"}
        assert client.get(path, **asked).status_code == 204
        page(client, "/tickets/1/comment/", text="Hm.")
        if path == "/tickets/":
            page(client, "/tickets/1/reject/", reason="No.")
        assert client.get(path, **asked).status_code == 200


def test_beside_the_list_it_is_the_same_card(mailing: Mailing, client: Client) -> None:
    mailing.held()
    client.force_login(mailing.cast.bob)
    beside = client.get("/tickets/1/", HTTP_HX_REQUEST="true", HTTP_HX_TARGET="panel").content.decode()
    assert "data-panel-title" in beside and "wants to run" in beside and 'id="panel-live"' in beside


def test_after_a_decision_the_next_one_waits(mailing: Mailing, client: Client, cast: Cast) -> None:
    for number in range(3):
        mailing.held(b'{"n":%d}' % number)
    client.force_login(cast.bob)
    after = page(client, "/tickets/2/reject/", reason="No.")
    assert "2 more wait for you." in after and 'data-next href="/tickets/1/"' in after
    assert "Nothing else waits for you" not in after
