"""What a server says when it refuses or fails is told to the admin in its own words, without the secret; and only what
it means for the connector's health changes that."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from audit.models import Event
from connectors.actions.check_health import check_health
from connectors.actions.sync_connector import sync_connector
from connectors.actions.test_connection import test_connection as try_connection
from connectors.models import Connector
from tests.servers.hostile import Behaviour, Hostile
from tests.servers.refusing import JSON, PLAIN, behaving, error, in_words
from tests.stage.cast import Cast
from tests.stage.connectors import Connecting

SECRET = "sk-canary-51fe"
CHALLENGE = 'WWW-Authenticate: Bearer error="invalid_token"'
REFUSALS = [
    (
        in_words(503, "Maintenance", PLAIN, "Retry-After: 90"),
        "It said: “Maintenance”. It asks to wait 90 seconds",
        "down",
    ),
    (in_words(503, error("Starting up"), JSON), "It said: “Starting up”.", "down"),
    (in_words(500, '{"detail":"No disk"}', JSON), "It said: “No disk”.", "down"),
    (in_words(429, "Too many", PLAIN, "Retry-After: 7"), "It said: “Too many”. It asks to wait 7 seconds", "unknown"),
    (in_words(403, '{"message":"Not from this network"}', JSON), "It said: “Not from this network”.", "unknown"),
    (in_words(402, "Pay first"), "It said: “Pay first”.", "unknown"),
    (in_words(404, "Nothing here."), "It said: “Nothing here.” Check the connector's URL", "unknown"),
    (in_words(404, "<title>Lost</title>", "text/html"), "It said: “Lost”. Check the connector's URL", "unknown"),
    (in_words(403, "Token is stale", PLAIN, CHALLENGE), "It said: “Token is stale”. Check the connector's", "operator"),
    (in_words(401, error("No token"), JSON), "It said: “No token”.", "operator"),
    (in_words(500, "x" * 495 + SECRET), "xxx", "down"),
]


@pytest.fixture
def hostile() -> Iterator[Hostile]:
    with Hostile() as running:
        yield running


@pytest.mark.parametrize(("way", "told", "health"), REFUSALS)
def test_a_sync_and_a_test_say_what_the_server_said(
    cast: Cast, connect: Connecting, hostile: Hostile, way: Behaviour, told: str, health: str
) -> None:
    connector = connect(secret=SECRET, url=hostile.url(behaving("/refuses-admin", way)))
    alice = cast.actor(cast.alice)
    run = sync_connector(connector, actor=alice)
    assert (run.is_success, told in run.error) == (False, True), run.error
    assert connector_health(connector) == health
    worst = try_connection(connector, actor=alice)[-1]
    assert told in worst.sentence
    for text in (run.error, worst.sentence, *Event.objects.values_list("body", flat=True)):
        assert SECRET[:6] not in str(text)


def test_a_server_that_is_asked_too_often_is_up(cast: Cast, connect: Connecting, hostile: Hostile) -> None:
    connector = connect(url=hostile.url(behaving("/too-often", in_words(429, "slow down"))))
    assert list(check_health().values()) == ["up"]
    assert connector_health(connector) == "up"


def connector_health(connector: Connector) -> str:
    return Connector.objects.get(pk=connector.pk).health
