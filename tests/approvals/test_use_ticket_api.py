"""Programs read tickets, comment, claim and report over the API; they decide on none."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from approvals.models import PendingAction, Report, TicketComment
from approvals.queries import held_of
from audit.models import Event
from connectors.models import Connector
from harriet.people.actions.issue_personal_token import issue_personal_token
from harriet.people.models import Notice, User
from harriet.people.pages.fresh_sign_in import SIGNED_IN
from tests.stage.held_calls import Mailing

HIDDEN = '{"to":"max@example.test","text":"pay\u202enow"}'.encode()


class Program:
    """A script with a personal token; or the same person's browser, which sends no token."""

    def __init__(self, mailing: Mailing, user: User, *, is_browser: bool = False) -> None:
        self.client = Client()
        if is_browser:
            self.client.force_login(user)
            self.headers = {}
            return
        _, secret = issue_personal_token(mailing.cast.acme, user, "Script", 30, actor=mailing.cast.actor(user))
        self.headers = {"authorization": f"Bearer {secret.reveal()}"}

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        extra = {"data": body, "content_type": "application/json"} if body is not None else {}
        answer = getattr(self.client, method)(f"/api/v1/tickets/{path}", headers=self.headers, **extra)
        return answer.status_code, answer.json() if answer.content else None


def test_a_program_reads_what_waits_with_hidden_characters_marked(mailing: Mailing) -> None:
    mailing.held(HIDDEN)
    mailing.held(b'{"n":2}')
    bob = Program(mailing, mailing.cast.bob)
    status, page = bob.ask("get", "?show=waiting&connector=crm&risk=dangerous")
    assert (status, [one["number"] for one in page["results"]]) == (200, [2, 1])
    assert bob.ask("get", "?state=rejected")[1]["results"] == []
    status, shown = bob.ask("get", "1/")
    assert status == 200 and shown["arguments"]["text"] == "pay\u202enow"
    assert "pay⟨U+202E⟩now" in shown["arguments_text"] and shown["hidden_characters"] == 1
    assert shown["approvals_needed"] == 1 and shown["ways"]["approve"] == "" and "withdraw" in shown["ways"]["withdraw"]
    assert shown["url"].endswith("/tickets/1/")
    charlie = Program(mailing, mailing.cast.bob)
    charlie.headers = {"authorization": "Bearer hrt_per_nobody"}
    assert charlie.ask("get", "1/")[0] == 401
    dana = Program(mailing, mailing.cast.dana)
    assert len(dana.ask("get", "?show=mine")[1]["results"]) == 2 and dana.ask("get", "9/")[0] == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("approve/", {"edition": 0}),
        ("reject/", {"reason": "No."}),
        ("edit/", {"reason": "So.", "arguments": "{}", "edition": 0}),
    ],
)
def test_no_token_decides_whoever_holds_it(mailing: Mailing, path: str, body: Any) -> None:
    """Also under the rule by which whoever asked decides: the token may be their agent's."""
    Connector.objects.update(deciders="requester")
    mailing.tool.risk_override = "moderate"
    mailing.tool.save()
    held = mailing.held()
    for user in (mailing.cast.alice, mailing.cast.bob, mailing.cast.dana):
        status, told = Program(mailing, user).ask("post", f"1/{path}", body)
        assert status == 403 and "No token decides" in told["detail"] and "/tickets/1/" in told["detail"]
    assert held_of(held.action_id).state == "waiting"


def test_a_person_decides_over_the_api_of_their_browser_signed_in_lately(mailing: Mailing) -> None:
    held = mailing.held()
    bob = Program(mailing, mailing.cast.bob, is_browser=True)
    session = bob.client.session
    session[SIGNED_IN] = session[SIGNED_IN] - 3600
    session.save()
    status, told = bob.ask("post", "1/approve/", {"edition": 0})
    assert status == 403 and "sign in again" in told["detail"]
    bob.client.force_login(mailing.cast.bob)
    assert bob.ask("post", "1/approve/", {"edition": 1})[0] == 409
    assert bob.ask("post", "1/approve/", {"edition": 0})[0] == 200
    assert held_of(held.action_id).state == "approved"
    assert bob.ask("post", "1/reject/", {"reason": "No."})[0] == 409


