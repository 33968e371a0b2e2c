"""Takes what a person comes back with from a provider: once, theirs alone, of the issuer they were sent to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from audit.record import record
from harriet.lib.secret import Secret
from harriet.lib.text import excerpt
from harriet.people.actors import actor_of
from harriet.people.models import User
from vault.errors import AccountNotAllowed, ConsentFailed
from vault.events import OAuthNotConnected
from vault.models import OAuthClient, OAuthGrant, OAuthRequest
from vault.oauth.account import Named, account_of
from vault.oauth.accounts import check_account, note_refused
from vault.oauth.addresses import name_of
from vault.oauth.answers import BEARER, Failure, TokenAnswer
from vault.oauth.authorization import LONGEST_ANSWER, code_request, is_of_issuer
from vault.oauth.begin import hash_of, verifier_place
from vault.oauth.exchange import token_request
from vault.oauth.grants import save_grant
from vault.oauth.revocation import Tokens, note_revoked, revoke_there
from vault.open import opener_for

ACCOUNT = "account"
"""The code for an account that may not be connected here."""


class CameBack(NamedTuple):
    """What a browser brought from a provider."""

    issuer_name: str
    """From the address to which it was sent back: there is one for each issuer."""
    parameters: Mapping[str, str]


def finish(back: CameBack, user: User) -> OAuthGrant:
    """What this person has just connected. Raises ConsentFailed: a state is good once, whatever became of it, and never
    for somebody else."""
    request = _known(back.parameters.get("state", ""))
    try:
        return _finished(request, back, user)
    except ConsentFailed as failed:
        if failed.code != ACCOUNT:  # told by itself, with its domain
            _note_failed(request.client, failed, user)
        raise


def _finished(request: OAuthRequest, back: CameBack, user: User) -> OAuthGrant:
    _claim(request, user)
    client, connector, parameters = request.client, request.connector_id, back.parameters
    if not _is_from(back, request):
        raise ConsentFailed(  # whatever else it says is not shown: it may be an attacker's
            f"The answer didn’t come from {request.issuer}, where you were sent, so it was not used. Connect again; "
            "tell your IT admin if this happens a second time.",
            code="wrong_issuer",
            connector_id=connector,
        )
    _refuse_error(parameters, client, connector)
    answer = _exchanged(request, _code_in(parameters, client, connector))
    named = account_of(client, answer, answer.scopes or request.scopes)
    _refuse_account(client, answer, named, user, connector)
    return save_grant(
        client,
        None if request.is_shared else user,
        request.resource,
        answer,
        began=_came_back_at(request),
        asked_scopes=request.scopes,
        account=named.account,
        signed_in_by=user if request.is_shared else None,
        actor=actor_of(user),
    )


def _is_from(back: CameBack, request: OAuthRequest) -> bool:
    """By the address to which it came, and by what it says itself."""
    client = request.client
    return (
        back.issuer_name == name_of(request.issuer)
        and client.issuer == request.issuer
        and is_of_issuer(back.parameters, request.issuer, client.metadata)
    )


def request_with(state: str, user: User) -> OAuthRequest | None:
    """This person's own way to a provider, whatever became of it: says for which connector and organization it was."""
    mine = OAuthRequest.objects.filter(user=user, state_hash=hash_of(Secret(state[:LONGEST_ANSWER])))
    return mine.select_related("organization").first()


def _known(state: str) -> OAuthRequest:
    rows = OAuthRequest.objects.select_related("client__organization")
    request = rows.filter(state_hash=hash_of(Secret(state[:LONGEST_ANSWER]))).first()
    if request is None:
        raise ConsentFailed("This way back is not known here. Begin again under My connections.", code="unknown")
    return request


