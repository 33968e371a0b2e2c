"""The parts of a held call that are sealed with the vault's keys: its arguments, its `_meta` and its result."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Literal, NamedTuple
from uuid import UUID

from approvals.changes import changes_between
from approvals.held_call import Edited
from approvals.models import ActionEdit, PendingAction
from harriet.lib.json.canonical import parse_strict
from vault.errors import CannotOpen
from vault.open import Opener, opener_for

Part = Literal["arguments", "before", "meta", "result"]
"""Sealed along with each part, so that none can be put in another's place."""


def sealer_of(action: PendingAction) -> Callable[[Part, bytes], bytes]:
    """What seals the parts of one action, with its organization's newest data key."""
    opener = opener_for(action.organization_id)

    def seal(part: Part, clear: bytes) -> bytes:
        return opener.seal(action.connector_id, action.pk, part, clear, owner_id=action.user_id)

    return seal


class Sent(NamedTuple):
    """The exact bytes that a held call sends."""

    arguments: bytes
    meta: bytes
    """Empty when it sends none."""


def sent_of(action: PendingAction) -> Sent:
    return _sent_of(opener_for(action.organization_id), action)


def readable_of_each(actions: Collection[PendingAction]) -> dict[UUID, Sent]:
    """By action, all of one organization: its keys are read once. Without those that can't be opened: one damaged row
    hides no other."""
    organization_id = next((action.organization_id for action in actions), None)
    if organization_id is None:
        return {}
    opener, found = opener_for(organization_id), dict[UUID, Sent]()
    for action in actions:
        with suppress(CannotOpen):
            found[action.pk] = _sent_of(opener, action)
    return found


def _sent_of(opener: Opener, action: PendingAction) -> Sent:
    meta = b"" if action.sealed_meta is None else _opened(opener, action, "meta", action.sealed_meta)
    return Sent(_opened(opener, action, "arguments", action.sealed_arguments), meta)


def arguments_before(action: PendingAction, edits: Collection[ActionEdit]) -> list[bytes]:
    """As they were before each of these changes of the action."""
    opener = opener_for(action.organization_id)
    return [_opened(opener, action, "before", edit.sealed_before) for edit in edits]


def edited_of(action: PendingAction, arguments: bytes) -> Edited | None:
    """What was changed in all, since it was asked for; None when nothing was."""
    edits = list(action.edits.all()) if action.edition else []
    if not edits:
        return None
    first = arguments_before(action, edits[:1])[0]
    by = " and ".join(dict.fromkeys(edit.editor_label for edit in edits))
    changes = changes_between(parse_strict(first), parse_strict(arguments))
    return Edited(by, edits[-1].reason, tuple(changes))


def result_of(action: PendingAction) -> bytes | None:
    """Raw JSON of the result; None when there is none, or none any more."""
    if action.sealed_result is None:
        return None
    return _opened(opener_for(action.organization_id), action, "result", action.sealed_result)


def _opened(opener: Opener, action: PendingAction, part: Part, sealed: bytes | memoryview) -> bytes:
    return opener.open(action.connector_id, action.id, part, bytes(sealed), owner_id=action.user_id)
