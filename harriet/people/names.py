"""What people may call things: one visible line. Names travel into mails, log lines and sentences."""

from __future__ import annotations

import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.text import slugify

from harriet.people.errors import PeopleError

_JOINERS = {"\u200c", "\u200d"}
"""Invisible, but Persian and Indic names and many emoji are spelled with them."""


def clean_name(text: str, *, field: str = "name", longest: int = 120) -> str:
    """The text without blanks around it; refuses line breaks, control and hidden characters."""
    if any(is_hidden(character) for character in text.strip(" ")):
        raise PeopleError(
            "A name is one line without control or hidden characters. Type it again instead of pasting it.", field=field
        )
    name = text.strip()
    if not name:
        raise PeopleError("Give it a name.", field=field)
    if len(name) > longest:
        raise PeopleError(f"A name has at most {longest} characters; this one has {len(name)}.", field=field)
    return name


def is_hidden(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} and character not in _JOINERS


def clean_email(text: str, *, field: str = "email") -> str:
    """The address in lower case: Harriet knows a person by it, whatever the case it was typed in."""
    address = text.strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        raise PeopleError("Give a whole e-mail address, such as dana@example.com.", field=field) from None
    if len(address) > 254:
        raise PeopleError("This e-mail address is longer than 254 characters.", field=field)
    return address


def slug_from(name: str, *, fallback: str, longest: int = 50) -> str:
    return slugify(name)[:longest].strip("-_") or fallback


def clean_slug(text: str, *, field: str = "slug", longest: int = 50) -> str:
    slug = text.strip()
    if not slug or slug != slugify(slug)[:longest]:
        raise PeopleError(
            f"A short name has up to {longest} small letters (a-z), digits and hyphens, such as sales-europe.",
            field=field,
        )
    return slug