def _claim(request: OAuthRequest, user: User) -> None:
    """Whoever moves `used_at` first. Somebody else's way is left to them."""
    if request.user_id != user.pk:
        raise ConsentFailed(
            "Somebody else began to connect this account, so it was not connected to yours. Begin again under My "
            "connections.",
            code="other_person",
        )
    mine = OAuthRequest.objects.filter(pk=request.pk, used_at=None)
    if not mine.update(used_at=Now()):
        raise ConsentFailed(
            "This way back was used already. If the account isn’t connected, connect again.",
            code="used",
            connector_id=request.connector_id,
        )
    if not OAuthRequest.objects.filter(pk=request.pk, expires_at__gt=Now()).exists():
        raise ConsentFailed(
            "That took more than ten minutes, so it counts no more. Connect again.",
            code="expired",
            connector_id=request.connector_id,
        )


def _came_back_at(request: OAuthRequest) -> datetime:
    """By the database's clock: before the token endpoint was asked."""
    at = OAuthRequest.objects.values_list("used_at", flat=True).get(pk=request.pk)
    assert at is not None
    return at


def _refuse_error(parameters: Mapping[str, str], client: OAuthClient, connector: UUID) -> None:
    error = parameters.get("error")
    if error is None:
        return
    if error == "access_denied":
        raise ConsentFailed(
            f"You didn’t allow it at {client.name}, so nothing was connected.", code="denied", connector_id=connector
        )
    more = parameters.get("error_description", "")
    said = f"{excerpt(error, 60)}: {excerpt(more, 200)}" if more else excerpt(error, 60)
    raise ConsentFailed(
        f"{client.name} connected nothing. It says: {said}. Try again; if it says the same, ask your IT admin.",
        code="refused",
        connector_id=connector,
    )


def _code_in(parameters: Mapping[str, str], client: OAuthClient, connector: UUID) -> Secret:
    code = parameters.get("code", "")
    if not 0 < len(code) <= LONGEST_ANSWER or not code.isprintable():
        raise ConsentFailed(
            f"{client.name} sent you back without a code, so nothing was connected. Connect again.",
            code="no_code",
            connector_id=connector,
        )
    return Secret(code)


def _exchanged(request: OAuthRequest, code: Secret) -> TokenAnswer:
    """A code is good once: what may have arrived is not sent again."""
    opener = opener_for(request.organization_id)
    verifier = opener.open_secret(verifier_place(request), bytes(request.sealed_verifier))
    answer = token_request(
        request.client,
        code_request(code, verifier, redirect_uri=request.redirect_uri, resource=request.resource),
    )
    if isinstance(answer, Failure):
        raise ConsentFailed(
            f"Nothing was connected. {answer.words} Connect again; if it stays so, ask your IT admin.",
            code="not_exchanged",
            connector_id=request.connector_id,
        )
    if answer.token_type != BEARER:
        raise ConsentFailed(
            f"{request.client.name} gives tokens of the kind {excerpt(answer.token_type, 20)}, which Harriet can’t "
            "send. Nothing was connected; ask your IT admin.",
            code="unusable",
            connector_id=request.connector_id,
        )
    return answer


def _refuse_account(client: OAuthClient, answer: TokenAnswer, named: Named, user: User, connector: UUID) -> None:
    """Nothing was kept yet; what the provider gave is given back. A name that somebody may choose for themselves says
    nothing of where they belong."""
    try:
        check_account(client, named.email)
    except AccountNotAllowed as problem:
        refused = problem
    else:
        return
    note_refused(client, refused, user)
    there = revoke_there(client, Tokens(answer.refresh, answer.access))
    note_revoked(client, there, whose=user.email, actor=actor_of(user))
    raise ConsentFailed(refused.message, code=ACCOUNT, connector_id=connector)


@transaction.atomic
def _note_failed(client: OAuthClient, failed: ConsentFailed, user: User) -> None:
    record(
        OAuthNotConnected(provider=client.name, registration=str(client.pk), reason=failed.code),
        organization_id=client.organization_id,
        actor=actor_of(user),
    )
