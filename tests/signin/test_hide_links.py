"""A one-time link is a secret: when a request to it fails, the log says so without it."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audit.actor import SYSTEM
from harriet.people.actions.invite_person import invite_person
from harriet.people.actions.make_setup_link import make_setup_link


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the configured handler writes, at DEBUG."""
    root = logging.getLogger()
    handler = next(found for found in root.handlers if found.get_name() == "console")
    assert isinstance(handler, logging.StreamHandler)
    text, level = io.StringIO(), root.level
    before = handler.setStream(text)
    root.setLevel(logging.DEBUG)
    yield text
    root.setLevel(level)
    handler.setStream(before)


def test_a_mistake_in_the_set_up_form_does_not_log_the_link(client: Client, db: None, log: io.StringIO) -> None:
    token = make_setup_link(actor=SYSTEM).reveal()
    client.post(reverse("people:setup", args=[token]), {"name": "Alice"})
    Client(enforce_csrf_checks=True).post(reverse("people:setup", args=[token]), {"name": "Alice"})
    assert log.getvalue().count("/setup/[hidden]") >= 2 and token not in log.getvalue()


def test_nor_does_an_invitation(client: Client, cast: Any, log: io.StringIO) -> None:
    _, link = invite_person(cast.acme, "eve@acme.test", "member", actor=cast.actor(cast.alice))
    token = link.reveal().rstrip("/").rpartition("/")[2]
    client.post(reverse("people:join", args=[token]), {"name": "Eve", "password": "short"})
    assert "/join/[hidden]" in log.getvalue() and token not in log.getvalue()
