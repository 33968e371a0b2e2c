"""Step ⑥: the signed tokens that say who calls, each sent again for some minutes, and what keeps them out of answers.

A server that repeats such a token would let whoever reads it speak to the server as that person, past Harriet.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from connectors.identity_tokens import Said, TokenKey, signed
from connectors.passed_identity import Identity
from harriet.lib.redaction.redactor import Redactor
from harriet.lib.secret import Secret
from vault.opened import OpenCredential

MOST_KEPT = 2000
"""People and connectors; beyond, those that called the longest ago are told of by a new token."""


class Whose(NamedTuple):
    user_id: UUID
    connector_id: UUID


class _About(NamedTuple):
    """What a token says, but for its times: another is made as soon as any of it changes."""

    kid: str
    issuer: str
    identity: Identity
    audience: str


@dataclass(slots=True)
class _Kept:
    about: _About
    said: Said
    earlier: list[Said]
    """Still good: a server may repeat what a session of its began with."""
    redactor: Redactor | None = None
    beside: Redactor | None = None
    """What takes out the connector's own secrets: with another, the one for both is built anew."""


class PassedTokens:
    """Of one process. They outlive a snapshot: most changes of an organization say nothing else about anybody."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Whose, _Kept] = OrderedDict()

    def token(self, whose: Whose, key: TokenKey, identity: Identity, audience: str) -> str:
        about, now, kept = _About(key.kid, key.issuer, identity, audience), time.time(), self._kept.get(whose)
        if kept is None or kept.about != about or kept.said.kept_until < now:
            earlier = [one for one in (*kept.earlier, kept.said) if one.good_until > now] if kept else []
            kept = self._kept[whose] = _Kept(about, signed(key, identity, audience), earlier)
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(whose)
        return kept.said.token

    def redactor(self, whose: Whose, credential: OpenCredential, beside: Redactor | None) -> Redactor | None:
        """Takes out the person's tokens and the connector's secrets: `beside`, where no token went along."""
        kept = self._kept.get(whose)
        if kept is None:
            return beside
        if kept.redactor is None or kept.beside is not beside:
            tokens = [Secret(one.token) for one in (*kept.earlier, kept.said)]
            kept.redactor, kept.beside = Redactor([*credential.secrets, *tokens]), beside
        return kept.redactor
