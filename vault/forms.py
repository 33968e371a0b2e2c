"""The form in which a connector's secret is entered, for the wizard and the Authentication tab. Write-only."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django import forms

from audit.actor import Actor
from harriet.lib.errors import Problem
from harriet.lib.secret import Secret
from harriet.people.models import Organization, User
from vault.actions.change_schedule import LONGEST_DAYS, change_schedule
from vault.actions.delete_credential import delete_credential
from vault.actions.save_credential import save_credential
from vault.errors import CredentialRefused
from vault.models import Credential
from vault.open import NO_CREDENTIAL_TYPE
from vault.placement import MARK
from vault.rules import check_credential, check_placement

TYPES = [(NO_CREDENTIAL_TYPE, "None"), *Credential.Type.choices]
PLACES = [("header", "A header"), ("query", "A query parameter"), ("cookie", "A cookie")]


class SecretField(forms.CharField):
    """A password input that is never rendered back, and whose value leaves it as a Secret, exactly as entered."""

    is_needed_at_times = True
    """The form says when; the page doesn't call it optional."""

    def __init__(self, **kwargs: Any) -> None:
        attributes = {"autocomplete": "off", "spellcheck": "false", "data-1p-ignore": "", "data-lpignore": "true"}
        super().__init__(strip=False, widget=forms.PasswordInput(attrs=attributes, render_value=False), **kwargs)

    def to_python(self, value: Any) -> Any:
        return Secret(value if isinstance(value, str) else "")

    def validate(self, value: Any) -> None:
        if self.required and not value:
            raise forms.ValidationError("Enter the secret.", code="required")

    def run_validators(self, value: Any) -> None:
        """Django's own would look into the value; vault.rules says what is wrong without repeating it."""


class ScheduleForm(forms.Form):
    """Who looks after a secret, and how often it is rotated."""

    owner = forms.ModelChoiceField(
        User.objects.none(),
        required=False,
        empty_label="Nobody",
        help_text="Is reminded by mail and in the app. Without one, the IT admins are.",
    )
    rotate_every_days = forms.IntegerField(
        label="Rotate every … days",
        required=False,
        min_value=1,
        max_value=LONGEST_DAYS,
        help_text="Reminders come 14 and 3 days before, on the day and then every week. Leave empty for no schedule.",
    )

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organization = organization
        people = User.objects.filter(memberships__organization=organization, memberships__is_active=True)
        owner = cast("forms.ModelChoiceField[User]", self.fields["owner"])
        owner.queryset = people.filter(is_active=True).order_by("email")

    def add_problem(self, problem: Problem) -> None:
        """Puts what an action refused beside the field that it is about."""
        self.add_error(problem.field if problem.field in self.fields else None, problem.message)


class CredentialForm(ScheduleForm):
    """Type, secret and place. Given a saved `credential`, an empty secret keeps what is saved."""

    type = forms.ChoiceField(choices=TYPES, initial=Credential.Type.BEARER, label="Authentication")
    username = forms.CharField(
        required=False,
        strip=False,
        max_length=200,
        label="User name",
        help_text="For Basic.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    secret = SecretField(required=False, label="Secret", help_text="Sealed when you save it, and never shown again.")
    place = forms.ChoiceField(choices=PLACES, initial="header", required=False, label="The secret goes into")
    name = forms.CharField(
        required=False,
        max_length=100,
        label="Name of the header, parameter or cookie",
        help_text="For a bearer token in a header this is Authorization when left empty.",
    )
    template = forms.CharField(
        required=False,
        max_length=220,
        strip=False,
        help_text=f"For a custom header, such as key={MARK}.",
    )

    untested = forms.BooleanField(
        required=False,
        label="Switch without a working test",
        help_text="A new secret is tried before it replaces the saved one. Tick this only if the server is down.",
    )

    field_order = ("type", "username", "secret", "untested", "place", "name", "template", "owner", "rotate_every_days")

    def __init__(
        self, *args: Any, credential: Credential | None = None, is_replacing: bool = False, **kwargs: Any
    ) -> None:
        self.credential = credential
        if credential is not None:
            kwargs["initial"] = kwargs.get("initial", {}) | initial_of(credential)
        super().__init__(*args, **kwargs)
        if not is_replacing:
            del self.fields["untested"]

    @property
    def entered_placement(self) -> dict[str, str]:
        """What was chosen; Basic has its place by itself."""
        if self.cleaned_data["type"] == Credential.Type.BASIC:
            return {}
        fields = self.cleaned_data
        where = "header" if fields["type"] == Credential.Type.HEADER else fields.get("place") or "header"
        return {"in": where, "name": fields.get("name") or "", "template": fields.get("template") or ""}

    @property
    def is_kept(self) -> bool:
        """Nothing was entered and something is saved: the secret stays."""
        return self.credential is not None and not self.cleaned_data.get("secret")

    def clean(self) -> dict[str, Any]:
        fields = self.cleaned_data
        if {"type", "secret"} <= fields.keys() and fields["type"] != NO_CREDENTIAL_TYPE:
            try:
                self._check_kept() if self.is_kept else self._check_entered()
            except CredentialRefused as refused:
                self.add_problem(refused)
        return fields

    def _check_entered(self) -> None:
        fields = self.cleaned_data
        check_credential(
            fields["type"], fields["secret"], username=self.entered_username, placement=self.entered_placement
        )

    @property
    def entered_username(self) -> str:
        is_basic = self.cleaned_data["type"] == Credential.Type.BASIC
        return self.cleaned_data.get("username", "") if is_basic else ""

    def _check_kept(self) -> None:
        saved = cast(Credential, self.credential)
        same_type = self.cleaned_data["type"] == saved.type
        placement = check_placement(self.cleaned_data["type"], self.entered_placement)
        if not same_type or placement != saved.placement or self.entered_username:
            raise CredentialRefused(
                "Enter the secret again, because the way it is sent changes with this.", field="secret"
            )


def initial_of(credential: Credential) -> dict[str, Any]:
    """The form's fields as saved; never the secret or the user name."""
    placement = credential.placement
    return {
        "type": credential.type,
        "place": placement.get("in", "header"),
        "name": placement.get("name", ""),
        "template": placement.get("template", ""),
        "owner": credential.owner_id,
        "rotate_every_days": credential.rotate_every_days,
    }


def save_from_form(
    form: CredentialForm, *, organization: Organization, connector_id: UUID, connector_name: str, actor: Actor
) -> bool:
    """Saves what a valid form asks for: the secret, its schedule alone, or that there is none.

    False when it was refused after all: the form then has the error beside its field.
    """
    fields = form.cleaned_data
    schedule = {"owner": fields["owner"], "rotate_every_days": fields["rotate_every_days"]}
    try:
        if fields["type"] == NO_CREDENTIAL_TYPE:
            delete_credential(connector_id, actor=actor)
        elif form.is_kept:
            change_schedule(organization, connector_id, actor=actor, **schedule)
        else:
            save_credential(
                organization,
                connector_id,
                connector_name,
                type=fields["type"],
                secret=fields["secret"],
                username=form.entered_username,
                placement=form.entered_placement,
                actor=actor,
                **schedule,
            )
    except CredentialRefused as refused:
        form.add_problem(refused)
        return False
    return True
