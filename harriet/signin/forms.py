"""The forms of people who have no account yet: set-up and joining."""

from __future__ import annotations

from django import forms

PASSWORD_HELP = "At least 12 characters. A sentence that only you would think of is good."  # noqa: S105


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
