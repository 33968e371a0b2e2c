"""The forms of second factors, in Harriet's words."""

from __future__ import annotations

from typing import ClassVar

from allauth.mfa.base.forms import AuthenticateForm as AllauthAuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as AllauthReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm as AllauthActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm as AllauthAddWebAuthnForm
from allauth.mfa.webauthn.forms import EditWebAuthnForm as AllauthEditWebAuthnForm

from harriet.signin.pages.forms import Worded

_CODE = {"code": ("Code", "The six digits that your authenticator app shows now, or one of your recovery codes.")}


class AuthenticateForm(Worded, AllauthAuthenticateForm):  # type: ignore[misc]
    words: ClassVar[dict[str, tuple[str, str]]] = _CODE


class ReauthenticateForm(Worded, AllauthReauthenticateForm):  # type: ignore[misc]
    words: ClassVar[dict[str, tuple[str, str]]] = _CODE


class ActivateTOTPForm(Worded, AllauthActivateTOTPForm):  # type: ignore[misc]
    words: ClassVar[dict[str, tuple[str, str]]] = {"code": ("Code", "The six digits that the app shows now.")}


class AddWebAuthnForm(Worded, AllauthAddWebAuthnForm):  # type: ignore[misc]
    words: ClassVar[dict[str, tuple[str, str]]] = {
        "name": ("Name", "So that you can tell your keys apart."),
        "passwordless": (
            "Sign in with it alone, without a password",
            "It is a passkey then, and asks for a PIN, a fingerprint or your face. Otherwise it follows the password.",
        ),
    }


class EditWebAuthnForm(Worded, AllauthEditWebAuthnForm):  # type: ignore[misc]
    words: ClassVar[dict[str, tuple[str, str]]] = {"name": ("Name", "")}