def test_comments_claims_hand_overs_withdrawals_and_reports(mailing: Mailing) -> None:
    cast, held = mailing.cast, mailing.held()
    alice, bob, dana = (Program(mailing, user) for user in (cast.alice, cast.bob, cast.dana))
    assert dana.ask("post", "1/comments/", {"text": "It is urgent."})[0] == 201
    assert dana.ask("post", "1/comments/", {"text": " "})[0] == 400
    assert dana.ask("post", "1/claim/")[0] == 403
    status, told = dana.ask("post", "1/hand_over/", {"to": "nobody@acme.test"})
    assert status == 403 and "nobody@" not in told["detail"]  # who is here is not hers to try out
    assert bob.ask("post", "1/claim/")[0] == 204
    status, told = alice.ask("post", "1/claim/")
    assert status == 409 and "Bob is looking at it already" in told["detail"]
    assert alice.ask("get", "1/")[1]["looked_at_by"] == "Bob"
    assert bob.ask("delete", "1/claim/")[0] == 204
    assert bob.ask("post", "1/hand_over/", {"to": "dana@acme.test"})[0] == 400
    status, shown = bob.ask("post", "1/hand_over/", {"to": "alice@acme.test", "note": "I am away."})
    assert status == 200 and shown["handed_to_label"] == "Alice"
    assert [(one["text"], one["handed_to_label"]) for one in shown["comments"]] == [
        ("It is urgent.", ""),
        ("I am away.", "Alice"),
    ]
    line = Notice.objects.get(user=cast.alice, key__startswith="handed over")
    assert "Bob asks you to decide on ticket #1" in line.text and line.settled_at is None
    assert bob.ask("post", "1/report/", {"text": "Odd.", "pause": True})[0] == 403
    status, report = dana.ask("post", "1/report/", {"text": "I never asked for this."})
    assert status == 201 and (report["ticket"], report["about"]) == (2, 1)
    assert bob.ask("post", "1/withdraw/")[0] == 403
    assert dana.ask("post", "1/withdraw/")[0] == 200
    assert held_of(held.action_id).state == "withdrawn"
    line.refresh_from_db()
    assert line.settled_at is not None
    assert TicketComment.objects.count() == 2 and PendingAction.objects.count() == Report.objects.count() == 1
    codes = set(Event.objects.values_list("code", flat=True))
    assert {"ticket.commented", "ticket.claimed", "ticket.released", "ticket.handed_over", "report.made"} <= codes


def test_a_dangerous_call_is_approved_by_whoever_signed_in_lately(mailing: Mailing, client: Client) -> None:
    """What was typed is there after signing in again, and nothing is done by coming back."""
    held, page = mailing.held(), reverse("tickets:detail", args=[1])
    client.force_login(mailing.cast.bob)
    session = client.session
    session[SIGNED_IN] = session[SIGNED_IN] - 3600
    session.save()
    typed = {"reason": "Known customer.", "edition": 0}
    answer = client.post(reverse("tickets:approve", args=[1]), typed)
    assert answer.status_code == 302 and answer["Location"].startswith("/accounts/reauthenticate/?next=")
    assert client.post(answer["Location"], {"password": "wrong", "next": page}).status_code == 200
    back = client.post(answer["Location"], {"password": "correct horse battery", "next": page}, follow=True)
    told = back.content.decode()
    assert "Signed in again. Nothing was done yet" in told and "Known customer." in told
    assert held_of(held.action_id).state == "waiting"
    client.post(reverse("tickets:approve", args=[1]), typed)
    assert held_of(held.action_id).state == "approved"


def test_a_call_of_moderate_risk_asks_for_no_fresh_sign_in(mailing: Mailing, client: Client) -> None:
    mailing.tool.risk_override = "moderate"
    mailing.tool.save()
    held = mailing.held()
    client.force_login(mailing.cast.bob)
    session = client.session
    session[SIGNED_IN] = 0
    session.save()
    client.post(reverse("tickets:approve", args=[1]), {"edition": 0})
    assert held_of(held.action_id).state == "approved"
