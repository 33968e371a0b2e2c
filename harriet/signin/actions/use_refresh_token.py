"""The next tokens for a refresh token: rotated, with a minute's grace for a client that lost the answer.

The library can't have both hashed tokens and a grace, so the grace is ours: the last answer is kept sealed, and whoever
still has its refresh token, the immediate predecessor of the newest, gets the very same answer once more within a
minute. The app is locked, so that of two refreshes at the same moment one rotates and the other gets that answer, too.
Anything older that is used again ends the whole family (RFC 9700 §4.14.2).
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from harriet.lib.sealed import NotSealedHere, Sealer
from harriet.signin.actions.end_tokens import REUSED, end_family, lock_app
from harriet.signin.actions.issue_tokens import checksum
from harriet.signin.models import Application, ConnectedApp, RefreshToken

GRACE = timedelta(seconds=60)
_ANSWERS = Sealer("oauth-answer/v1")


class AnsweredBefore(Exception):
    """This very token was answered a moment ago; the client gets the same answer."""

    def __init__(self, app: ConnectedApp | None, answer: dict[str, Any]) -> None:
        super().__init__("The same answer once more.")
        self.app, self.answer = app, answer


def take_refresh_token(token: str, application: Application, now: datetime) -> RefreshToken | None:
    """The live row, its app locked until the transaction ends; None for what opens nothing. Raises AnsweredBefore."""
    rows = RefreshToken.objects.filter(token_checksum=checksum(token), application=application)
    lock_app(rows.values("connected_app")[:1])
    row = rows.select_related("connected_app", "access_token").first()
    if row is None or row.revoked is None:
        return row
    answer = _answer_before(row, now)
    if answer is not None:
        raise AnsweredBefore(row.connected_app, answer)
    if row.answered_at is not None and row.token_family is not None:
        end_family(row.token_family, REUSED)
    return None


def keep_answer(row: RefreshToken, answer: dict[str, Any], now: datetime) -> None:
    """The token is used. Its own predecessor is no predecessor of the newest any more, and its answer goes."""
    RefreshToken.objects.filter(token_family=row.token_family).exclude(sealed_answer=None).update(sealed_answer=None)
    sealed = _ANSWERS.seal(json.dumps(answer).encode(), row.pk.bytes)
    RefreshToken.objects.filter(pk=row.pk).update(revoked=now, answered_at=now, sealed_answer=sealed)


def _answer_before(row: RefreshToken, now: datetime) -> dict[str, Any] | None:
    if row.sealed_answer is None or row.answered_at is None or row.answered_at + GRACE < now:
        return None
    try:
        answer: dict[str, Any] = json.loads(_ANSWERS.open(bytes(row.sealed_answer), row.pk.bytes))
    except (NotSealedHere, ValueError):
        return None
    return answer
