"""A bearer token (RFC 6750) or an API key: one header, query parameter or cookie, usually Authorization."""

from __future__ import annotations

from vault.types.base import CredentialType, Placement
from vault.types.one_place import (
    HEADER_PLACE,
    MARK,
    NAME,
    PLACE,
    PLACES,
    TEMPLATE,
    check_secret,
    checked_placement,
    place,
    refuse_place,
    sent_as,
)

AUTHORIZATION = {"in": HEADER_PLACE, "name": "Authorization", "template": f"Bearer {MARK}"}
"""Where it goes when nothing else was said."""


def _check_placement(given: Placement) -> dict[str, str]:
    where = str(given.get("in") or HEADER_PLACE)
    if where not in PLACES:
        raise refuse_place()
    name = str(given.get("name") or AUTHORIZATION["name"])
    is_usual = where == HEADER_PLACE and name.lower() == AUTHORIZATION["name"].lower()
    template = str(given.get("template") or (AUTHORIZATION["template"] if is_usual else MARK))
    return checked_placement(where, name, template)


BEARER = CredentialType(
    code="bearer",
    name="Bearer / API key",
    label="Bearer token / API key",
    inputs=(PLACE, NAME, TEMPLATE),
    check_placement=_check_placement,
    check_secret=check_secret,
    place=place,
    sent_as=sent_as,
    example={"place": "query", "name": "api_key"},
    unasked=(TEMPLATE,),
)
