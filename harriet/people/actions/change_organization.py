"""Changes an organization's name, how long calls are held, which internal hosts connectors may reach, and whether new
AI clients wait for an admin."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from harriet.people.errors import PeopleError
from harriet.people.events import OrganizationChanged
from harriet.people.models import Organization
from harriet.people.names import clean_name
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version

LONGEST_HOLD = 300
"""Seconds; clients and proxies give up on a silent request soon after."""

_HOST_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")


def change_organization(
    organization: Organization,
    *,
    name: str,
    hold_seconds: int,
    internal_hosts: Sequence[str],
    new_clients: str,
    actor: Actor,
) -> Organization:
    """`hold_seconds`: how long a client waits for an approval; `new_clients`: one of `Organization.NewClients`. Raises
    NotAllowed or PeopleError."""
    demand(actor, organization, Power.MANAGE_ORGANIZATION)
    if not 0 <= hold_seconds <= LONGEST_HOLD:
        raise PeopleError(f"Hold calls between 0 and {LONGEST_HOLD} seconds.", field="hold_seconds")
    if new_clients not in Organization.NewClients:
        raise PeopleError("Say whether new clients may be used at once or wait.", field="new_clients")
    with transaction.atomic():
        organization = Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
        before = _facts(organization)
        organization.name = clean_name(name)
        organization.hold_seconds = hold_seconds
        organization.internal_hosts = sorted({clean_host(host) for host in internal_hosts if host.strip()})
        organization.new_clients = new_clients
        organization.save(update_fields=["name", "hold_seconds", "internal_hosts", "new_clients"])
        _tell(organization, before, actor)
    return organization


def clean_host(text: str) -> str:
    """A host name, an address or a network, as the egress check reads it."""
    host = text.strip().lower().rstrip(".")
    try:
        return str(ipaddress.ip_network(host, strict=False)) if "/" in host else str(ipaddress.ip_address(host))
    except ValueError:
        if _HOST_NAME.fullmatch(host) and not host.replace(".", "").isdigit():
            return host
    raise PeopleError(
        f"“{host[:80]}” is not a host name, an address or a network such as 10.0.0.0/8.", field="internal_hosts"
    )


def _facts(organization: Organization) -> dict[str, str]:
    hosts = ", ".join(organization.internal_hosts) or "none"
    return {
        "name": organization.name,
        "hold seconds": str(organization.hold_seconds),
        "internal hosts": hosts,
        "new clients": organization.new_clients,
    }


def _tell(organization: Organization, before: dict[str, str], actor: Actor) -> None:
    after = _facts(organization)
    change = "; ".join(f"{key} from {before[key]} to {after[key]}" for key in after if after[key] != before[key])
    if change:
        move_version(organization.pk)
        record(OrganizationChanged(change=change), organization_id=organization.pk, actor=actor)
