"""Says which accounts may be connected through a registration: those of some domains, or any."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from harriet.people.permissions import demand
from harriet.people.roles import Power
from vault.errors import VaultError
from vault.events import OAuthDomainsChanged
from vault.models import OAuthClient
from vault.oauth.accounts import domain_in

MOST_DOMAINS = 50


def set_allowed_domains(client: OAuthClient, domains: Iterable[str], *, actor: Actor) -> bool:
    """Whether anything changed. What is connected already stays. Raises VaultError beside `allowed_domains`."""
    demand(actor, client.organization, Power.MANAGE_CREDENTIALS)
    wanted = _checked(domains)
    with transaction.atomic():
        mine = OAuthClient.objects.select_for_update().get(pk=client.pk)
        if mine.allowed_domains == wanted:
            return False
        OAuthClient.objects.filter(pk=client.pk).update(allowed_domains=wanted)
        record(
            OAuthDomainsChanged(
                provider=client.name, registration=str(client.pk), domains=", ".join(wanted) if wanted else "any"
            ),
            organization_id=client.organization_id,
            actor=actor,
        )
    client.allowed_domains = wanted
    return True


def _checked(domains: Iterable[str]) -> list[str]:
    wanted: dict[str, None] = {}
    for text in filter(None, (one.strip() for one in domains)):
        domain = domain_in(text)
        if domain is None:
            raise VaultError(
                f"“{text[:80]}” is no domain. Write domains such as acme.com, one a line.", field="allowed_domains"
            )
        wanted[domain] = None
    if len(wanted) > MOST_DOMAINS:
        raise VaultError(f"Name at most {MOST_DOMAINS} domains.", field="allowed_domains")
    return sorted(wanted)
