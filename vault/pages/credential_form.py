"""The form in which a connector's secret is entered, for the wizard and the Authentication tab. Write-only.

What it asks for is what the types in `vault.types` ask for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from django import forms

from harriet.lib.secret import Secret
from vault.errors import CredentialRefused
from vault.models import Credential
from vault.oauth.addresses import callback_address
from vault.oauth.scope_words import ScopeWords, words_for
from vault.pages.schedule_form import ScheduleForm, schedule_of
from vault.rules import check_credential, check_placement, type_named
from vault.types.base import CLIENT, EXCHANGE, ORGANIZATION, PERSON, CredentialType, Input
from vault.types.registry import (
    NO_CREDENTIAL_TYPE,
    TYPES,
    USUAL_TYPE,
    Entered,
    all_inputs,
    asked_of,
    choices_with_none,
    entered,
)


class SecretField(forms.CharField):
    """A password input that is never rendered back, and whose value leaves it as a Secret, exactly as entered."""

    is_needed_at_times = True
    """The form says when; the page doesn't call it optional."""

    def __init__(self, **kwargs: Any) -> None:
        attributes = {
            "autocomplete": "new-password",  # "off" lets browsers offer another server's
            "spellcheck": "false",
            "data-secret": "",
            "data-1p-ignore": "",
            "data-lpignore": "true",
        }
        super().__init__(strip=False, widget=forms.PasswordInput(attrs=attributes, render_value=False), **kwargs)

    def to_python(self, value: Any) -> Any:
        return Secret(value if isinstance(value, str) else "")

    def validate(self, value: Any) -> None:
        if self.required and not value:
            raise forms.ValidationError("Enter the secret.", code="required")

    def run_validators(self, value: Any) -> None:
        """Django's own would look into the value; vault.rules says what is wrong without repeating it."""


