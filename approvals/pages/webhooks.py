"""Webhooks: which addresses outside are told of what waits, and whether they take it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from approvals.actions.add_webhook import LONGEST_ADDRESS, add_webhook, change_webhook
from approvals.actions.remove_webhook import remove_webhook
from approvals.actions.try_webhook import try_webhook
from approvals.errors import ApprovalError
from approvals.models import Webhook, WebhookMessage
from approvals.queries import latest_messages, webhook_named, webhooks_of
from approvals.webhooks.outbox import TOLD
from harriet.lib.secret import Secret
from harriet.pages.context import PageContext, show, show_once
from harriet.pages.forms import attempt, status_of
from harriet.people.actions.make_once import Made
from harriet.people.pages.guards import OrganizationRequest, needs, needs_to_save
from harriet.people.pages.once import made_once, secret_of, shown_once
from harriet.people.permissions import has_power
from harriet.people.roles import Power

_CODE = {"class": "code", "spellcheck": "false", "autocomplete": "off"}


class NewWebhookForm(forms.Form):
    name = forms.CharField(
        label="Name", max_length=80, help_text="For your colleagues, for example: Approvals in Slack"
    )
    address = forms.CharField(
        label="Address",
        max_length=LONGEST_ADDRESS,
        help_text="Slack and Mattermost call it the URL of an incoming webhook. It is kept like a password: nobody "
        "sees it again here.",
        widget=forms.TextInput(attrs=_CODE),
    )
    kinds = forms.MultipleChoiceField(
        label="Tell it of",
        choices=[(code, kind.label) for code, kind in TOLD.items()],
        widget=forms.CheckboxSelectMultiple,
        initial=list(TOLD),
    )
    allow_internal = forms.BooleanField(
        label="The address is inside our network",
        required=False,
        help_text="The host has to be among the internal hosts in Settings, too.",
    )


class WebhookForm(NewWebhookForm):
    is_active = forms.BooleanField(
        label="Send messages", required=False, help_text="Untick it to pause: what happens meanwhile is not sent later."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["address"].required = False
        self.fields["address"].label = "Another address"
        self.fields["address"].help_text = "Leave it empty to keep the one that is there."


@dataclass(frozen=True, slots=True)
class WebhooksPage(PageContext):
    template = "webhooks/list.html"
    active = "settings"
    webhooks: list[Webhook]
    can_manage: bool


@require_safe
@needs(Power.VIEW_SETTINGS)
def webhooks_page(request: OrganizationRequest) -> HttpResponse:
    return show(request, WebhooksPage(list(webhooks_of(request.organization)), _can_manage(request)))


@dataclass(frozen=True, slots=True)
class NewWebhookPage(PageContext):
    template = "webhooks/new.html"
    active = "settings"
    form: NewWebhookForm


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Power.MANAGE_CONNECTORS)
def new_webhook_page(request: OrganizationRequest) -> HttpResponse:
    form = NewWebhookForm(request.POST or None)
    made = attempt(form, lambda given: made_once(request, lambda: _added(request, given)))
    if made is None:
        return show(request, NewWebhookPage(form), status=status_of(form))
    return redirect("webhooks:made", made.pk)


def _added(request: OrganizationRequest, given: dict[str, Any]) -> Made:
    webhook, key = add_webhook(request.organization, **given, actor=request.actor)
    return Made(webhook.pk, key)


@dataclass(frozen=True, slots=True)
class WebhookMadePage(PageContext):
    template = "webhooks/made.html"
    active = "settings"
    webhook: Webhook
    secret: Secret | None
    """None when it was shown before."""


@require_safe
@needs(Power.MANAGE_CONNECTORS)
def webhook_made_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    row = shown_once(request, pk)
    webhook = webhook_named(request.organization, row.subject)
    return show_once(request, WebhookMadePage(webhook, secret_of(request, row)))


@dataclass(frozen=True, slots=True)
class WebhookPage(PageContext):
    template = "webhooks/detail.html"
    active = "settings"
    webhook: Webhook
    told: list[str]
    sent: list[WebhookMessage]
    form: WebhookForm
    can_manage: bool


@require_http_methods(["GET", "HEAD", "POST"])
@needs_to_save(Power.MANAGE_CONNECTORS)
def webhook_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    webhook = webhook_named(request.organization, pk)
    form = WebhookForm(request.POST or None, initial=_as_it_is(webhook))
    saved = attempt(form, lambda given: change_webhook(webhook, **given, actor=request.actor))
    if saved is not None:
        messages.success(request, "Saved.")
        return redirect("webhooks:detail", webhook.pk)
    page = WebhookPage(
        webhook=webhook,
        told=[TOLD[code].label for code in webhook.kinds if code in TOLD],
        sent=latest_messages(webhook),
        form=form,
        can_manage=_can_manage(request),
    )
    return show(request, page, status=status_of(form))


@require_POST
@needs(Power.MANAGE_CONNECTORS)
def try_this_webhook(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    webhook = webhook_named(request.organization, pk)
    try:
        try_webhook(webhook, actor=request.actor)
    except ApprovalError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"{webhook.host} took a test message. Look whether it is where you want it.")
    return redirect("webhooks:detail", webhook.pk)


@require_POST
@needs(Power.MANAGE_CONNECTORS)
def remove_this_webhook(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    webhook = webhook_named(request.organization, pk)
    remove_webhook(webhook, actor=request.actor)
    messages.success(request, f"{webhook.name} was removed: {webhook.host} is told nothing any more.")
    return redirect("webhooks:list")


def _can_manage(request: OrganizationRequest) -> bool:
    return has_power(request.membership, Power.MANAGE_CONNECTORS)


def _as_it_is(webhook: Webhook) -> dict[str, Any]:
    return {name: getattr(webhook, name) for name in ("name", "kinds", "is_active", "allow_internal")}
