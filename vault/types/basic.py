"""User name and password, in the header Authorization (RFC 7617)."""

from __future__ import annotations

import base64

from harriet.lib.secret import Secret
from vault.errors import CredentialRefused
from vault.opened import OpenCredential
from vault.types.base import CredentialType, Input, Placement
from vault.types.characters import has_control, refuse_lines

_LONGEST_USERNAME = 200
"""Characters."""
USERNAME = Input(
    "username",
    "username",
    "User name",
    "For Basic.",
    longest=_LONGEST_USERNAME,
    keeps_spaces=True,
    is_sealed=True,
)


def _check_placement(_given: Placement) -> dict[str, str]:
    """It has its place by itself."""
    return {}


def _check_secret(secret: Secret, username: str, _placement: Placement) -> None:
    if not username:
        raise CredentialRefused("Enter the user name.", field="username")
    if ":" in username:
        raise CredentialRefused("A user name can't contain a colon (RFC 7617).", field="username")
    if len(username) > _LONGEST_USERNAME or has_control(username) or username != username.strip():
        raise CredentialRefused(
            f"Enter the user name as one line of at most {_LONGEST_USERNAME} characters, without spaces around it.",
            field="username",
        )
    refuse_lines(secret)
    if has_control(secret.reveal()):
        raise CredentialRefused(
            "The password contains a control or invisible character. Enter it again.", field="secret"
        )


def _place(secret: Secret, username: str, _placement: Placement) -> OpenCredential:
    opened = OpenCredential()
    encoded = Secret(base64.b64encode(f"{username}:{secret.reveal()}".encode()).decode())
    opened.headers["Authorization"] = f"Basic {encoded.reveal()}"
    opened.secrets = (secret, encoded)
    return opened


def _sent_as(_placement: Placement) -> str:
    return "User name and password (Basic)"


BASIC = CredentialType(
    code="basic",
    name="Basic",
    label="Basic (user name and password)",
    inputs=(USERNAME,),
    check_placement=_check_placement,
    check_secret=_check_secret,
    place=_place,
    sent_as=_sent_as,
    example={"username": "harriet"},
)
