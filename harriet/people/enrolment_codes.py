"""Codes that people type on a machine without a browser session: nine characters that all read alike."""

from __future__ import annotations

import secrets

from django.utils.crypto import salted_hmac

from harriet.lib.secret import Secret

ALPHABET = "BCDFGHJKMNPQRSTVWXZ34679"
"""No vowels, so that none is a word; of characters that look alike, only one."""
LENGTH = 9
"""24 ** 9 codes, of which one or two live: with a few tries an address an hour, nobody finds one."""
_SALT = "harriet enrolment code"
_MISTAKEN = str.maketrans({"2": "Z", "5": "S", "8": "B", "-": "", " ": "", "\t": "", "\u00a0": "", "–": ""})


def new_code() -> Secret:
    """In three groups of three."""
    text = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return Secret("-".join(text[place : place + 3] for place in range(0, LENGTH, 3)))


def hash_code(typed: str) -> bytes:
    """Of what somebody typed: small letters, blanks and hyphens make no difference, nor characters that look alike."""
    return salted_hmac(_SALT, typed.strip().upper().translate(_MISTAKEN), algorithm="sha256").digest()
