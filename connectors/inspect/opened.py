"""Whose credential goes along when Harriet itself looks at a server: the saved secret, or a token by OAuth.

Where people sign in with their own accounts, it is the account of somebody who looks after the connector: Harriet does
nothing in the name of anybody else without their asking.
"""

from __future__ import annotations

from django.db.models import Q

from connectors.errors import ConnectorError, NobodyConnected, NobodySignedIn
from connectors.models import Connector
from harriet.lib.secret import Secret
from harriet.people.models import Membership
from harriet.people.roles import Power, roles_with
from vault.errors import NeedsOperator
from vault.models import Credential, OAuthGrant
from vault.oauth.asking import resource_of
from vault.oauth.shared import is_shared
from vault.oauth.tokens import access_token
from vault.oauth.whose import NEVER_CONNECTED, access_for, is_per_person
from vault.open import Opener, opener_for
from vault.opened import OpenCredential
from vault.queries import sealed_credential
from vault.stored import SealedCredential
from vault.types.oauth import sent_with
from vault.types.registry import TYPES


def opened_for(connector: Connector) -> OpenCredential:
    """Read before the address is looked at once more: a secret that was saved for another one doesn't go to this.

    Raises ConnectorError, NobodyConnected and what `access_token` raises.
    """
    opener = opener_for(connector.organization_id)
    sealed = sealed_credential(connector.organization_id, connector.id)
    if sealed is not None and not Connector.objects.filter(pk=connector.pk, url=connector.url).exists():
        raise ConnectorError(f"The address of {connector} was changed at this moment. Try again.")
    if sealed is None or not TYPES[sealed.type].is_oauth:
        return opener.credential(sealed)
    return sent_with(_token(connector, sealed, opener))


def signs_in_people(connector: Connector) -> bool:
    """Whether calls go with the accounts of those who make them: what a server thinks of one says nothing of it."""
    rows = Credential.objects.filter(connector_id=connector.pk, versions__is_current=True)
    return any(TYPES[one.type].is_oauth and not is_shared(one) for one in rows if one.type in TYPES)


def _token(connector: Connector, sealed: SealedCredential, opener: Opener) -> Secret:
    if not is_per_person(sealed):
        return _shared(connector, sealed, opener)
    credential = Credential.objects.select_related("oauth_client__organization").get(pk=sealed.credential_id)
    grant = _of_caretaker(connector, credential)
    if grant is None:
        raise NobodyConnected(connector.name)
    return access_token(grant.pk).token


def _shared(connector: Connector, sealed: SealedCredential, opener: Opener) -> Secret:
    try:
        return access_for(sealed, None).opened(opener)
    except NeedsOperator as problem:
        if problem.reason == NEVER_CONNECTED:
            raise NobodySignedIn(connector.name) from None
        raise


def _of_caretaker(connector: Connector, credential: Credential) -> OAuthGrant | None:
    """The owner's before that of another who may manage connectors."""
    caretakers = Membership.objects.filter(
        organization=connector.organization_id, role__in=roles_with(Power.MANAGE_CONNECTORS), is_active=True
    )
    mine = OAuthGrant.objects.filter(client=credential.oauth_client, resource=resource_of(credential), state="active")
    grants = mine.filter(Q(user__in=caretakers.values("user"))).order_by("-granted_at")
    return next((one for one in grants if one.user_id == connector.owner_id), grants.first())
