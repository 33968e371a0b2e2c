"""Saves how Harriet is registered at an issuer: found, made by itself, or as an admin was told there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from audit.actor import Actor
from audit.record import record
from harriet.lib.secret import Secret
from harriet.lib.text import excerpt
from harriet.people.actors import person_behind
from harriet.people.models import Organization
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version
from vault.actions.create_data_key import create_data_key
from vault.errors import CredentialRefused
from vault.events import OAuthClientSaved
from vault.locks import share_active_key
from vault.models import Credential, OAuthClient, OAuthGrant
from vault.oauth.discovery import discover_server
from vault.oauth.metadata import origin_of
from vault.oauth.reach import reach_of_issuer
from vault.oauth.registration import Registration, method_for, register
from vault.oauth.sealing import seal_client_secret
from vault.open import opener_for, opener_with

LONGEST_NAME = 120
"""Characters."""
_Method, _Origin = OAuthClient.AuthMethod, OAuthClient.Origin


def known_client(organization: Organization, issuer: str, client_id: str = "") -> OAuthClient | None:
    """What connectors at this issuer share: what an admin entered before what Harriet registered, the newest first. One
    whose secret has expired is none."""
    mine = _usable(OAuthClient.objects.filter(organization=organization, issuer=issuer))
    mine = mine.exclude(origin=_Origin.SIGN_IN)
    mine = mine.filter(client_id=client_id) if client_id else mine
    typed_first = sorted(mine.order_by("-created_at"), key=lambda one: one.origin != _Origin.TYPED)
    return typed_first[0] if typed_first else None


def registered_client(
    organization: Organization, metadata: Mapping[str, Any], *, name: str, allow_internal: bool, actor: Actor
) -> OAuthClient:
    """The one that there is, its metadata brought up to date; else a new registration. Raises CannotRegister."""
    demand(actor, organization, Power.MANAGE_CREDENTIALS)
    _refuse_borrowed_page(organization, metadata)
    known = known_client(organization, metadata["issuer"])
    if known is not None:
        return _brought_up_to_date(known, metadata, allow_internal=allow_internal, actor=actor)
    made = register(metadata, reach_of_issuer(organization, allow_internal=allow_internal))
    return _saved(organization, metadata, made, name=name, allow_internal=allow_internal, actor=actor)


def typed_client(
    organization: Organization,
    metadata: Mapping[str, Any],
    *,
    name: str,
    client_id: str,
    secret: Secret | None,
    allow_internal: bool,
    actor: Actor,
) -> OAuthClient:
    """As the provider showed it to an admin. Without a secret, one that is saved for this client id stays."""
    demand(actor, organization, Power.MANAGE_CREDENTIALS)
    _refuse_borrowed_page(organization, metadata)
    known = known_client(organization, metadata["issuer"], client_id)
    if known is not None and not secret:
        return _brought_up_to_date(known, metadata, allow_internal=allow_internal, actor=actor)
    method = _method_with(metadata) if secret else _Method.NONE
    made = Registration(_Origin.TYPED, client_id, method, secret or None)
    return _saved(organization, metadata, made, name=name, allow_internal=allow_internal, actor=actor)


def unsaved_client(
    organization: Organization, metadata: Mapping[str, Any], *, client_id: str, secret: Secret | None
) -> OAuthClient:
    """To try what was entered with: nothing is stored."""
    client = OAuthClient(organization=organization, issuer=metadata["issuer"], client_id=client_id)
    client.name, client.metadata = client.issuer[:LONGEST_NAME], dict(metadata)
    if secret:
        client.auth_method = _method_with(metadata)
        client.sealed_secret, client.key_version = seal_client_secret(client, secret, opener_for(organization.pk))
    return client


@transaction.atomic
def replace_client_secret(client: OAuthClient, secret: Secret, *, actor: Actor) -> OAuthClient:
    """Grants stay: they belong to the client, not to its secret."""
    made = Registration(_Origin(client.origin), client.client_id, _method_with(client.metadata), secret)
    return _saved(
        client.organization,
        client.metadata,
        made,
        name=client.name,
        allow_internal=client.allow_internal,
        actor=actor,
    )


def rediscovered(client: OAuthClient, *, actor: Actor) -> OAuthClient:
    """With what its issuer publishes now. Raises NothingDiscovered."""
    demand(actor, client.organization, Power.MANAGE_CREDENTIALS)
    reach = reach_of_issuer(client.organization, allow_internal=client.allow_internal)
    metadata, _ = discover_server(client.issuer, reach)
    return _brought_up_to_date(client, metadata, allow_internal=client.allow_internal, actor=actor)


def register_anew(client: OAuthClient, *, actor: Actor) -> OAuthClient:
    """Another registration at the issuer takes its place for all its connectors. Raises CannotRegister, and
    NothingDiscovered."""
    organization = client.organization
    client = rediscovered(client, actor=actor)
    made = register(client.metadata, reach_of_issuer(organization, allow_internal=client.allow_internal))
    with transaction.atomic():
        found = _saved(
            organization,
            client.metadata,
            made,
            name=client.name,
            allow_internal=client.allow_internal,
            actor=actor,
        )
        Credential.objects.filter(organization=organization, oauth_client=client).update(oauth_client=found)
        move_version(organization.pk)
    return found


def _refuse_borrowed_page(organization: Organization, metadata: Mapping[str, Any]) -> None:
    """People sign in at the page of one provider and the code goes to another: that is how it is stolen (RFC 9700
    §4.4). A provider whose answers don't say who they are from would not notice."""
    page, endpoint = metadata.get("authorization_endpoint"), metadata.get("token_endpoint")
    if not page or not endpoint:
        return
    others = OAuthClient.objects.filter(organization=organization).exclude(issuer=metadata["issuer"])
    for other in others.only("issuer", "metadata"):
        theirs = other.metadata
        if _place_of(theirs.get("authorization_endpoint")) == _place_of(page) and origin_of(
            str(theirs.get("token_endpoint") or endpoint)
        ) != origin_of(str(endpoint)):
            raise CredentialRefused(
                f"{excerpt(metadata['issuer'], 200)} sends people to the page where {excerpt(other.issuer, 200)} signs "
                "them in, and would take what they bring from there to an address of its own. Nothing was saved. Ask "
                "whoever runs the server; if the page is right, enter the issuer that it belongs to.",
                field="issuer",
            )


