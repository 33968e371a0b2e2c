"""What a credential must look like to be saved. Messages name the fault and never repeat any of the secret."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from harriet.lib.secret import Secret
from vault.errors import CredentialRefused
from vault.models import Credential
from vault.placement import BEARER, MARK

LONGEST_SECRET = 8192
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
"""RFC 9110 §5.6.2: names of headers, and of cookies (RFC 6265 §4.1.1)."""
_PARAMETER = re.compile(r"[A-Za-z0-9_.~\[\]-]{1,100}")
_NOT_IN_COOKIES = set(' ",;\\')
_RESERVED = frozenset(
    {
        "accept",
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "cookie",
        "expect",
        "forwarded",
        "host",
        "keep-alive",
        "last-event-id",
        "origin",
        "set-cookie",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
        "x-real-ip",
    }
)
_RESERVED_STARTS = ("mcp-", "x-forwarded-", "proxy-", "sec-")
_PLACES = {"header": "a header", "query": "a query parameter", "cookie": "a cookie"}


def check_credential(type_: str, secret: Secret, *, username: str, placement: Mapping[str, Any]) -> dict[str, str]:
    """The placement to store. Raises CredentialRefused, with the field that is wrong."""
    checked = check_placement(type_, placement)
    _check_present(secret)
    if type_ == Credential.Type.BASIC:
        _check_basic(username, secret)
    else:
        _refuse_username(username)
        _check_characters(secret)
        _check_in_place(secret, checked)
    return checked


def check_placement(type_: str, placement: Mapping[str, Any]) -> dict[str, str]:
    """The whole placement for the type, with what was left out filled in. Raises CredentialRefused."""
    if type_ not in Credential.Type.values:
        raise CredentialRefused("Choose Basic, Bearer / API key or Custom header.", field="type")
    if type_ == Credential.Type.BASIC:
        return {}
    where = str(placement.get("in") or "header")
    if where not in _PLACES or (type_ == Credential.Type.HEADER and where != "header"):
        raise CredentialRefused("A secret goes into a header, a query parameter or a cookie.", field="place")
    name = str(placement.get("name") or (BEARER["name"] if type_ == Credential.Type.BEARER else ""))
    _check_name(where, name)
    template = str(placement.get("template") or _usual_template(type_, where, name))
    _check_template(where, template)
    return {"in": where, "name": name, "template": template}


def _usual_template(type_: str, where: str, name: str) -> str:
    is_bearer = type_ == Credential.Type.BEARER and where == "header" and name.lower() == "authorization"
    return BEARER["template"] if is_bearer else MARK


def _check_name(where: str, name: str) -> None:
    if not name:
        raise CredentialRefused(f"Name {_PLACES[where]} for the secret.", field="name")
    if not (_PARAMETER if where == "query" else _TOKEN).fullmatch(name):
        raise CredentialRefused(
            f"This can't be the name of {_PLACES[where]}: use up to 100 letters, digits, hyphens and underscores.",
            field="name",
        )
    if where == "header" and _is_reserved(name.lower()):
        raise CredentialRefused(
            f"Harriet or the connection sets the header {name} itself. Choose another header.", field="name"
        )


def _is_reserved(name: str) -> bool:
    return name in _RESERVED or name.startswith(_RESERVED_STARTS)


def _check_template(where: str, template: str) -> None:
    if template.count(MARK) != 1:
        raise CredentialRefused(f"Write {MARK} exactly once, where the secret belongs.", field="template")
    around = template.replace(MARK, "")
    if len(around) > 200 or not _is_visible_ascii(around):
        raise CredentialRefused(
            "Use up to 200 visible letters, digits and signs (ASCII) around the secret.", field="template"
        )
    if template != template.strip(" "):
        raise CredentialRefused("Leave no space at the start or the end.", field="template")
    if where == "cookie" and _NOT_IN_COOKIES & set(around):
        raise CredentialRefused(
            "A cookie can't contain spaces, quotes, commas, semicolons or backslashes.", field="template"
        )


def _check_present(secret: Secret) -> None:
    if not secret:
        raise CredentialRefused("Enter the secret.", field="secret")
    if len(secret.reveal()) > LONGEST_SECRET:
        raise CredentialRefused(f"A secret has at most {LONGEST_SECRET} characters.", field="secret")


def _check_basic(username: str, secret: Secret) -> None:
    if not username:
        raise CredentialRefused("Enter the user name.", field="username")
    if ":" in username:
        raise CredentialRefused("A user name can't contain a colon (RFC 7617).", field="username")
    if len(username) > 200 or _has_control(username) or username != username.strip():
        raise CredentialRefused(
            "Enter the user name as one line of at most 200 characters, without spaces around it.", field="username"
        )
    _refuse_lines(secret)
    if _has_control(secret.reveal()):
        raise CredentialRefused(
            "The password contains a control or invisible character. Enter it again.", field="secret"
        )


def _refuse_username(username: str) -> None:
    if username:
        raise CredentialRefused("Only the type Basic has a user name.", field="username")


def _check_characters(secret: Secret) -> None:
    _refuse_lines(secret)
    if not _is_visible_ascii(secret.reveal()):
        raise CredentialRefused(
            "The secret contains a character that can't be sent: an accent, a curly quote or something invisible. "
            "Copy it again from where it was issued.",
            field="secret",
        )
    if secret.reveal() != secret.reveal().strip(" "):
        raise CredentialRefused("The secret starts or ends with a space. Enter it without.", field="secret")


def _refuse_lines(secret: Secret) -> None:
    if set("\r\n") & set(secret.reveal()):
        raise CredentialRefused(
            "The secret contains a line break, probably from copying. Enter it again without.", field="secret"
        )


def _check_in_place(secret: Secret, placement: Mapping[str, str]) -> None:
    if placement["in"] == "cookie" and _NOT_IN_COOKIES & set(secret.reveal()):
        raise CredentialRefused(
            "This secret can't go into a cookie: it contains a space, quote, comma, semicolon or backslash.",
            field="secret",
        )
    before = placement["template"].partition(MARK)[0]
    if before.strip() and secret.reveal().lower().startswith(before.lower()):
        raise CredentialRefused(
            f"Leave out “{before.strip()}” in front of the secret: Harriet writes it there.", field="secret"
        )


def _is_visible_ascii(text: str) -> bool:
    return all(" " <= character <= "~" for character in text)


def _has_control(text: str) -> bool:
    return any(unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for character in text)
