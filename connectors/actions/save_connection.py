"""Say where a connector's server is, and whether that is inside the company's network."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import F

from audit.actor import Actor
from audit.record import record
from connectors.access.reach import is_own_address, reach_for
from connectors.actions.note_definition import look_first, note_definition
from connectors.actions.tell_of_outages import settle_outages
from connectors.audit_labels import connector_label
from connectors.errors import ConnectorError
from connectors.events import ConnectorChanged, InternalHostAllowed, SecretKeptForAddress
from connectors.inspect.failures import OWN
from connectors.models import Connector
from connectors.wizard_steps import AUTHENTICATION, CONNECTION, step_done
from harriet.lib.egress import EgressRefused, Reach, check_url
from harriet.lib.egress.reach import COMPANY_NETWORKS
from harriet.people.models import Organization
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version
from vault.actions.delete_credential import delete_credential
from vault.actions.forget_replaced import forget_previous
from vault.queries import credential_of

Move = Literal["", "host", "path"]

LONGEST_URL = 500
"""Characters."""
_CLOUDS = {"100.100.100.200", "fd00:ec2::254", "fd20:ce::254"}
"""Addresses of clouds' metadata services in such networks: whoever means one lists it for the whole organization."""


@transaction.atomic
def save_connection(
    connector: Connector, *, url: str, allow_internal: bool, keep_secret: bool = False, actor: Actor
) -> Connector:
    """Another address forgets what the last server said and invalidates approvals given for it.

    A secret goes only to the address that it was entered for: another one forgets it, and it has to be entered again.
    On the same host, where another path may be another tenant, an owner may say that it stays: `keep_secret`. That is
    about the secret in use; those before it, which could be switched back to, are forgotten.
    """
    demand(actor, connector.organization, Power.MANAGE_CONNECTORS)
    url = as_meant(url)
    organization = Organization.objects.select_for_update(no_key=True).get(pk=connector.organization_id)
    hosts = check_address(organization, url, allow_internal=allow_internal)
    if hosts != organization.internal_hosts:
        _allow_host(organization, hosts, _host_of(url), connector, actor=actor)
    if (connector.url, connector.allow_internal) != (url, allow_internal):
        old, move = connector.url, move_between(connector.url, url)
        look_first(connector)
        _move(connector, url, allow_internal, actor=actor)
        if move and not (keep_secret and _kept(connector, old, move, actor=actor)):
            delete_credential(connector.id, actor=actor)
        note_definition(connector, by=actor, actor=actor)
    step_done(connector, CONNECTION, then=AUTHENTICATION)
    return connector


def as_meant(url: str) -> str:
    """Without what comes along when an address is copied: spaces, quotes and brackets around it."""
    return url.strip("\"'`<>“”‘’«»,; \t\r\n\u00a0")


def check_address(organization: Organization, url: str, *, allow_internal: bool) -> list[str]:
    """The organization's internal hosts, as they are with this address. Raises ConnectorError for one that can't be."""
    url = as_meant(url)
    if is_own_address(url):
        raise ConnectorError(OWN, field="url")
    if len(url) > LONGEST_URL:
        raise ConnectorError(f"An address has at most {LONGEST_URL} characters.", field="url")
    hosts = _with_host(organization, _host_of(url)) if allow_internal else list(organization.internal_hosts)
    _refuse_unreachable(url, reach_for(allow_internal, hosts))
    return hosts


def move_between(old: str, new: str) -> Move:
    """How far apart two addresses are, for a secret: on another host, at another path or query there, or nothing. Both
    are addresses that `check_address` let pass."""
    was, becomes = urlsplit(old), urlsplit(new.strip())
    if (was.scheme.lower(), was.netloc.lower()) != (becomes.scheme.lower(), becomes.netloc.lower()):
        return "host"
    return "" if (was.path or "/", was.query) == (becomes.path or "/", becomes.query) else "path"


def _kept(connector: Connector, old: str, move: Move, *, actor: Actor) -> bool:
    """Whether there is a secret that stays. Raises for whoever may not say so, and for another host."""
    if credential_of(connector.id) is None:
        return False
    if move == "host":
        raise ConnectorError("A secret doesn't go to another host. Enter it again for the new address.", field="url")
    demand(actor, connector.organization, Power.MANAGE_ORGANIZATION)
    forget_previous(connector.id)
    record(
        SecretKeptForAddress(
            connector=connector_label(connector), old=_without_query(old), new=_without_query(connector.url)
        ),
        organization_id=connector.organization_id,
        actor=actor,
    )
    return True


def _host_of(url: str) -> str:
    """The host as the allow-list knows it; `check_url` judges the rest of the address."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        host = ""
    return host.lower().removesuffix(".")


def _with_host(organization: Organization, host: str) -> list[str]:
    """The allow-list with this host. A public or a link's own address is not added by ticking a box."""
    hosts = list(organization.internal_hosts)
    return hosts if not host or host in hosts or not _may_be_ours(host) else [*hosts, host]


def _may_be_ours(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return True  # a name: egress judges what it resolves to
    networks = (network for network in COMPANY_NETWORKS if network.version == address.version)
    return any(address in network for network in networks) and host not in _CLOUDS


def _refuse_unreachable(url: str, reach: Reach) -> None:
    try:
        check_url(url, reach)
    except EgressRefused as refused:
        raise ConnectorError(refused.message, field="url") from None


def _allow_host(organization: Organization, hosts: list[str], host: str, connector: Connector, *, actor: Actor) -> None:
    organization.internal_hosts = hosts
    organization.save(update_fields=["internal_hosts"])
    connector.organization.internal_hosts = hosts
    record(
        InternalHostAllowed(connector=connector_label(connector), host=host),
        organization_id=organization.id,
        actor=actor,
    )
    move_version(organization.id)


def _move(connector: Connector, url: str, allow_internal: bool, *, actor: Actor) -> None:
    Connector.objects.filter(pk=connector.pk).update(
        url=url,
        allow_internal=allow_internal,
        revision=F("revision") + 1,
        era="",
        eras=[],
        protocol_version="",
        server_info={},
        instructions="",
        health=Connector.Health.UNKNOWN,
        health_reason="",
        health_changed_at=None,
        checked_at=None,
    )
    settle_outages(connector)
    connector.refresh_from_db()
    record(
        ConnectorChanged(connector=connector_label(connector), fields="address", url=_without_query(url)),
        organization_id=connector.organization_id,
        actor=actor,
    )
    move_version(connector.organization_id)


def _without_query(url: str) -> str:
    """The address as events tell it: a query may hold a key that somebody pasted."""
    return url.partition("?")[0]
