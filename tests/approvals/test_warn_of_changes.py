"""Before anybody approves in vain, the ticket says what has changed since the call was asked for."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse

from approvals.models import PendingAction
from connectors.models import Connector, ToolVersion
from tests.stage.connectors import new_version
from tests.stage.credentials import save_token
from tests.stage.held_calls import Mailing

VAIN = "It would not run though it were approved"


def definition(mailing: Mailing) -> None:
    ToolVersion.objects.filter(tool=mailing.tool).update(is_pinned=False)
    new_version(mailing.tool, {"name": "send_mail", "description": "Sends it elsewhere, too."}).save()


def address(mailing: Mailing) -> None:
    Connector.objects.update(revision=F("revision") + 1)


def secret(mailing: Mailing) -> None:
    save_token(mailing.cast, mailing.tool.connector_id)


def page(mailing: Mailing, client: Client) -> str:
    client.force_login(mailing.cast.bob)
    return client.get(reverse("tickets:detail", args=[1])).content.decode()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (definition, "the tool&#x27;s definition has changed."),
        (address, "how Harriet reaches the connector has changed."),
        (secret, "the credential was replaced."),
    ],
)
def test_what_has_changed_is_said(
    mailing: Mailing, client: Client, change: Callable[[Mailing], None], words: str
) -> None:
    mailing.held()
    assert VAIN not in page(mailing, client)
    change(mailing)
    shown = page(mailing, client)
    assert VAIN in shown and words in shown


def test_several_are_said_together(mailing: Mailing, client: Client) -> None:
    mailing.held()
    address(mailing)
    secret(mailing)
    assert "how Harriet reaches the connector has changed and the credential was replaced." in page(mailing, client)


def test_nothing_is_said_where_nobody_knows(mailing: Mailing, client: Client) -> None:
    """Of a call that was held before its parts were kept."""
    held = mailing.held()
    PendingAction.objects.filter(pk=held.action_id).update(bound_parts={})
    address(mailing)
    assert VAIN not in page(mailing, client)
