"""Whose credential goes along when Harriet itself looks at a server: the saved secret, or a token by OAuth.

Where people sign in with their own accounts, it is the account of somebody who looks after the connector: Harriet does
nothing in the name of anybody else without their asking.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q, QuerySet

from connectors.errors import ConnectorError, NobodyConnected, NobodySignedIn, NoCompanySignIn
from connectors.models import Connector
from harriet.lib.secret import Secret
from harriet.people.models import Membership
from harriet.people.roles import Power, roles_with
from vault.errors import NeedsOperator, NeedsSignIn
from vault.models import Credential, OAuthGrant
from vault.oauth.apart import which
from vault.oauth.shared import is_shared
from vault.oauth.tokens import SealedAccess, access_token
from vault.oauth.whose import NEVER_CONNECTED, access_for, is_per_person
from vault.open import Opener, opener_for
from vault.opened import OpenCredential
from vault.queries import sealed_credential
from vault.stored import SealedCredential
from vault.types.base import EXCHANGE
from vault.types.oauth import sent_with
from vault.types.registry import TYPES

MOST_CARETAKERS = 50
"""Who are looked at for a sign-in."""


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
    return connector.pk in that_sign_in_people([connector.pk])


def that_sign_in_people(connector_ids: Iterable[UUID]) -> set[UUID]:
    """Those of these connectors. One query."""
    rows = Credential.objects.filter(connector_id__in=list(connector_ids), versions__is_current=True)
    known = (one for one in rows if one.type in TYPES)
    return {one.connector_id for one in known if TYPES[one.type].is_oauth and not is_shared(one)}


def _token(connector: Connector, sealed: SealedCredential, opener: Opener) -> Secret:
    if not is_per_person(sealed):
        return _shared(connector, sealed, opener)
    if TYPES[sealed.type].signs_in_by == EXCHANGE:
        return _by_sign_in(connector, sealed).opened(opener)
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


def _by_sign_in(connector: Connector, sealed: SealedCredential) -> SealedAccess:
    """Of the first who looks after the connector and is signed in by the company's sign-in, the owner before others."""
    people = list(_caretakers(connector).values_list("user_id", flat=True)[:MOST_CARETAKERS])
    for user_id in sorted(people, key=lambda one: one != connector.owner_id):
        try:
            return access_for(sealed, user_id)
        except NeedsSignIn:
            continue
    raise NoCompanySignIn(connector.name)


def _caretakers(connector: Connector) -> QuerySet[Membership]:
    looking_after = Membership.objects.filter(role__in=roles_with(Power.MANAGE_CONNECTORS), is_active=True)
    return looking_after.filter(organization=connector.organization_id).order_by("pk")


def _of_caretaker(connector: Connector, credential: Credential) -> OAuthGrant | None:
    """The owner's before that of another who may manage connectors."""
    caretakers = _caretakers(connector)
    mine = which(credential.type, credential.placement, credential.oauth_client_id, None).alike.filter(state="active")
    grants = mine.filter(Q(user__in=caretakers.values("user"))).order_by("-granted_at")
    return next((one for one in grants if one.user_id == connector.owner_id), grants.first())
