"""Answers of token endpoints on their way into the database, as files: what a provider gives once outlives a crash.

A file holds what one renewal of one generation of a grant brought, sealed as a whole, and is on the disk before the row
is touched. Whoever comes after the crash of another applies it before asking the provider again. It works between
processes that share the folder; docs/production.md says what that means for several machines.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from uuid import UUID, uuid4

from django.conf import settings

from vault.errors import CannotOpen
from vault.models import OAuthGrant
from vault.oauth.renewed import Renewed, unpacked
from vault.oauth.sealing import token_place
from vault.open import Opener

_FIELD = "spool"


def spool(grant: OAuthGrant, renewed: Renewed, opener: Opener) -> None:
    """Returns when it would survive a loss of power. Raises OSError."""
    place = token_place(grant, _FIELD, grant.generation)
    sealed = opener.seal_secret(place, "", renewed.packed()).value
    folder, path = _folder(), _path(grant.pk, grant.generation)
    draft = folder / f".{uuid4().hex}"
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(sealed)
        file.flush()
        _synced(file.fileno())
    draft.rename(path)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        _synced(descriptor)
    finally:
        os.close(descriptor)


def spooled(grant: OAuthGrant, opener: Opener) -> Renewed | None:
    """What a renewal of this generation brought, and nobody has put into the row yet. What doesn't open is nobody's."""
    try:
        sealed = _path(grant.pk, grant.generation).read_bytes()
        return unpacked(opener.open_secret(token_place(grant, _FIELD, grant.generation), sealed))
    except (OSError, CannotOpen, ValueError, KeyError, TypeError):
        return None


def is_spooled(grant: OAuthGrant) -> bool:
    return _path(grant.pk, grant.generation).exists()


def unspool(grant_id: UUID, generation: int) -> None:
    """It is in the row, or of no use any more."""
    with suppress(OSError):
        _path(grant_id, generation).unlink()


def _folder() -> Path:
    folder = Path(settings.SPOOL_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _path(grant_id: UUID, generation: int) -> Path:
    return Path(settings.SPOOL_DIR) / f"{grant_id}.{generation}"


def _synced(descriptor: int) -> None:
    """On the disk, and not only on its way there."""
    os.fsync(descriptor)


def sweep(older_than: float) -> None:
    """Removes what is of no use to anybody any more: drafts of processes that ended, and answers whose grant went on.
    `older_than` is in seconds since 1970."""
    for path in Path(settings.SPOOL_DIR).glob("*"):
        with suppress(OSError):
            if path.stat().st_mtime < older_than:
                path.unlink()
