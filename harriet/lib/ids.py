"""Identifiers that sort by the time they were made (UUIDv7, RFC 9562 §5.7)."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    return uuid7()
