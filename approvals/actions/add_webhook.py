"""Add an address outside that is told of what waits for people; and change what is told to whom."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from approvals.errors import ApprovalError, TooMany
from approvals.events import WebhookAdded, WebhookChanged
from approvals.models import Webhook
from approvals.webhooks.outbox import TOLD
from approvals.webhooks.sealed import sealed_address, sealed_key
from approvals.webhooks.signing import new_key
from audit.actor import Actor
from audit.record import record
from connectors.access.reach import is_own_address
from harriet.lib.egress import EgressRefused, Reach, check_url
from harriet.lib.ids import new_id
from harriet.lib.secret import Secret
from harriet.people.models import Organization
from harriet.people.names import clean_name
from harriet.people.permissions import demand
from harriet.people.roles import Power

MOST_WEBHOOKS = 20
"""Of one organization."""
LONGEST_ADDRESS = 2000


@transaction.atomic
def add_webhook(
    organization: Organization, *, name: str, address: str, kinds: Iterable[str], allow_internal: bool, actor: Actor
) -> tuple[Webhook, Secret]:
    """The webhook, and the key with which its messages are signed. Raises ApprovalError beside the field."""
    demand(actor, organization, Power.MANAGE_CONNECTORS)
    Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
    _check_room(organization)
    webhook_id, key = new_id(), new_key()
    webhook = Webhook.objects.create(
        id=webhook_id,
        organization=organization,
        name=_free_name(organization, name),
        host=host_of(organization, address, allow_internal=allow_internal),
        sealed_address=sealed_address(organization.pk, webhook_id, address.strip()),
        sealed_key=sealed_key(organization.pk, webhook_id, key),
        allow_internal=allow_internal,
        kinds=known_kinds(kinds),
        made_by_id=actor.id if actor.kind == "person" else None,
        made_by_label=actor.label,
    )
    record(
        WebhookAdded(name=webhook.name, host=webhook.host, told=told_of(webhook)),
        organization_id=organization.pk,
        actor=actor,
    )
    return webhook, key


@transaction.atomic
def change_webhook(
    webhook: Webhook,
    *,
    name: str,
    address: str,
    kinds: Iterable[str],
    is_active: bool,
    allow_internal: bool,
    actor: Actor,
) -> Webhook:
    """An empty address leaves it as it is; the key stays. Raises ApprovalError beside the field."""
    organization = webhook.organization
    demand(actor, organization, Power.MANAGE_CONNECTORS)
    webhook = Webhook.objects.select_for_update(of=("self",)).select_related("organization").get(pk=webhook.pk)
    if name.strip() != webhook.name:
        webhook.name = _free_name(organization, name)
    if address.strip():
        webhook.host = host_of(organization, address, allow_internal=allow_internal)
        webhook.sealed_address = sealed_address(organization.pk, webhook.pk, address.strip())
        webhook.problem = ""
    webhook.kinds, webhook.is_active, webhook.allow_internal = known_kinds(kinds), is_active, allow_internal
    webhook.save()
    if not is_active:
        webhook.messages.filter(due_at__isnull=False).update(due_at=None)
    told = told_of(webhook) if is_active else "nothing, it is paused"
    record(
        WebhookChanged(name=webhook.name, host=webhook.host, told=told),
        organization_id=organization.pk,
        actor=actor,
    )
    return webhook


def host_of(organization: Organization, address: str, *, allow_internal: bool) -> str:
    """As people are shown it. Raises ApprovalError for an address that can't be."""
    address = address.strip()
    if not address:
        raise ApprovalError("Enter the address that your chat or your program gives you.", field="address")
    if len(address) > LONGEST_ADDRESS:
        raise ApprovalError(f"An address has at most {LONGEST_ADDRESS:,} characters.", field="address")
    if is_own_address(address):
        raise ApprovalError("This is Harriet’s own address. Enter the one where the messages go.", field="address")
    hosts = tuple(organization.internal_hosts)
    reach = Reach(allow_internal=allow_internal, internal_hosts=hosts, local_hosts=settings.ALLOWED_LOCAL_HOSTS)
    try:
        target = check_url(address, reach)
    except EgressRefused as refused:
        raise ApprovalError(refused.message, field="address") from None
    if urlsplit(address).username or urlsplit(address).password:
        raise ApprovalError("An address with a user name or a password in it is not sent to.", field="address")
    return target.host_header


def known_kinds(kinds: Iterable[str]) -> list[str]:
    chosen = [code for code in TOLD if code in set(kinds)]
    if not chosen:
        raise ApprovalError("Choose at least one thing that it is told of.", field="kinds")
    return chosen


def told_of(webhook: Webhook) -> str:
    """In words, for the log."""
    return ", ".join(TOLD[code].label.lower() for code in webhook.kinds if code in TOLD)


def _free_name(organization: Organization, name: str) -> str:
    cleaned = clean_name(name, longest=80)
    if Webhook.objects.filter(organization=organization, name=cleaned).exists():
        raise ApprovalError("Another webhook has this name. Choose another one.", field="name")
    return cleaned


def _check_room(organization: Organization) -> None:
    if Webhook.objects.filter(organization=organization).count() >= MOST_WEBHOOKS:
        raise TooMany(f"An organization has at most {MOST_WEBHOOKS} webhooks. Remove one first.")
