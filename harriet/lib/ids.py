"""Identifiers that sort by the time they were made (UUIDv7, RFC 9562 §5.7)."""

from uuid import UUID, SafeUUID

from uuid_utils import uuid7

_new, _set = UUID.__new__, object.__setattr__


def new_id() -> UUID:
    """Three for each governed call: filled in directly, for half of what UUID's own checks of its arguments cost."""
    made = _new(UUID)
    _set(made, "int", uuid7().int)
    _set(made, "is_safe", SafeUUID.unknown)
    return made
