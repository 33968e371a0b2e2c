"""A channel of the company's chat hears that a connector waits for review, and not of one that was decided before."""

from __future__ import annotations

import pytest

from approvals.actions.add_webhook import add_webhook
from approvals.models import WebhookMessage
from audit.actor import SYSTEM
from connectors.actions.approve_review import approve_review
from connectors.actions.delete_connector import delete_connector
from connectors.actions.submit_connector import submit_connector
from connectors.models import Connector
from tests.stage.cast import Cast
from tests.stage.connectors import connector


@pytest.fixture
def crm(cast: Cast) -> Connector:
    given = {"name": "Chat", "address": "https://chat.example/hook", "allow_internal": False}
    add_webhook(cast.acme, **given, kinds=["reviews"], actor=cast.actor(cast.alice))
    return connector(cast.acme, "http://127.0.0.1:9/mcp", review=Connector.Standing.CHANGES)


def test_it_hears_that_one_waits(cast: Cast, crm: Connector) -> None:
    review = submit_connector(crm, actor=cast.actor(cast.alice))
    message = WebhookMessage.objects.get()
    assert (message.kind, message.path) == ("reviews", f"/settings/reviews/{review.pk}/")
    assert message.text.startswith("CRM waits for review: ") and message.due_at is not None


def test_not_of_one_that_was_decided_meanwhile(cast: Cast, crm: Connector) -> None:
    review = submit_connector(crm, actor=cast.actor(cast.alice))
    approve_review(review, seen=None, override_reason="Needed today.", actor=SYSTEM)
    assert WebhookMessage.objects.get().due_at is None


def test_nor_of_one_that_is_gone(cast: Cast, crm: Connector) -> None:
    submit_connector(crm, actor=cast.actor(cast.alice))
    delete_connector(crm, actor=cast.actor(cast.alice))
    assert WebhookMessage.objects.get().due_at is None
