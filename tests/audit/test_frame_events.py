"""Events of one caller and thing share a frame: what they say is what an event composed alone would say."""

from __future__ import annotations

import orjson

from audit.event_body import Frame, mac_of
from audit.events import CALL_INTENT, CALL_OUTCOME
from tests.stage.events import ACME, CRM, DANA, LAPTOP, SEARCH, TOKEN, call_event

FRAME = Frame(organization_id=ACME, actor=TOKEN, person=DANA, device=LAPTOP, connector=CRM, tool=SEARCH)


def test_a_framed_event_says_what_a_composed_one_says() -> None:
    framed = FRAME.event(CALL_INTENT, {"size": 3, "b": {"z": 1, "a": None}}, decision="allow", reason="A “rule”.")
    alone = call_event(decision="allow", reason="A “rule”.", size=3, b={"z": 1, "a": None})
    own = {"id", "at", "request"}
    assert {k: v for k, v in orjson.loads(framed.body).items() if k not in own} == {
        k: v for k, v in orjson.loads(alone.body).items() if k not in own
    }
    assert framed.code == alone.code
    assert (framed.person_id, framed.connector_id, framed.tool_id) == (DANA.id, CRM.id, SEARCH.id)


def test_the_stored_text_has_one_form() -> None:
    event = FRAME.event(CALL_OUTCOME, {"z": 1, "a": 2}, outcome="ok")
    assert event.body == orjson.dumps(orjson.loads(event.body), option=orjson.OPT_SORT_KEYS)
    assert event.mac == mac_of(event.body)


def test_events_of_one_frame_are_their_own() -> None:
    one, other = (FRAME.event(CALL_INTENT, {}) for _ in range(2))
    assert one.id != other.id
    assert orjson.loads(one.body)["id"] == str(one.id)
    assert "details" not in orjson.loads(one.body)
