"""What a connector tells its server of who calls: the rule, and how a value becomes a header. Changes nothing.

Only what the organization's identity provider has asserted is ever passed on. What a model or client says of names,
roles and organizations, in arguments or `_meta`, is no source of it.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple
from urllib.parse import quote

from django.db import models

from harriet.lib.egress import is_reserved_header

LARGEST_VALUE = 4000
"""Characters of a header's value: many servers take no more than 8 KiB of all headers."""
LARGEST_GROUPS = 3000
"""Characters of the groups in a signed token, which goes into a header as well."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,62}")
_PLAIN = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")
_ENCODED = "UTF-8''"
_SAFE = "!#$&+-.^_`|~@:/ "
"""What stays as it is in one of several groups; commas and percent signs don't."""


class Identity(NamedTuple):
    """Who a person is as the organization's identity provider says it."""

    subject: str
    email: str
    employee_id: str
    groups: tuple[str, ...]


class How(models.TextChoices):
    NONE = "none", "Nothing"
    HEADER = "header", "One attribute, in a header"
    JWT = "jwt", "A signed token (JWT), in a header"


class Attribute(models.TextChoices):
    EMAIL = "email", "E-mail address"
    SUBJECT = "subject", "Subject"
    EMPLOYEE_ID = "employee_id", "Employee id"
    GROUPS = "groups", "Groups"


class IdentityRule(NamedTuple):
    """Of one connector that passes something on."""

    how: str
    header: str
    attribute: str
    refuses_local: bool
    """A caller of whom there is nothing to pass on is refused; otherwise the call goes without it."""

    @property
    def words(self) -> str:
        """For the audit log: the kind and the attribute, never a value."""
        return "a signed token" if self.how == How.JWT else f"{self.attribute} in the header {self.header}"


def header_problem(name: str) -> str:
    """Why this header can't carry it; empty when it can."""
    if not _NAME.fullmatch(name):
        return "A header’s name has letters, digits and hyphens, such as X-User-Email."
    if is_reserved_header(name) or name.lower() in {"authorization", "user-agent"}:
        return f"The header {name} is set by Harriet, the connection or the credential. Choose another name."
    return ""


def value_of(identity: Identity, attribute: str) -> str:
    """The attribute as a header's value: one line of ASCII, whatever the provider sent; empty when there is none, or
    when there is more than fits."""
    if attribute == Attribute.GROUPS:
        value = ",".join(_in_list(group) for group in identity.groups)
    else:
        value = as_header(str(getattr(identity, attribute)))
    return value if len(value) <= LARGEST_VALUE else ""


def _in_list(group: str) -> str:
    """Spaces around it are a part of it: whoever reads a list takes bare ones away, and would read another group."""
    inner = quote(group.strip(" "), safe=_SAFE)
    before, after = len(group) - len(group.lstrip(" ")), len(group) - len(group.rstrip(" "))
    return "%20" * before + inner + ("%20" * after if inner else "")


def fits_token(identity: Identity) -> bool:
    """Whether a server takes a header with all of it."""
    return len(json.dumps(identity.groups)) <= LARGEST_GROUPS


def as_header(text: str) -> str:
    """Printable ASCII as it is; anything else, and what looks encoded already, as an extended value (RFC 8187 §3.2.1):
    no control character, line break or other header comes out of it."""
    if not text or (_PLAIN.fullmatch(text) and not text.upper().startswith(_ENCODED)):
        return text
    return _ENCODED + quote(text, safe="")
