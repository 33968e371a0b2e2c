"""The characters that a secret can be sent with. Messages name the fault and never repeat any of the secret."""

from __future__ import annotations

import unicodedata

from harriet.lib.secret import Secret
from vault.errors import CredentialRefused

_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""General categories of Unicode: controls, formats, surrogates, separators of lines and paragraphs."""


def check_visible_ascii(secret: Secret) -> None:
    """For a secret that is sent as it is. Raises CredentialRefused."""
    refuse_lines(secret)
    if not is_visible_ascii(secret.reveal()):
        raise CredentialRefused(
            "The secret contains a character that can't be sent: an accent, a curly quote or something invisible. "
            "Copy it again from where it was issued.",
            field="secret",
        )
    if secret.reveal() != secret.reveal().strip(" "):
        raise CredentialRefused("The secret starts or ends with a space. Enter it without.", field="secret")


def refuse_lines(secret: Secret) -> None:
    """Raises CredentialRefused."""
    if set("\r\n") & set(secret.reveal()):
        raise CredentialRefused(
            "The secret contains a line break, probably from copying. Enter it again without.", field="secret"
        )


def is_visible_ascii(text: str) -> bool:
    """With the space."""
    return all(" " <= character <= "~" for character in text)


def has_control(text: str) -> bool:
    """Or another character that nobody sees."""
    return any(unicodedata.category(character) in _INVISIBLE for character in text)
