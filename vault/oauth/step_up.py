"""A server wants more scopes for a call than a grant has (RFC 6750 §3.1): who can give them, and when nobody is asked.

What is lacking is kept with the grant, so that the next consent is for everything at once. Each is asked for once: a
server that is given what it wants and wants it again is at fault, and a provider that doesn't give it was asked.
"""

from __future__ import annotations

from django.db import transaction
from django.urls import reverse

from audit.actor import SYSTEM
from audit.record import record
from harriet.people.actions.tell_people import tell_people
from harriet.people.notifications.kinds import CREDENTIAL_REFUSED, Matter
from harriet.people.notifications.recipients import who_look_after
from vault.errors import NeedsScopes, ScopesLacking, TokenProblem
from vault.events import OAuthScopesNeeded
from vault.models import OAuthGrant
from vault.oauth.asking import is_worth_asking, missing_of
from vault.oauth.grants import matter_key
from vault.oauth.tokens import SealedAccess
from vault.stored import SealedCredential
from vault.types.oauth import barred_in

GRANTED, BARRED, NOT_GIVEN, SHARED, AGAIN = "granted", "barred", "not_given", "shared", "again"
"""Why nobody is asked."""
LONGEST = 2000
"""Characters that are kept of what is lacking."""


@transaction.atomic
def lacking(sealed: SealedCredential, access: SealedAccess, wanted: tuple[str, ...]) -> TokenProblem | None:
    """Why the call can't be made now; None when its account was connected anew since the token was taken."""
    rows = OAuthGrant.objects.select_for_update(of=("self",)).select_related("client", "user")
    grant = rows.filter(pk=access.grant_id).first()
    if grant is None or grant.granted_at != access.since:
        return None
    missing = missing_of(grant, wanted)
    barred, is_of_person = barred_in(sealed.placement, missing), _is_given_by_person(grant)
    if not missing:
        return _problem(sealed, grant, wanted, GRANTED)
    if missing and not barred and is_of_person and not is_worth_asking(grant, missing):
        return _problem(sealed, grant, missing, NOT_GIVEN)
    _keep(sealed, grant, missing, barred)
    if barred or not is_of_person:
        return _problem(sealed, grant, barred or missing, BARRED if barred else SHARED)
    return NeedsScopes(
        f"{sealed.name} wants more than was allowed: {' '.join(missing)}.",
        client_id=grant.client_id,
        connector_id=sealed.connector_id,
        scopes=missing,
        grant_id=grant.pk,
        since=grant.granted_at,
    )


def check_granted_anew(needed: NeedsScopes) -> None:
    """Raises `needed` until its person has consented once more."""
    if OAuthGrant.objects.filter(pk=needed.grant_id, granted_at=needed.since).exists():
        raise needed


def lacking_again(needed: NeedsScopes) -> ScopesLacking:
    """Another consent has just been given, and the server wants something else now."""
    return ScopesLacking(
        needed.message, client_id=needed.client_id, connector_id=needed.connector_id, scopes=needed.scopes, why=AGAIN
    )


def _is_given_by_person(grant: OAuthGrant) -> bool:
    """By their consent at the provider; what a service account may do, and Harriet itself, is for admins to say."""
    return grant.user_id is not None and grant.renewed_by == OAuthGrant.RenewedBy.REFRESH_TOKEN


def _keep(sealed: SealedCredential, grant: OAuthGrant, missing: tuple[str, ...], barred: tuple[str, ...]) -> None:
    """The log says once what is news; admins read once of what is theirs to mend."""
    if barred or not _is_given_by_person(grant):
        _tell_admins(sealed, grant, missing, barred)
    known = grant.needed_scopes.split()
    news = [one for one in missing if one not in known]
    if not news:
        return
    grant.needed_scopes = " ".join((*known, *news))[:LONGEST]
    grant.save(update_fields=["needed_scopes"])
    needed = OAuthScopesNeeded(
        provider=grant.client.name,
        registration=str(grant.client_id),
        grant=str(grant.pk),
        whose=grant.user.email if grant.user else None,
        missing=" ".join(missing),
        barred=" ".join(barred),
    )
    record(needed, organization_id=grant.organization_id, actor=SYSTEM)


def _tell_admins(
    sealed: SealedCredential, grant: OAuthGrant, missing: tuple[str, ...], barred: tuple[str, ...]
) -> None:
    why = (
        f"nobody may be asked for {' '.join(barred)}, as it is set up"
        if barred
        else "the account that is used for it does not have that"
    )
    text = (
        f"{sealed.name} refused a call because it wants more: {' '.join(missing)}; {why}. Calls that need no more are "
        "made as before."
    )
    path = reverse("connectors:authentication", args=[sealed.connector_id])
    hear = who_look_after(grant.organization_id, grant.client.created_by_id)
    key = f"{matter_key(grant)}scopes {' '.join(missing)}"[:200]
    tell_people(Matter(CREDENTIAL_REFUSED, grant.organization_id, key, text, path), hear)


def _problem(sealed: SealedCredential, grant: OAuthGrant, scopes: tuple[str, ...], why: str) -> ScopesLacking:
    told = {
        GRANTED: f"{sealed.name} wants {' '.join(scopes)}, and refuses a token that was given with just that.",
        BARRED: f"{sealed.name} wants {' '.join(scopes)}, which nobody may be asked for.",
        NOT_GIVEN: f"{sealed.name} wants {' '.join(scopes)}, which was asked for and not given.",
        SHARED: f"{sealed.name} wants {' '.join(scopes)}, which its shared account does not have.",
    }[why]
    return ScopesLacking(told, client_id=grant.client_id, connector_id=sealed.connector_id, scopes=scopes, why=why)
