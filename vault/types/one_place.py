"""A secret that is sent as one header, query parameter or cookie: what the types that do so have in common."""

from __future__ import annotations

import re

from harriet.lib.egress import is_reserved_header
from harriet.lib.secret import Secret
from vault.errors import CredentialRefused
from vault.opened import OpenCredential
from vault.types.base import Input, Placement
from vault.types.characters import check_visible_ascii, is_visible_ascii

MARK = "{{secret}}"
"""Stands for the secret in a template."""
HEADER_PLACE = "header"
PLACES = {HEADER_PLACE: "header", "query": "query parameter", "cookie": "cookie"}
"""Where a secret can go, and what that is called."""

PLACE = Input("place", "in", "The secret goes into", choices=tuple((key, f"A {word}") for key, word in PLACES.items()))
NAME = Input(
    "name",
    "name",
    "Name of the header, parameter or cookie",
    "For a bearer token in a header this is Authorization when left empty.",
    longest=100,
)
TEMPLATE = Input(
    "template", "template", "Template", f"For a custom header, such as key={MARK}.", longest=220, keeps_spaces=True
)

_ATTRIBUTES = {HEADER_PLACE: "headers", "query": "query", "cookie": "cookies"}
"""Of an OpenCredential."""
_LONGEST_AROUND = 200
"""Characters of a template around its mark."""
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
"""RFC 9110 §5.6.2: names of headers, and of cookies (RFC 6265 §4.1.1)."""
_PARAMETER = re.compile(r"[A-Za-z0-9_.~\[\]-]{1,100}")
_NOT_IN_COOKIES = set(' ",;\\')


def place(secret: Secret, _username: str, placement: Placement) -> OpenCredential:
    """Puts the secret, in its template, where the placement says."""
    opened = OpenCredential()
    opened.secrets = (secret,)
    values: dict[str, str] = getattr(opened, _ATTRIBUTES[placement["in"]])
    values[placement["name"]] = (placement.get("template") or MARK).replace(MARK, secret.reveal())
    return opened


def sent_as(placement: Placement) -> str:
    """In words, for pages: shows nothing of the secret."""
    return f"{placement.get('name', '')} ({PLACES.get(placement.get('in', ''), PLACES[HEADER_PLACE])})"


def checked_placement(where: str, name: str, template: str) -> dict[str, str]:
    """Raises CredentialRefused beside the field that is wrong."""
    _check_name(where, name)
    _check_template(where, template)
    return {"in": where, "name": name, "template": template}


def refuse_place() -> CredentialRefused:
    """For a placement of no known kind."""
    return CredentialRefused("A secret goes into a header, a query parameter or a cookie.", field="place")


def check_secret(secret: Secret, _username: str, placement: Placement) -> None:
    """Raises CredentialRefused for what could not be sent from its place."""
    check_visible_ascii(secret)
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


def _check_name(where: str, name: str) -> None:
    if not name:
        raise CredentialRefused(f"Name a {PLACES[where]} for the secret.", field="name")
    if not (_PARAMETER if where == "query" else _TOKEN).fullmatch(name):
        raise CredentialRefused(
            f"This can't be the name of a {PLACES[where]}: use up to 100 letters, digits, hyphens and underscores.",
            field="name",
        )
    if where == HEADER_PLACE and is_reserved_header(name):
        raise CredentialRefused(
            f"Harriet or the connection sets the header {name} itself. Choose another header.", field="name"
        )


def _check_template(where: str, template: str) -> None:
    if template.count(MARK) != 1:
        raise CredentialRefused(f"Write {MARK} exactly once, where the secret belongs.", field="template")
    around = template.replace(MARK, "")
    if len(around) > _LONGEST_AROUND or not is_visible_ascii(around):
        raise CredentialRefused(
            f"Use up to {_LONGEST_AROUND} visible letters, digits and signs (ASCII) around the secret.",
            field="template",
        )
    if template != template.strip(" "):
        raise CredentialRefused("Leave no space at the start or the end.", field="template")
    if where == "cookie" and _NOT_IN_COOKIES & set(around):
        raise CredentialRefused(
            "A cookie can't contain spaces, quotes, commas, semicolons or backslashes.", field="template"
        )
