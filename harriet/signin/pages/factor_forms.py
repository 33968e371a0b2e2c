"""The forms of second factors, in Harriet's words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from allauth.mfa.base.forms import AuthenticateForm as AllauthAuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as AllauthReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm as AllauthActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm as AllauthAddWebAuthnForm
from allauth.mfa.webauthn.forms import AuthenticateWebAuthnForm as AllauthAuthenticateWebAuthnForm
from allauth.mfa.webauthn.forms import EditWebAuthnForm as AllauthEditWebAuthnForm
from allauth.mfa.webauthn.forms import LoginWebAuthnForm as AllauthLoginWebAuthnForm
from allauth.mfa.webauthn.forms import ReauthenticateWebAuthnForm as AllauthReauthenticateWebAuthnForm
from django.core.exceptions import ValidationError
from django.forms import Form

from harriet.signin.pages.forms import Worded

_UNREADABLE = "What the security key said can't be read. Try again; if that does not help, use another way to sign in."
_CODE = {"code": ("Code", "The six digits that your authenticator app shows now, or one of your recovery codes.")}


class _Decoder(json.JSONDecoder):
    """Says of everything that can't be read that it can't: also of numbers and nesting without an end, which Django's
    field lets through as errors of its own."""

    def decode(self, s: str, *args: Any) -> Any:
        try:
            return super().decode(s, *args)
        except json.JSONDecodeError:
            raise
        except (ValueError, RecursionError):
            raise json.JSONDecodeError(_UNREADABLE, s, 0) from None


class _OfKey(Form):
    """A form that the browser fills in with what the security key said."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["credential"].decoder = _Decoder  # type: ignore[attr-defined]

    def clean(self) -> Any:
        with _unreadable_refused():
            return super().clean()


class _SaidByKey(_OfKey):
    """One whose answer is looked into on its own."""

    def clean_credential(self) -> Any:
        with _unreadable_refused():
            return super().clean_credential()  # type: ignore[misc]


@contextmanager
def _unreadable_refused() -> Iterator[None]:
    """The library looks into what was sent before it knows its shape, and fails on it as Python does."""
    try:
        yield
    except ValidationError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError):
        raise ValidationError(_UNREADABLE) from None


class AuthenticateForm(Worded, AllauthAuthenticateForm):  # type: ignore[misc]
    words: ClassVar[dict[str, tuple[str, str]]] = _CODE


class ReauthenticateForm(Worded, AllauthReauthenticateForm):  # type: ignore[misc]
    words: ClassVar[dict[str, tuple[str, str]]] = _CODE


class ActivateTOTPForm(Worded, AllauthActivateTOTPForm):  # type: ignore[misc]
    words: ClassVar[dict[str, tuple[str, str]]] = {"code": ("Code", "The six digits that the app shows now.")}


class AddWebAuthnForm(_OfKey, Worded, AllauthAddWebAuthnForm):  # type: ignore[misc]
    words: ClassVar[dict[str, tuple[str, str]]] = {
        "name": ("Name", "So that you can tell your keys apart."),
        "passwordless": (
            "Sign in with it alone, without a password",
            "It is a passkey then, and asks for a PIN, a fingerprint or your face. Otherwise it follows the password.",
        ),
    }


class EditWebAuthnForm(Worded, AllauthEditWebAuthnForm):  # type: ignore[misc]
    words: ClassVar[dict[str, tuple[str, str]]] = {"name": ("Name", "")}


class LoginWebAuthnForm(_SaidByKey, AllauthLoginWebAuthnForm):  # type: ignore[misc]
    pass


class ReauthenticateWebAuthnForm(_SaidByKey, AllauthReauthenticateWebAuthnForm):  # type: ignore[misc]
    pass


class AuthenticateWebAuthnForm(_SaidByKey, AllauthAuthenticateWebAuthnForm):  # type: ignore[misc]
    pass
