"""Whoever tries token after token waits longer and longer; whoever has a token never does."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor

from harriet.gateway.http.guessing import EACH, FREE, LONGEST, MOST_ADDRESSES, Guesses
from harriet.people.actions.issue_personal_token import issue_personal_token
from harriet.people.actors import actor_of
from tests.stage.clients import Client
from tests.stage.office import Office
from tests.stage.processes import Gateway


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_three_hundred_in_a_row_take_their_time() -> None:
    clock = Clock()
    guesses = Guesses(clock)
    waits = []
    for number in range(300):
        waits.append(guesses.wait_for("10.0.0.1", f"hrt_dev_{number}"))
        clock.now += waits[-1]
    assert waits[:FREE] == [0.0] * FREE
    assert all(EACH * 0.99 < wait <= EACH for wait in waits[FREE + 1 :])
    assert clock.now - 100 > 60


def test_three_hundred_at_once_wait_the_longest_and_it_passes() -> None:
    clock = Clock()
    guesses = Guesses(clock)
    waits = [guesses.wait_for("10.0.0.1", f"hrt_dev_{number}") for number in range(300)]
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST
    assert guesses.wait_for("10.0.0.2", "hrt_dev_0") == 0.0
    clock.now += LONGEST + FREE * EACH
    assert guesses.wait_for("10.0.0.1", "hrt_dev_new") == 0.0


def test_the_same_wrong_token_is_one_guess() -> None:
    guesses = Guesses(Clock())
    assert [guesses.wait_for("10.0.0.1", "hrt_dev_expired") for _ in range(500)] == [0.0] * 500


def test_what_is_remembered_is_bounded() -> None:
    guesses = Guesses(Clock())
    for number in range(MOST_ADDRESSES + 50):
        guesses.wait_for(f"address {number}", "hrt_dev_x")
    assert len(guesses) == MOST_ADDRESSES


def test_a_valid_token_of_the_same_address_is_served_meanwhile(dana: Client, office: Office) -> None:
    """Over real connections: refusals of guesses are still waiting while Dana's calls come and go."""
    order: list[str] = []

    def guess(number: int) -> int:
        status = Client(dana.gateway, f"hrt_dev_guess{number}").request("ping").status
        order.append("refused")
        return status

    with ThreadPoolExecutor(FREE + 20) as pool:
        guesses = [pool.submit(guess, number) for number in range(FREE + 20)]
        while order.count("refused") < FREE:
            time.sleep(0.01)
        for _ in range(5):
            assert dana.request("ping").result == {}
            order.append("served")
        assert {each.result(60) for each in guesses} == {401}
    assert order.index("served") < len(order) - 1
    assert order[-1] == "refused"


def test_the_api_is_slow_to_refuse_guesses_too(gateway: Gateway, office: Office) -> None:
    _, secret = issue_personal_token(
        office.cast.acme, office.cast.alice, name="script", expires_in_days=3, actor=actor_of(office.cast.alice)
    )

    def status(token: str) -> int:
        return gateway.get("/api/v1/connectors/", headers={"authorization": f"Bearer {token}"}).status

    began = time.monotonic()
    assert {status(f"hrt_per_guess{number}") for number in range(FREE + 8)} == {401}
    assert time.monotonic() - began > 4 * EACH
    assert status(secret.reveal()) == 200


def test_a_refused_guess_says_what_every_refusal_says(dana: Client) -> None:
    answer = Client(dana.gateway, "hrt_dev_another").request("ping")
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith('Bearer error="invalid_token", error_description="Harriet ')
    assert "doesn't know this token" in json.loads(answer.body)["error"]["message"]
