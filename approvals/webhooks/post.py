"""One message to one webhook: one request, and what is known of it afterwards."""

from __future__ import annotations

import time
from typing import NamedTuple
from uuid import UUID

from django.conf import settings

from approvals.models import Webhook
from approvals.webhooks.sealed import address_of, key_of
from approvals.webhooks.signing import signed_headers
from harriet.lib.egress import Reach, session
from harriet.lib.egress.errors import EgressFailed, EgressRefused, EgressTimeout
from vault.errors import CannotOpen

SECONDS = 10.0
LARGEST_ANSWER = 64 * 1024
_NOT_TAKEN = frozenset({408, 425, 429, 503})
"""The receiver says itself that it has not taken it for now."""


class Posted(NamedTuple):
    problem: str
    """Empty when the receiver took it."""
    is_certain: bool = True
    """False when it may have arrived all the same: then it is not sent again."""
    is_worth_another: bool = False


def reach_of(webhook: Webhook) -> Reach:
    return Reach(
        allow_internal=webhook.allow_internal,
        internal_hosts=tuple(webhook.organization.internal_hosts),
        local_hosts=settings.ALLOWED_LOCAL_HOSTS,
    )


def post(webhook: Webhook, message_id: UUID, body: bytes) -> Posted:
    """Redirects are not followed: the signed message goes where it was meant to go."""
    try:
        key, address = key_of(webhook), address_of(webhook)
    except CannotOpen:
        return Posted("Its address can't be opened with the keys of this installation. Enter it anew.")
    headers = signed_headers(key, message_id, int(time.time()), body)
    headers |= {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Harriet"}
    try:
        with session(reach_of(webhook), deadline=SECONDS, max_bytes=LARGEST_ANSWER) as opened:
            status = opened.post(address.reveal(), data=body, headers=headers).status_code
    except EgressRefused as refusal:
        return Posted(refusal.message)
    except (EgressFailed, EgressTimeout) as failure:
        return Posted(failure.message, is_certain=not failure.was_sent, is_worth_another=not failure.was_sent)
    if 200 <= status < 300:
        return Posted("")
    problem = f"{webhook.host} answered with HTTP status {status}."
    return Posted(problem, is_worth_another=status in _NOT_TAKEN)
