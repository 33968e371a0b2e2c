"""Say how Harriet signs in to a connector's server: with nothing, or with a secret that goes to the vault."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import F

from audit.actor import Actor
from audit.record import record
from connectors.actions.note_definition import look_first, note_definition
from connectors.actions.sign_in_by_oauth import register_sign_in
from connectors.audit_labels import connector_label
from connectors.errors import ConnectorError
from connectors.events import ConnectorAuthenticationChanged
from connectors.inspect.sign_in import SignInFound, find_sign_in
from connectors.models import Connector
from connectors.wizard_steps import ACCESS, AUTHENTICATION, step_done
from harriet.lib.secret import Secret
from harriet.people.models import Organization, User
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version
from vault.actions.change_schedule import change_schedule
from vault.actions.delete_credential import delete_credential
from vault.actions.save_credential import refuse_other_version, save_credential
from vault.actions.take_out_credential import take_out_credential
from vault.models import OAuthClient
from vault.oauth.exchanged import exchange_anew
from vault.oauth.per_person import is_exchanged
from vault.oauth.shared import prepare
from vault.rules import check_credential
from vault.types.registry import NO_CREDENTIAL_TYPE, TYPES


def save_authentication(
    connector: Connector,
    *,
    type: str,
    secret: Secret | None = None,
    username: str = "",
    placement: Mapping[str, Any] | None = None,
    owner: User | None = None,
    rotate_every_days: int | None = None,
    in_use: int | None = None,
    found: SignInFound | None = None,
    actor: Actor,
) -> Connector:
    """Replaces the credential; without a secret, only its schedule. Raises CredentialRefused, CredentialNotFound, and
    ConnectorError when the address is not the one any more that `connector` was read with. `in_use` is the version that
    whoever enters it has seen: when another is in use by now, nothing is saved. For OAuth, who signs people in is asked
    for before anything is locked, unless that was `found` already."""
    demand(actor, connector.organization, Power.MANAGE_CONNECTORS)
    place, oauth_client = dict(placement or {}), None
    if secret is not None and is_by_oauth(type):
        demand(actor, connector.organization, Power.MANAGE_CREDENTIALS)
        place = check_credential(type, secret, username=username, placement=place)
        found = found or find_sign_in(connector, type, secret, place)
        oauth_client, place = register_sign_in(connector, type, secret, found, actor=actor), found.placement
    with transaction.atomic():
        _save(
            *(connector, type, secret_kept(type, secret), username, place, oauth_client),
            owner=owner,
            rotate_every_days=rotate_every_days,
            in_use=in_use,
            actor=actor,
        )
    return connector


def secret_kept(type_: str, secret: Secret | None) -> Secret | None:
    """With the connector: a client's secret is kept with its registration, which other connectors share."""
    return Secret("") if secret is not None and is_by_oauth(type_) and not TYPES[type_].needs_secret else secret


def is_by_oauth(type_: str) -> bool:
    return type_ in TYPES and TYPES[type_].is_oauth


def _save(
    connector: Connector,
    type: str,
    secret: Secret | None,
    username: str,
    placement: dict[str, str],
    oauth_client: OAuthClient | None,
    *,
    owner: User | None,
    rotate_every_days: int | None,
    in_use: int | None,
    actor: Actor,
) -> None:
    if type == NO_CREDENTIAL_TYPE or secret is not None:
        hold_address(connector)
        refuse_other_version(connector.organization, connector.id, in_use)
        look_first(connector)
    if type == NO_CREDENTIAL_TYPE:
        _forget(connector, actor=actor)
    elif secret is not None:
        credential = save_credential(
            connector.organization,
            connector.id,
            connector.name,
            type=type,
            secret=secret,
            username=username,
            placement=placement,
            owner=owner,
            rotate_every_days=rotate_every_days,
            oauth_client=oauth_client,
            actor=actor,
        )
        prepare(credential, actor=actor)
        if is_exchanged(credential):
            exchange_anew(credential)
        tell_authentication(connector, type, actor=actor)
    else:
        change_schedule(
            connector.organization, connector.id, owner=owner, rotate_every_days=rotate_every_days, actor=actor
        )
    step_done(connector, AUTHENTICATION, then=ACCESS)


def hold_address(connector: Connector) -> None:
    """A secret goes only to the address that it was entered for, which stays as it is to the end of the transaction:
    saving an address locks the organization, too. Raises ConnectorError."""
    Organization.objects.select_for_update(no_key=True).get(pk=connector.organization_id)
    check_entered_for(Connector.objects.get(pk=connector.pk), connector.url)


def check_entered_for(connector: Connector, address: str) -> None:
    """Raises ConnectorError when somebody has changed the connector's address since."""
    if connector.url != address:
        raise ConnectorError(
            f"The address of {connector} is another one than the secret was entered for: somebody has just changed it. "
            "Nothing was saved. Look at the address, then enter the secret again."
        )


def _forget(connector: Connector, *, actor: Actor) -> None:
    """What a draft had was never used; what calls were made with can be switched back to."""
    end = delete_credential if connector.state == Connector.State.DRAFT else take_out_credential
    if end(connector.id, actor=actor):
        tell_authentication(connector, NO_CREDENTIAL_TYPE, actor=actor)


def tell_authentication(connector: Connector, type_: str, *, actor: Actor) -> None:
    """What the server thought of the old secret says nothing about the new one."""
    mine = Connector.objects.filter(pk=connector.pk)
    mine.update(revision=F("revision") + 1)
    mine.filter(health=Connector.Health.NEEDS_ADMIN).update(
        health=Connector.Health.UNKNOWN, health_reason="", checked_at=None
    )
    connector.refresh_from_db(fields=["revision", "health", "health_reason", "checked_at"])
    record(
        ConnectorAuthenticationChanged(connector=connector_label(connector), type=type_),
        organization_id=connector.organization_id,
        actor=actor,
    )
    note_definition(connector, by=actor, actor=actor)
    move_version(connector.organization_id)
