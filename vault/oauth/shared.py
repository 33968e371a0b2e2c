"""The grant of a credential that needs nobody's consent at a provider: Harriet's own, or a service account's."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from harriet.people.models import User
from vault.errors import CannotSignIn
from vault.events import OAuthConnected
from vault.models import Credential, OAuthGrant
from vault.oauth.asking import resource_of, scopes_of
from vault.types.base import CLIENT, SERVICE_ACCOUNT
from vault.types.registry import TYPES
from vault.types.service_account import OF_PERSON

_RENEWED_BY = {
    CLIENT: OAuthGrant.RenewedBy.CLIENT_CREDENTIALS,
    SERVICE_ACCOUNT: OAuthGrant.RenewedBy.JWT_BEARER,
}


def is_shared(credential: Credential) -> bool:
    """Every call goes with the same account."""
    by = TYPES[credential.type].signs_in_by
    return by == CLIENT or (by == SERVICE_ACCOUNT and credential.placement.get("subject") != OF_PERSON)


@transaction.atomic
def prepared_grant(credential: Credential, *, user: User | None = None, account: str = "", actor: Actor) -> OAuthGrant:
    """The row that `access_token` gets its tokens for, the first ones too. For a `user` a service account acts as
    `account`, once that person has allowed it. What was granted for other scopes is fetched anew."""
    client, kind = credential.oauth_client, TYPES[credential.type]
    if client is None or kind.signs_in_by not in _RENEWED_BY:
        raise CannotSignIn(f"{credential.name} isn’t set up for an account of its own. Save its authentication again.")
    scopes, resource = " ".join(scopes_of(credential)), resource_of(credential)
    none_yet = OAuthGrant(organization_id=client.organization_id, client=client, user=user, resource=resource)
    none_yet.state = OAuthGrant.State.REVOKED
    OAuthGrant.objects.bulk_create([none_yet], ignore_conflicts=True)
    grant = OAuthGrant.objects.select_for_update().get(client=client, user=user, resource=resource)
    renewed_by = _RENEWED_BY[kind.signs_in_by]
    is_as_wanted = (grant.asked_scopes, grant.account, grant.renewed_by) == (scopes, account, renewed_by)
    if grant.state == OAuthGrant.State.ACTIVE and is_as_wanted:
        return grant
    grant.asked_scopes, grant.account, grant.renewed_by = scopes, account, renewed_by
    grant.state, grant.state_reason, grant.revoked_at = OAuthGrant.State.ACTIVE, "", None
    grant.generation, grant.sealed_access, grant.sealed_refresh = grant.generation + 1, None, None
    grant.lease_owner, grant.lease_until, grant.next_refresh_at, grant.failures = None, None, None, 0
    grant.save()
    _record(grant, user, actor)
    return grant


def _record(grant: OAuthGrant, user: User | None, actor: Actor) -> None:
    record(
        OAuthConnected(
            provider=grant.client.name,
            registration=str(grant.client_id),
            grant=str(grant.pk),
            whose=user.email if user else None,
            account=grant.account,
            resource=grant.resource,
            scopes=grant.asked_scopes,
            generation=grant.generation,
        ),
        organization_id=grant.organization_id,
        actor=actor,
    )