class CredentialForm(ScheduleForm):
    """Type, secret and what the type asks for. Given a saved `credential`, an empty secret keeps what is saved."""

    type = forms.ChoiceField(choices=choices_with_none, initial=USUAL_TYPE, label="Authentication")
    secret = SecretField(required=False, label="Secret", help_text="Sealed when you save it, and never shown again.")
    untested = forms.BooleanField(
        required=False,
        label="Switch without a working test",
        help_text="The server is not asked. If the secret is wrong, calls fail until you switch back.",
    )
    """The second step: offered once a try went wrong."""

    def __init__(
        self,
        *args: Any,
        credential: Credential | None = None,
        is_tried_first: bool = False,
        issuer: str = "",
        **kwargs: Any,
    ) -> None:
        """`issuer` is where people sign in, as far as the server was seen to say so."""
        self.credential, self._issuer = credential, issuer
        if credential is not None:
            kwargs["initial"] = kwargs.get("initial", {}) | initial_of(credential)
        super().__init__(*args, **kwargs)
        if not is_tried_first:
            del self.fields["untested"]
        self.offers_untested = bool(self.data.get("untested"))
        self.fields.update({one.name: _field_of(one) for one in all_inputs()})
        self._order()
        self._say_what_for()

    @property
    def entered(self) -> Entered:
        """What was chosen of what the page asks for; other fields may hold what was meant for another type. What it
        doesn't ask for stays as it is saved, as long as the rest does."""
        asked = asked_of(self.cleaned_data["type"])
        given, saved = entered(asked, self.cleaned_data), self.credential
        if saved is None or saved.type != self.cleaned_data["type"]:
            return given
        keys = [one.key for one in asked if not one.is_sealed]
        is_as_saved = all(given.placement.get(key) == saved.placement.get(key) for key in keys)
        return given._replace(placement=saved.placement | given.placement) if is_as_saved else given

    @property
    def is_kept(self) -> bool:
        """Nothing was entered and something is saved: the secret stays. Where none is needed, whatever else was entered
        is a change by itself."""
        if self.credential is None or self.cleaned_data.get("secret"):
            return False
        kind = TYPES.get(self.cleaned_data["type"])
        return (
            kind is None
            or kind.needs_secret
            or (self.credential.type == kind.code and self._is_as_saved(kind, self.credential))
        )

    def _is_as_saved(self, kind: CredentialType, saved: Credential) -> bool:
        given = kind.check_placement(self.entered.placement)
        return all(saved.placement.get(key, "") == value for key, value in given.items())

    @property
    def redirect_url(self) -> str:
        """What a provider wants to know of Harriet when somebody registers it there by hand: of the one that is
        entered, saved, or named by the server. Empty while none is known."""
        entered = [str(self[name].value() or "").strip() for name in ("issuer", "token_url")]
        saved = self.credential.oauth_client if self.credential is not None else None
        known = [*entered, saved.issuer if saved is not None else "", self._issuer]
        return next((callback_address(one) for one in known if one), "")

    @property
    def places_of_sign_in(self) -> str:
        """Of the types for which somebody may have to register Harriet."""
        codes, registered = [code for code, _ in choices_with_none()], {PERSON, ORGANIZATION, CLIENT}
        return _places((code for code, kind in TYPES.items() if kind.signs_in_by in registered), codes)

    @property
    def places_of_exchange(self) -> str:
        """Of the types for which an admin sets something at the identity provider."""
        codes = [code for code, _ in choices_with_none()]
        return _places((code for code, kind in TYPES.items() if kind.signs_in_by == EXCHANGE), codes)

    @property
    def scopes_in_words(self) -> list[ScopeWords]:
        """As saved, for the types that ask for any."""
        return words_for(str(self.credential.placement.get("scopes", ""))) if self.credential is not None else []

    def clean(self) -> dict[str, Any]:
        fields = self.cleaned_data
        if {"type", "secret"} <= fields.keys() and fields["type"] != NO_CREDENTIAL_TYPE:
            try:
                self._check_kept() if self.is_kept else self._check_entered()
            except CredentialRefused as refused:
                self.add_problem(refused)
        return fields

    def _check_entered(self) -> None:
        username, placement = self.entered
        check_credential(self.cleaned_data["type"], self.cleaned_data["secret"], username=username, placement=placement)

    def _check_kept(self) -> None:
        saved = cast(Credential, self.credential)
        username, placement = self.entered
        checked = check_placement(self.cleaned_data["type"], placement)
        if not type_named(self.cleaned_data["type"]).needs_secret:
            return
        if self.cleaned_data["type"] != saved.type or checked != saved.placement or username:
            raise CredentialRefused(
                "Enter the secret again, because the way it is sent changes with this.", field="secret"
            )

    def _order(self) -> None:
        """What is sealed with the secret stands before it, where it goes after it, who looks after it at the end."""
        inputs = all_inputs()
        sealed = [one.name for one in inputs if one.is_sealed]
        others = [one.name for one in inputs if not one.is_sealed]
        self.order_fields(["type", *sealed, "secret", "untested", *others])

    def _say_what_for(self) -> None:
        """`data-for` holds the places in the list of types (from 1) that a field is for: a style sheet can compare it
        with the chosen place without knowing any type, and hide the rest without JavaScript."""
        codes = [code for code, _ in choices_with_none()]
        asked = {code: {one.name for one in asked_of(code)} for code in codes}
        of_some = {one.name for one in all_inputs()}
        for name, field in self.fields.items():
            if name != "type":
                users = [code for code in TYPES if name in asked[code] or name not in of_some]
                field.widget.attrs["data-for"] = _places(users, codes)


def _places(users: Iterable[str], codes: list[str]) -> str:
    return " ".join(str(codes.index(code) + 1) for code in users)


def _field_of(one: Input) -> forms.Field:
    if one.choices:
        return forms.ChoiceField(
            choices=one.choices, initial=one.choices[0][0], required=False, label=one.label, help_text=one.help
        )
    attributes = {"autocomplete": "off", "spellcheck": "false"} if one.is_sealed else {}
    return forms.CharField(
        required=False,
        strip=not one.keeps_spaces,
        max_length=one.longest,
        label=one.label,
        help_text=one.help,
        widget=forms.TextInput(attrs=attributes),
    )


def initial_of(credential: Credential) -> dict[str, Any]:
    """The form's fields as saved; never the secret or what is sealed with it."""
    stored = [one for one in all_inputs() if not one.is_sealed]
    placement = {one.name: credential.placement.get(one.key, _usual(one)) for one in stored}
    return {"type": credential.type, **placement, **schedule_of(credential)}


def _usual(one: Input) -> str:
    return one.choices[0][0] if one.choices else ""
