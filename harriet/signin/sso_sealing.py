"""What signing in by a provider keeps sealed: the client secret, the way of one sign-in, a person's token."""

from __future__ import annotations

from uuid import UUID

from harriet.lib.sealed import Sealer

_SECRETS = Sealer("sso client secret/v1")
_ATTEMPTS = Sealer("sso attempt/v1")
_TOKENS = Sealer("sso subject token/v1")


def seal_secret(secret: str, provider_id: UUID) -> bytes:
    return _SECRETS.seal(secret.encode(), provider_id.bytes)


def open_secret(sealed: bytes, provider_id: UUID) -> str:
    """Raises NotSealedHere."""
    return _SECRETS.open(bytes(sealed), provider_id.bytes).decode()


def seal_attempt(plain: bytes, attempt_id: UUID) -> bytes:
    return _ATTEMPTS.seal(plain, attempt_id.bytes)


def open_attempt(sealed: bytes, attempt_id: UUID) -> bytes:
    """Raises NotSealedHere."""
    return _ATTEMPTS.open(bytes(sealed), attempt_id.bytes)


def seal_token(token: str, membership_id: UUID) -> bytes:
    return _TOKENS.seal(token.encode(), membership_id.bytes)


def open_token(sealed: bytes, membership_id: UUID) -> str:
    """Raises NotSealedHere."""
    return _TOKENS.open(bytes(sealed), membership_id.bytes).decode()
