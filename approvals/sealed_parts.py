"""The parts of a held call that are sealed with the vault's keys: its arguments, its `_meta` and its result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal
from uuid import UUID

from approvals.models import PendingAction
from vault.open import opener_for

Part = Literal["arguments", "meta", "result"]
"""Sealed along with each part, so that none can be put in another's place."""


def sealer_for(
    *, organization_id: UUID, connector_id: UUID, action_id: UUID, user_id: UUID | None
) -> Callable[[Part, bytes], bytes]:
    """What seals the parts of one action, with its organization's newest data key."""
    opener = opener_for(organization_id)

    def seal(part: Part, clear: bytes) -> bytes:
        return opener.seal(connector_id, action_id, part, clear, owner_id=user_id)

    return seal


def arguments_of(action: PendingAction) -> bytes:
    """The exact argument bytes of a held call."""
    return _open(action, "arguments", action.sealed_arguments)


def meta_of(action: PendingAction) -> bytes:
    """The exact bytes of the `_meta` that a held call sends; empty when it sends none."""
    return b"" if action.sealed_meta is None else _open(action, "meta", action.sealed_meta)


def result_of(action: PendingAction) -> bytes | None:
    """Raw JSON of the result; None when there is none, or none any more."""
    return None if action.sealed_result is None else _open(action, "result", action.sealed_result)


def _open(action: PendingAction, part: Part, sealed: bytes | memoryview) -> bytes:
    opener = opener_for(action.organization_id)
    return opener.open(action.connector_id, action.id, part, bytes(sealed), owner_id=action.user_id)
