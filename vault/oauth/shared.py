"""The grant of a credential with which all calls go alike: Harriet's own, a service account's, or of an account that an
admin signed in with for everybody."""

from __future__ import annotations

from django.db import transaction
from django.urls import reverse

from audit.actor import SYSTEM, Actor
from audit.record import record
from vault.errors import CannotSignIn
from vault.events import OAuthConnected
from vault.models import Credential, OAuthClient, OAuthGrant
from vault.oauth.apart import Which, acts_as_caller, which
from vault.oauth.asking import resource_of
from vault.types.base import ORGANIZATION
from vault.types.registry import TYPES

RenewedBy = OAuthGrant.RenewedBy


def is_shared(credential: Credential) -> bool:
    """Every call goes with the same account."""
    return TYPES[credential.type].is_oauth and not acts_as_caller(credential.type, credential.placement)


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
    client = credential.oauth_client
    if not is_shared(credential) or is_for_everybody(credential):
        return
    if client is None:
        raise CannotSignIn(f"{credential.name} isn’t set up for an account of its own. Save its authentication again.")
    mine = which(credential.type, credential.placement, client.pk, None)
    shared_grant(client, mine.resource, mine.scopes, mine.renewed_by, is_saved=True, actor=actor)


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
    mine = Which(client.pk, None, True, resource, renewed_by, scopes)
    grant = mine.rows.first()
    if grant is not None and not (is_saved and grant.state != OAuthGrant.State.ACTIVE):
        return grant
    return _brought_about(mine, client, is_saved=is_saved, actor=actor)


@transaction.atomic
def _brought_about(mine: Which, client: OAuthClient, *, is_saved: bool, actor: Actor) -> OAuthGrant:
    is_other = is_saved and not mine.rows.exists()
    grant, is_new = mine.unwanted.select_for_update().first() if is_other else None, False
    if grant is None:
        new = OAuthGrant(organization_id=client.organization_id, client=client, resource=mine.resource)
        new.renewed_by, new.asked_scopes = mine.renewed_by, mine.scopes
        OAuthGrant.objects.bulk_create([new], ignore_conflicts=True)
        grant = mine.rows.select_for_update().get()
        is_new = grant.pk == new.pk
    is_back = is_saved and grant.state != OAuthGrant.State.ACTIVE
    if is_back or grant.asked_scopes != mine.scopes:
        _set(grant, mine.scopes, is_back=is_back)
    if is_new or is_back:
        _record(grant, actor)
    return grant


def _set(grant: OAuthGrant, scopes: str, *, is_back: bool) -> None:
    """What was granted for other scopes is fetched anew; whoever renews the old tokens now comes too late."""
    grant.asked_scopes, grant.needed_scopes = scopes, ""
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
