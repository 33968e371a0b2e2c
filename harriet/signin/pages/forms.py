"""The forms at the door: signing in, set-up and joining."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm as AllauthLoginForm
from allauth.account.forms import ResetPasswordForm as AllauthResetPasswordForm
from django import forms
from django.http import HttpRequest

from harriet.signin.attempts import may_mail

PASSWORD_HELP = "At least 12 characters. A sentence that only you would think of is good."  # noqa: S105


class LoginForm(AllauthLoginForm):  # type: ignore[misc]
    """Labels beside the fields; a placeholder that repeats them goes away as one types."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "E-mail address"
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


class ResetPasswordForm(AllauthResetPasswordForm):  # type: ignore[misc]
    """Whoever asks hears the same, but nobody's mailbox is filled: the mails of this hour still hold good links."""

    def save(self, request: HttpRequest, **options: Any) -> str:
        email = str(self.cleaned_data["email"])
        return str(super().save(request, **options)) if may_mail(request, email) else email


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
