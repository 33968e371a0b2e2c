"""What a renewal brought, sealed for the generation that it begins: the columns of a grant's row, and a spool file."""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import orjson

from harriet.lib.secret import Secret
from vault.models import OAuthGrant
from vault.oauth.answers import TokenAnswer
from vault.oauth.lifetimes import NO_END, due_at, expires_at
from vault.oauth.sealing import ACCESS, REFRESH, token_place
from vault.open import Opener, Sealed
from vault.place import Place

RENEWED = "Renewed."
"""Begins what is said of an answer with tokens."""
_SEALED = ("sealed_access", "sealed_refresh")
_TIMES = ("access_expires_at", "next_refresh_at", "refresh_expires_at", "answered_at")


@dataclass(frozen=True, slots=True)
class Renewed:
    """By the names of the columns. Nothing in it is readable without the organization's keys but scopes and times."""

    generation: int
    sealed_access: bytes
    sealed_refresh: bytes | None
    key_version: int
    token_type: str
    scopes: str
    access_expires_at: datetime
    next_refresh_at: datetime | None
    refresh_expires_at: datetime | None
    answered_at: datetime
    last_answer: str
    """In words, with what of it was odd."""

    def columns(self) -> dict[str, Any]:
        """With what is over by it: the lease, failures, whatever state there was."""
        fields = {**asdict(self), "state": OAuthGrant.State.ACTIVE, "state_reason": "", "failures": 0}
        return {**fields, "lease_owner": None, "lease_until": None}

    def packed(self) -> Secret:
        fields = asdict(self)
        sealed = {name: b64encode(fields[name]).decode() for name in _SEALED if fields[name] is not None}
        return Secret(orjson.dumps({**fields, "sealed_refresh": None, **sealed}).decode())


def unpacked(packed: Secret) -> Renewed:
    """What `packed` made."""
    fields = orjson.loads(packed.reveal())
    sealed = {name: b64decode(fields[name]) for name in _SEALED if fields[name] is not None}
    times = {name: datetime.fromisoformat(fields[name]) for name in _TIMES if fields[name] is not None}
    return Renewed(**{**fields, **sealed, **times})


def resealed(grant: OAuthGrant, renewed: Renewed, opener: Opener) -> Renewed:
    """The same under the newest data key: what lay in a spool file, or was under way, while the key was replaced would
    end with the old one. Raises CannotOpen."""
    access = _sealed_anew(token_place(grant, ACCESS, renewed.generation), renewed.sealed_access, opener)
    refresh = None
    if renewed.sealed_refresh is not None:
        place = token_place(grant, REFRESH, renewed.generation)
        refresh = _sealed_anew(place, renewed.sealed_refresh, opener).value
    return replace(renewed, sealed_access=access.value, sealed_refresh=refresh, key_version=access.key_version)


def _sealed_anew(place: Place, value: bytes, opener: Opener) -> Sealed:
    return opener.seal_secret(place, "", opener.open_secret(place, value))


def renewed_of(
    grant: OAuthGrant, answer: TokenAnswer, opener: Opener, *, began: datetime, old_refresh: Secret | None
) -> Renewed:
    """For the generation after the grant's. A provider that sends no refresh token means that the old one goes on being
    good; it is sealed anew, because what was sealed for one generation doesn't open for another."""
    generation, refresh = grant.generation + 1, answer.refresh or old_refresh
    access, key_version = opener.seal_secret(token_place(grant, ACCESS, generation), "", answer.access)
    place = token_place(grant, REFRESH, generation)
    sealed_refresh = opener.seal_secret(place, "", refresh).value if refresh else None
    can_go_on = refresh is not None or grant.renewed_by != OAuthGrant.RenewedBy.REFRESH_TOKEN
    is_endless = answer.expires_in is None and not can_go_on
    said_end = expires_at(began, answer.refresh_expires_in) if answer.refresh_expires_in else None
    return Renewed(
        generation=generation,
        sealed_access=access,
        sealed_refresh=sealed_refresh,
        key_version=key_version,
        token_type=answer.token_type,
        scopes=answer.scopes if answer.scopes is not None else grant.scopes or grant.asked_scopes,
        access_expires_at=NO_END if is_endless else expires_at(began, answer.expires_in),
        next_refresh_at=due_at(began, answer.expires_in) if can_go_on else None,
        refresh_expires_at=said_end or (grant.refresh_expires_at if answer.refresh is None else None),
        answered_at=began,
        last_answer=" ".join((RENEWED, *answer.oddities))[:200],
    )
