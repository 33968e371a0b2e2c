"""The forms at the door: signing in, set-up and joining."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account.adapter import get_adapter
from allauth.account.forms import ChangePasswordForm as AllauthChangePasswordForm
from allauth.account.forms import LoginForm as AllauthLoginForm
from allauth.account.forms import ReauthenticateForm as AllauthReauthenticateForm
from allauth.account.forms import ResetPasswordForm as AllauthResetPasswordForm
from allauth.account.forms import ResetPasswordKeyForm as AllauthResetPasswordKeyForm
from allauth.account.forms import SetPasswordForm as AllauthSetPasswordForm
from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from harriet.people.models import Organization, User
from harriet.signin.attempts import may_mail
from harriet.signin.provider_queries import only_by_provider
from harriet.signin.session_keys import PROVING

PASSWORD_HELP = "At least 12 characters. A sentence that only you would think of is good."  # noqa: S105


class LoginForm(AllauthLoginForm):  # type: ignore[misc]
    """Labels beside the fields; a placeholder that repeats them goes away as one types."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "E-mail address"
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


class Worded:
    """Labels and help in Harriet's words; no placeholders, which go away as one types."""

    words: ClassVar[dict[str, tuple[str, str]]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, forms.Field] = self.fields  # type: ignore[attr-defined]  # of the form that it is mixed into
        for name, field in fields.items():
            field.widget.attrs.pop("placeholder", None)
            if name in self.words:
                field.label, field.help_text = self.words[name]


_NEW = {"password1": ("New password", PASSWORD_HELP), "password2": ("The new password once more", "")}


class ChangePasswordForm(Worded, AllauthChangePasswordForm):  # type: ignore[misc]
    words: ClassVar[dict[str, tuple[str, str]]] = {"oldpassword": ("Your password now", ""), **_NEW}


class SetPasswordForm(Worded, AllauthSetPasswordForm):  # type: ignore[misc]
    words: ClassVar[dict[str, tuple[str, str]]] = _NEW


class ResetPasswordKeyForm(Worded, AllauthResetPasswordKeyForm):  # type: ignore[misc]
    words: ClassVar[dict[str, tuple[str, str]]] = _NEW


class ReauthenticateForm(Worded, AllauthReauthenticateForm):  # type: ignore[misc]
    words: ClassVar[dict[str, tuple[str, str]]] = {"password": ("Your password", "")}


class ResetPasswordForm(AllauthResetPasswordForm):  # type: ignore[misc]
    """Whoever asks hears the same, but nobody's mailbox is filled: the mails of this hour still hold good links."""

    def save(self, request: HttpRequest, **options: Any) -> str:
        email = str(self.cleaned_data["email"])
        only = _only_by_provider(request, email)
        if only is not None:
            if may_mail(request, email):
                get_adapter().send_mail("account/email/by_provider", email, {"organization": only, "page": _page(only)})
            return email
        return str(super().save(request, **options)) if may_mail(request, email) else email


def _only_by_provider(request: HttpRequest, email: str) -> Organization | None:
    """Whom no password lets in is told so by mail; whoever asks here hears what everybody hears."""
    user = User.objects.filter(email__iexact=email, is_active=True).first()
    return only_by_provider(user) if user is not None and PROVING not in request.session else None


def _page(organization: Organization) -> str:
    return settings.BASE_URL + reverse("sso:organization", args=[organization.pk])


class NewPasswordField(forms.CharField):
    def __init__(self) -> None:
        widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
        super().__init__(label="Password", strip=False, max_length=512, help_text=PASSWORD_HELP, widget=widget)


class SetupForm(forms.Form):
    organization_name = forms.CharField(label="Organization", help_text="What your colleagues call your company.")
    name = forms.CharField(label="Your name", widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.EmailField(
        label="Your e-mail address",
        help_text="You sign in with it.",
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
    )
    password = NewPasswordField()


class JoinForm(forms.Form):
    name = forms.CharField(label="Your name", widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password = NewPasswordField()
