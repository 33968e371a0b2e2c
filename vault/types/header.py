"""A header of any name, with any text around the secret."""

from __future__ import annotations

from vault.types.base import CredentialType, Placement
from vault.types.one_place import (
    HEADER_PLACE,
    MARK,
    NAME,
    TEMPLATE,
    check_secret,
    checked_placement,
    place,
    refuse_place,
    sent_as,
)


def _check_placement(given: Placement) -> dict[str, str]:
    if str(given.get("in") or HEADER_PLACE) != HEADER_PLACE:
        raise refuse_place()
    return checked_placement(HEADER_PLACE, str(given.get("name") or ""), str(given.get("template") or MARK))


HEADER = CredentialType(
    code="header",
    name="Custom header",
    label="Custom header",
    inputs=(NAME, TEMPLATE),
    check_placement=_check_placement,
    check_secret=check_secret,
    place=place,
    sent_as=sent_as,
    example={"name": "X-Auth", "template": f"key={MARK}"},
)
