"""The forms of identity providers, domains and the sign-in rule. They only read input; the rules are in the actions."""

from __future__ import annotations

from typing import Any

from django import forms

from harriet.pages.picking_form import PickingForm
from harriet.people.models import Organization, SignInRule
from harriet.people.pages.fields import AccountField, GroupField
from harriet.people.roles import ROLE_CHOICES
from harriet.signin.actions.set_sign_in_rule import LONGEST_CLIENTS, LONGEST_SESSION
from harriet.signin.models import IdentityProvider


class NewProviderForm(forms.Form):
    name = forms.CharField(
        max_length=80,
        help_text="As people see it on the sign-in page, such as “Acme account” or “Microsoft”.",
    )
    kind = forms.ChoiceField(
        choices=IdentityProvider.Kind.choices,
        widget=forms.RadioSelect,
        initial=IdentityProvider.Kind.OIDC,
        label="How it speaks",
        help_text="Microsoft Entra, Okta, Google Workspace, Keycloak and most others do both. OpenID Connect is the "
        "simpler one.",
    )


class OidcForm(forms.Form):
    issuer = forms.CharField(
        max_length=500,
        help_text="The address that the provider calls its issuer, without “/.well-known/…”. The rest is read there.",
        widget=forms.URLInput(attrs={"class": "code", "spellcheck": "false"}),
    )
    client_id = forms.CharField(label="Client id", max_length=300, help_text="The provider made it for Harriet.")
    secret = forms.CharField(
        label="Client secret",
        required=False,
        strip=True,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Kept sealed and never shown again. Leave it empty to keep the one that is saved.",
    )
    scopes = forms.CharField(
        max_length=300, initial="openid email profile", help_text="What Harriet asks for, separated by spaces."
    )
    renews_sign_ins = forms.BooleanField(
        label="Renew people’s sign-ins for servers that take them",
        required=False,
        help_text="Only for connectors that exchange each person’s company sign-in. Harriet asks for offline access, "
        "and keeps what the provider gives for it sealed, so that nobody has to sign in again each time an ID token "
        "ends. The provider has to allow Harriet’s client refresh tokens. When this is changed, sign-ins that are kept "
        "end.",
    )

    @classmethod
    def of(cls, provider: IdentityProvider) -> OidcForm:
        return cls(
            initial={
                "issuer": provider.issuer,
                "client_id": provider.client_id,
                "scopes": provider.scopes,
                "renews_sign_ins": provider.renews_sign_ins,
            },
            auto_id="oidc_%s",
        )


class SamlForm(forms.Form):
    metadata = forms.CharField(
        label="Metadata of the provider",
        max_length=300_000,
        widget=forms.Textarea(attrs={"rows": 6, "class": "code", "spellcheck": "false"}),
        help_text="Its address (https://…), which Harriet reads now, or the XML itself. Only what it says about "
        "addresses and certificates is used.",
    )


class ClaimsForm(forms.Form):
    email_claim = forms.CharField(label="E-mail address in", max_length=200)
    name_claim = forms.CharField(label="Name in", max_length=200, required=False)
    employee_claim = forms.CharField(label="Employee id in", max_length=200, required=False)
    groups_claim = forms.CharField(label="Groups in", max_length=200, required=False)
    makes_accounts = forms.BooleanField(
        label="Make an account for whoever comes for the first time",
        required=False,
        help_text="As a member, and only with an address of a verified domain. Otherwise people are invited first.",
    )
    logout_stops_clients = forms.BooleanField(
        label="When the provider signs somebody out, stop their AI clients too",
        required=False,
        help_text="Until they sign in again. Off: a sign-out there ends their browsers here and nothing else.",
    )

    @classmethod
    def of(cls, provider: IdentityProvider) -> ClaimsForm:
        return cls(initial={name: getattr(provider, name) for name in cls.base_fields}, auto_id="claims_%s")


class MappingForm(PickingForm):
    value = forms.CharField(
        label="Group at the provider",
        max_length=300,
        help_text="Exactly as the provider sends it: a name or an id. A test sign-in shows it.",
    )

    def __init__(self, organization: Organization, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["group"] = GroupField(organization, required=False, label="Group here")
        self.fields["role"] = forms.ChoiceField(
            choices=[("", "No role"), *ROLE_CHOICES],
            required=False,
            label="Or a role here",
            help_text="As soon as one role is mapped, roles follow the provider: whoever has none of them is a member. "
            "Owners stay owners unless “Owner” is mapped too.",
        )


class DomainForm(forms.Form):
    name = forms.CharField(
        label="Domain", max_length=253, help_text="What stands after the @ of your people’s addresses: example.com."
    )


class RuleForm(PickingForm):
    is_enforced = forms.BooleanField(
        label="Require single sign-on",
        required=False,
        help_text="Passwords and passkeys open this organization no more, for anybody but the owner named below. When "
        "you stop requiring it, they open it again, and clients of people who never came through a provider go on; "
        "whoever came through one and waits for a sign-in goes on waiting for it.",
    )

    def __init__(self, organization: Organization, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["break_glass"] = AccountField(
            organization,
            required=False,
            label="Who still gets in when the provider is down",
            help_text="An owner with a password and a second factor. All owners hear of each such sign-in.",
        )
        self.fields["session_hours"] = forms.IntegerField(
            label="People sign in again after (hours)",
            min_value=1,
            max_value=LONGEST_SESSION,
            help_text="Of whoever signed in through the provider, however much they do.",
        )
        self.fields["client_hours"] = forms.IntegerField(
            label="AI clients go on for (hours)",
            min_value=1,
            max_value=LONGEST_CLIENTS,
            help_text="While single sign-on is required: after somebody’s last sign-in, their clients, devices and "
            "tokens go on for so long and then wait for the next one. Whom the provider removes can’t sign in, so "
            "this is the longest that their clients go on. SCIM ends it at once.",
        )

    @classmethod
    def of(cls, rule: SignInRule) -> RuleForm:
        return cls(
            rule.organization,
            initial={
                "is_enforced": rule.is_enforced,
                "break_glass": rule.break_glass_id,
                "session_hours": rule.session_hours,
                "client_hours": rule.client_hours,
            },
            auto_id="rule_%s",
        )
