"""Trusted issuers: whose word about people and workloads opens profiles, and what waits for a yes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from connectors.access.scopes import SCOPES
from connectors.models import Profile
from harriet.pages.context import PageContext, show
from harriet.pages.forms import ConfirmForm, attempt, status_of
from harriet.people.pages.guards import OrganizationRequest, needs, needs_to_save
from harriet.people.permissions import has_power
from harriet.people.roles import Power
from harriet.signin.actions.trust_issuer import (
    LONGEST,
    SHORTEST,
    Trust,
    approve_profile,
    change_issuer,
    end_issuer,
    trust_issuer,
)
from harriet.signin.models import TrustedIssuer, TrustedProfile, WorkloadIdentity
from harriet.signin.protocol.addresses import issuer_of, token_endpoint_of
from harriet.signin.queries import SCOPES as SCOPE_WORDS
from harriet.signin.queries import (
    issuer_named,
    issuers_of,
    profiles_of_issuer,
    scope_words,
    waiting_profile,
    workloads_of_issuer,
)

_CODE = {"class": "code", "spellcheck": "false"}


class IssuerForm(forms.Form):
    name = forms.CharField(label="Name", max_length=120, help_text="As your colleagues know it, for example: Acme Okta")
    issuer = forms.CharField(
        label="Issuer",
        max_length=500,
        help_text="Exactly as its assertions have it (iss), for example: https://acme.okta.com",
        widget=forms.TextInput(attrs=_CODE),
    )
    accepts_id_jag = forms.BooleanField(
        label="Take its assertions about people (ID-JAG)",
        required=False,
        help_text="Untick it to pause: what it had opened ends, and its assertions are refused.",
    )
    accepts_workloads = forms.BooleanField(
        label="Take its tokens of workloads (for agents)",
        required=False,
        help_text="For a platform that runs your programs, such as Kubernetes or a CI service: an agent then needs no "
        "secret. Which workload is which agent is said on the agent’s page. It has nothing to do with people.",
    )
    keys_url = forms.CharField(
        label="Address of its keys",
        required=False,
        max_length=500,
        help_text="Its documentation calls it JWKS URL. Leave it empty if you paste the keys.",
        widget=forms.TextInput(attrs=_CODE),
    )
    keys = forms.CharField(
        label="Or its public keys",
        required=False,
        max_length=50_000,
        help_text="A JSON object with a list named keys. You have to replace them here when the issuer changes them.",
        widget=forms.Textarea(attrs={"rows": 4, **_CODE}),
    )
    allow_internal = forms.BooleanField(
        label="The address of its keys is inside our network",
        required=False,
        help_text="The host has to be among the internal hosts in Settings, too.",
    )
    tenant_claim = forms.CharField(
        label="Claim that says which customer",
        required=False,
        max_length=100,
        help_text="Needed where one issuer speaks for many companies, as vendors of AI clients do.",
        widget=forms.TextInput(attrs=_CODE),
    )
    tenant_value = forms.CharField(
        label="Your value of that claim",
        required=False,
        max_length=200,
        help_text="The issuer tells you: your organization’s or tenant’s id there.",
        widget=forms.TextInput(attrs=_CODE),
    )
    client_ids = forms.CharField(
        label="Client ids",
        required=False,
        max_length=6000,
        help_text="For assertions about people, one a line: the AI clients that may bring them. A client has a secret, "
        "made under AI clients, or its id is the address of its document.",
        widget=forms.Textarea(attrs={"rows": 3, **_CODE}),
    )
    longest = forms.IntegerField(
        label="Seconds that an assertion may be good for",
        min_value=SHORTEST,
        max_value=LONGEST,
        initial=300,
        help_text="Longer ones are refused. Five minutes are usual.",
    )
    scopes = forms.MultipleChoiceField(
        label="What it may open",
        choices=[(scope, SCOPE_WORDS[scope]) for scope in SCOPES],
        widget=forms.CheckboxSelectMultiple,
        help_text="The most. Nobody is asked any more before a client gets this; people’s own rights still hold, and "
        "so do approvals of single calls.",
    )

    def clean_keys(self) -> dict[str, Any]:
        text = str(self.cleaned_data["keys"]).strip()
        try:
            found = json.loads(text) if text else {}
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise forms.ValidationError("This is not a JSON object with keys. Copy it whole.")
        return found

    def trust(self) -> Trust:
        given = {**self.cleaned_data, "scopes": " ".join(self.cleaned_data["scopes"])}
        return Trust(**{**given, "client_ids": given["client_ids"].splitlines()})


@dataclass(frozen=True, slots=True)
class IssuerRow:
    issuer: TrustedIssuer
    opens: list[str]
    waits: int

    @property
    def status(self) -> tuple[str, str]:
        if not self.issuer.accepts_id_jag and not self.issuer.accepts_workloads:
            return "neutral", "Paused"
        return ("attention", "Waits for you") if self.waits else ("ok", "Trusted")


@dataclass(frozen=True, slots=True)
class IssuersPage(PageContext):
    template = "clients/issuers.html"
    active = "settings"
    rows: list[IssuerRow]
    our_issuer: str
    can_manage: bool


@require_safe
@needs(Power.VIEW_SETTINGS)
def issuers_page(request: OrganizationRequest) -> HttpResponse:
    rows = [IssuerRow(one, scope_words(one.scopes), waits) for one, waits in issuers_of(request.organization)]
    return show(request, IssuersPage(rows, issuer_of(request.organization.slug), _can_manage(request)))


@dataclass(frozen=True, slots=True)
class NewIssuerPage(PageContext):
    template = "clients/issuer_new.html"
    active = "settings"
    form: IssuerForm
    our_issuer: str


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Power.MANAGE_ORGANIZATION)
def new_issuer_page(request: OrganizationRequest) -> HttpResponse:
    form = IssuerForm(request.POST or None, initial={"accepts_id_jag": True, "scopes": list(SCOPES[:1])})
    made = attempt(form, lambda _: trust_issuer(request.organization, form.trust(), actor=request.actor))
    if made is not None:
        messages.success(request, f"{made.name} is trusted from now on.")
        return redirect("issuers:detail", made.pk)
    return show(request, NewIssuerPage(form, issuer_of(request.organization.slug)), status=status_of(form))


@dataclass(frozen=True, slots=True)
class PinnedRow:
    pinned: TrustedProfile
    profile: Profile | None
    opens: list[str]
    wants: list[str]


@dataclass(frozen=True, slots=True)
class IssuerPage(PageContext):
    template = "clients/issuer.html"
    active = "settings"
    issuer: TrustedIssuer
    pinned: list[PinnedRow]
    form: IssuerForm
    ending: ConfirmForm
    our_issuer: str
    workloads: list[WorkloadIdentity]
    our_token_endpoint: str
    can_manage: bool


@require_http_methods(["GET", "HEAD", "POST"])
@needs_to_save(Power.MANAGE_ORGANIZATION)
def issuer_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    issuer = issuer_named(request.organization, pk)
    form = IssuerForm(request.POST or None, initial=_as_it_is(issuer))
    ended = attempt(form, lambda _: change_issuer(issuer, form.trust(), actor=request.actor))
    if ended is not None:
        messages.success(request, f"Saved. {ended} connected apps ended." if ended else "Saved.")
        return redirect("issuers:detail", issuer.pk)
    return _shown(request, issuer, form, ConfirmForm(issuer.name))


@require_POST
@needs(Power.MANAGE_ORGANIZATION)
def end_this_issuer(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    issuer = issuer_named(request.organization, pk)
    ending = ConfirmForm(issuer.name, request.POST)
    ended = attempt(ending, lambda _: end_issuer(issuer, actor=request.actor))
    if ended is None:
        return _shown(request, issuer, IssuerForm(initial=_as_it_is(issuer)), ending)
    messages.success(request, f"{issuer.name} is trusted no more. Connected apps that ended: {ended}.")
    return redirect("issuers:list")


@require_POST
@needs(Power.MANAGE_ORGANIZATION)
def approve_this_profile(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    pinned = waiting_profile(request.organization, pk)
    approve_profile(pinned, actor=request.actor)
    messages.success(request, "Approved. It holds from the client’s next token on.")
    return redirect("issuers:detail", pinned.issuer_id)


def _shown(request: OrganizationRequest, issuer: TrustedIssuer, form: IssuerForm, ending: ConfirmForm) -> HttpResponse:
    page = IssuerPage(
        issuer=issuer,
        pinned=_pinned(request, issuer),
        form=form,
        ending=ending,
        our_issuer=issuer_of(request.organization.slug),
        workloads=list(workloads_of_issuer(issuer)),
        our_token_endpoint=token_endpoint_of(request.organization.slug),
        can_manage=_can_manage(request),
    )
    return show(request, page, status=status_of(form, ending))


def _pinned(request: OrganizationRequest, issuer: TrustedIssuer) -> list[PinnedRow]:
    rows = list(profiles_of_issuer(issuer))
    known = Profile.objects.filter(organization=request.organization).in_bulk([row.profile_id for row in rows])
    return [PinnedRow(row, known.get(row.profile_id), scope_words(row.scopes), scope_words(row.wanted)) for row in rows]


def _can_manage(request: OrganizationRequest) -> bool:
    return has_power(request.membership, Power.MANAGE_ORGANIZATION)


def _as_it_is(issuer: TrustedIssuer) -> dict[str, Any]:
    names = (
        "name",
        "issuer",
        "accepts_id_jag",
        "accepts_workloads",
        "keys_url",
        "allow_internal",
        "tenant_claim",
        "tenant_value",
        "longest",
    )
    return {
        **{name: getattr(issuer, name) for name in names},
        "keys": json.dumps(issuer.keys, indent=1) if issuer.keys else "",
        "client_ids": "\n".join(issuer.client_ids),
        "scopes": issuer.scopes.split(),
    }
