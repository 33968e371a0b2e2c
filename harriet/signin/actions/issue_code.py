"""Gives a client that was just allowed its authorization code: for a minute, once, and only its hash is kept."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from harriet.signin.actions.issue_tokens import checksum
from harriet.signin.models import AuthorizationCode, ConnectedApp

CODE_LASTS = timedelta(seconds=60)


class CodeBound(NamedTuple):
    """What a code is bound to: a client that brings it must say the same."""

    redirect_uri: str
    challenge: str
    """S256 of the verifier (RFC 7636)."""
    scope: str
    resource: str


def issue_code(app: ConnectedApp, code: str, bound: CodeBound, *, now: datetime) -> AuthorizationCode:
    """The consent was the event; the code is how it travels."""
    return AuthorizationCode.objects.create(
        application=app.application,
        user=app.user,
        connected_app=app,
        code=checksum(code),
        expires=now + CODE_LASTS,
        redirect_uri=bound.redirect_uri,
        scope=bound.scope,
        code_challenge=bound.challenge,
        code_challenge_method="S256",
        resource=[bound.resource],
    )
