"""The grant of a credential with which all calls go alike: Harriet's own, a service account's, or of an account that an
admin signed in with for everybody."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from audit.actor import SYSTEM, Actor
from audit.record import record
from vault.errors import CannotSignIn
from vault.events import OAuthConnected
from vault.models import Credential, OAuthClient, OAuthGrant
from vault.oauth.asking import resource_of, scopes_of
from vault.types.base import CLIENT, ORGANIZATION, SERVICE_ACCOUNT, SignsInBy
from vault.types.registry import TYPES
from vault.types.service_account import OF_PERSON

RenewedBy = OAuthGrant.RenewedBy
RENEWED_BY: dict[SignsInBy, OAuthGrant.RenewedBy] = {
    CLIENT: RenewedBy.CLIENT_CREDENTIALS,
    SERVICE_ACCOUNT: RenewedBy.JWT_BEARER,
}
"""Of what needs nobody to sign in at a provider."""


def is_shared(credential: Credential) -> bool:
    """Every call goes with the same account."""
    by = TYPES[credential.type].signs_in_by
    return by in {CLIENT, ORGANIZATION} or (by == SERVICE_ACCOUNT and credential.placement.get("subject") != OF_PERSON)


def is_for_everybody(credential: Credential) -> bool:
    """An admin signs in at the provider, once, and every call goes with that account."""
    return TYPES[credential.type].signs_in_by == ORGANIZATION


def shared_account(credential: Credential) -> OAuthGrant | None:
    """With which an admin signed in, in whatever state; None before the first time."""
    mine = OAuthGrant.objects.filter(client=credential.oauth_client, user=None, resource=resource_of(credential))
    found = mine.filter(renewed_by=RenewedBy.REFRESH_TOKEN).select_related("client", "signed_in_by")
    return found.first() if credential.oauth_client_id else None


def page_of_shared(grant: OAuthGrant) -> str:
    """Where an admin signs in with it again: at a connector that uses it, while there is one."""
    mine = Credential.objects.filter(organization=grant.organization_id, oauth_client=grant.client_id)
    signs_in = [code for code, kind in TYPES.items() if kind.signs_in_by == ORGANIZATION]
    using = next((one for one in mine.filter(type__in=signs_in) if resource_of(one) == grant.resource), None)
    if using is None:
        return reverse("vault:grant", args=[grant.pk])
    return reverse("connectors:authentication", args=[using.connector_id])


def prepare(credential: Credential, *, actor: Actor) -> None:
    """Somebody saved how Harriet signs in: the first call fetches the first token. Nothing where somebody has to sign
    in first."""
    client, by = credential.oauth_client, TYPES[credential.type].signs_in_by
    if not is_shared(credential) or by not in RENEWED_BY:
        return
    if client is None:
        raise CannotSignIn(f"{credential.name} isn’t set up for an account of its own. Save its authentication again.")
    scopes = " ".join(scopes_of(credential))
    shared_grant(client, resource_of(credential), scopes, RENEWED_BY[by], is_saved=True, actor=actor)


def shared_grant(
    client: OAuthClient,
    resource: str,
    scopes: str,
    renewed_by: OAuthGrant.RenewedBy,
    *,
    is_saved: bool = False,
    actor: Actor = SYSTEM,
) -> OAuthGrant:
    """Nobody's in particular, made when it is first needed; it has no token before it is renewed for the first time.
    One that was disconnected stays so until somebody saves how Harriet signs in."""
    mine = OAuthGrant.objects.filter(client=client, user=None, resource=resource)
    grant = mine.first()
    ended = grant is not None and is_saved and grant.state != OAuthGrant.State.ACTIVE
    if grant is not None and not ended and (grant.asked_scopes, grant.renewed_by) == (scopes, renewed_by):
        return grant
    return _brought_about(mine, client, resource, scopes, renewed_by, is_saved=is_saved, actor=actor)


@transaction.atomic
def _brought_about(
    mine: QuerySet[OAuthGrant],
    client: OAuthClient,
    resource: str,
    scopes: str,
    renewed_by: OAuthGrant.RenewedBy,
    *,
    is_saved: bool,
    actor: Actor,
) -> OAuthGrant:
    new = OAuthGrant(organization_id=client.organization_id, client=client, resource=resource, renewed_by=renewed_by)
    new.asked_scopes = scopes
    OAuthGrant.objects.bulk_create([new], ignore_conflicts=True)
    grant = mine.select_for_update().get()
    is_new = grant.pk == new.pk
    is_back = is_saved and grant.state != OAuthGrant.State.ACTIVE
    if is_back or not is_new:
        _set(grant, scopes, renewed_by, is_back=is_back)
    if is_new or is_back:
        _record(grant, actor)
    return grant


def _set(grant: OAuthGrant, scopes: str, renewed_by: OAuthGrant.RenewedBy, *, is_back: bool) -> None:
    """What was granted for other scopes is fetched anew; whoever renews the old tokens now comes too late."""
    grant.asked_scopes, grant.renewed_by, grant.needed_scopes, grant.signed_in_by = scopes, renewed_by, "", None
    grant.generation, grant.sealed_access, grant.sealed_refresh = grant.generation + 1, None, None
    grant.lease_owner, grant.lease_until, grant.next_refresh_at, grant.failures = None, None, None, 0
    if is_back:
        grant.state, grant.state_reason, grant.revoked_at = OAuthGrant.State.ACTIVE, "", None
    grant.save()


def _record(grant: OAuthGrant, actor: Actor) -> None:
    record(
        OAuthConnected(
            provider=grant.client.name,
            registration=str(grant.client_id),
            grant=str(grant.pk),
            whose=None,
            account=grant.account,
            resource=grant.resource,
            scopes=grant.asked_scopes,
            generation=grant.generation,
        ),
        organization_id=grant.organization_id,
        actor=actor,
    )