def _place_of(url: object) -> str:
    parts = urlsplit(str(url or ""))
    return f"{origin_of(str(url))}{parts.path}" if parts.netloc else ""


def _method_with(metadata: Mapping[str, Any]) -> OAuthClient.AuthMethod:
    """For a client that has a secret."""
    offered = metadata.get("token_endpoint_auth_methods_supported", [_Method.BASIC.value])
    return method_for({"token_endpoint_auth_methods_supported": [one for one in offered if one != _Method.NONE.value]})


def _brought_up_to_date(
    client: OAuthClient, metadata: Mapping[str, Any], *, allow_internal: bool, actor: Actor
) -> OAuthClient:
    """What one connector may reach is no reason to take it from another that the client serves."""
    _refuse_borrowed_page(client.organization, metadata)
    allow_internal = client.allow_internal or allow_internal
    if (client.metadata, client.allow_internal) == (dict(metadata), allow_internal):
        OAuthClient.objects.filter(pk=client.pk).update(discovered_at=Now())
        return client
    client.metadata, client.allow_internal = dict(metadata), allow_internal
    with transaction.atomic():
        client.save(update_fields=["metadata", "allow_internal"])
        _try_anew(client)
        OAuthClient.objects.filter(pk=client.pk).update(discovered_at=Now())
        _record(client, actor)
        move_version(client.organization_id)
    return client


def _saved(
    organization: Organization,
    metadata: Mapping[str, Any],
    made: Registration,
    *,
    name: str,
    allow_internal: bool,
    actor: Actor,
) -> OAuthClient:
    demand(actor, organization, Power.MANAGE_CREDENTIALS)
    create_data_key(organization.pk)  # in its own transaction: it is good whatever becomes of this one
    with transaction.atomic():
        opener = opener_with(organization.pk, [share_active_key(organization.pk)])
        client = _row(organization, metadata["issuer"], made.client_id)
        client.name, client.origin, client.auth_method = (
            client.name or name[:LONGEST_NAME],
            made.origin,
            made.auth_method,
        )
        client.metadata, client.allow_internal = dict(metadata), client.allow_internal or allow_internal
        client.secret_expires_at, client.problem, client.problem_at, client.retry_at = (
            made.secret_expires_at,
            "",
            None,
            None,
        )
        client.sealed_secret, client.key_version = None, None
        if made.secret is not None:
            client.sealed_secret, client.key_version = seal_client_secret(client, made.secret, opener)
        client.created_by = client.created_by or person_behind(actor)
        client.save()
        OAuthClient.objects.filter(pk=client.pk).update(discovered_at=Now())
        _try_anew(client)
        _record(client, actor)
        move_version(organization.pk)
    return client


def _try_anew(client: OAuthClient) -> None:
    """What was saved may be what was wrong: nobody waits until the next try would have come."""
    OAuthClient.objects.filter(pk=client.pk).update(retry_at=None)
    waiting = OAuthGrant.objects.filter(client=client, state=OAuthGrant.State.ACTIVE, failures__gt=0)
    waiting.update(failures=0, next_refresh_at=Now())


def _row(organization: Organization, issuer: str, client_id: str) -> OAuthClient:
    """Locked: two who save at once follow one another."""
    row = OAuthClient(organization=organization, issuer=issuer, client_id=client_id)
    OAuthClient.objects.bulk_create([row], ignore_conflicts=True)
    mine = OAuthClient.objects.select_for_update(of=("self",)).select_related("organization")
    found = mine.get(organization=organization, issuer=issuer, client_id=client_id)
    if found.origin == _Origin.SIGN_IN:
        raise CredentialRefused("This is the company’s sign-in, which no connector may use.", field="issuer")
    return found


def _usable(rows: QuerySet[OAuthClient]) -> QuerySet[OAuthClient]:
    return rows.filter(Q(secret_expires_at=None) | Q(secret_expires_at__gt=Now())).select_related("organization")


def _record(client: OAuthClient, actor: Actor) -> None:
    record(
        OAuthClientSaved(
            provider=client.name,
            registration=str(client.pk),
            issuer=client.issuer,
            client_id=client.client_id,
            origin=client.origin,
            signs_in=client.auth_method,
        ),
        organization_id=client.organization_id,
        actor=actor,
    )
