"""Identifiers that sort by the time they were made (UUIDv7, RFC 9562 §5.7)."""

from uuid import UUID, SafeUUID

from uuid_utils import uuid7

_new = UUID.__new__
_set_int, _set_safety = UUID.__dict__["int"].__set__, UUID.__dict__["is_safe"].__set__
_UNKNOWN = SafeUUID.unknown


def new_id() -> UUID:
    """Three for each governed call: filled in directly, for a third of what UUID's own checks of its arguments cost."""
    made = _new(UUID)
    _set_int(made, uuid7().int)
    _set_safety(made, _UNKNOWN)
    return made
