"""A round to a server that wants the token of an account: with which one it goes, and what follows when there is none,
when the server refuses it, or wants it to allow more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus

from connectors.errors import UpstreamRefusedCredential
from harriet.gateway.content.results import Fields
from harriet.gateway.policy.grant import Grant
from harriet.gateway.questions.consent import with_account
from harriet.gateway.steps.access import Accesses
from harriet.gateway.steps.request import Call, Sent
from harriet.gateway.steps.scopes import check_lacking, once_granted, scopes_wanted
from harriet.gateway.steps.turned_down import check_turned_down
from vault.errors import NeedsConsent, NeedsScopes, TokenProblem
from vault.oauth.tokens import SealedAccess
from vault.oauth.whose import is_per_person
from vault.stored import SealedCredential

Round = Callable[[SealedAccess], Awaitable[Fields]]


def account_wanted(call: Call, grant: Grant) -> SealedCredential | None:
    """How the server's connector signs in by OAuth; None where it has a secret, or nothing."""
    sealed = call.snapshot.credentials.get(grant.tool.connector.id)
    return sealed if sealed is not None and sealed.oauth_client_id is not None else None


async def with_token(
    run: Round, sealed: SealedCredential, call: Call, grant: Grant, accesses: Accesses, sent: Sent
) -> Fields:
    """Where an account of the caller's own is missing they are shown where to connect it. Nothing has left then, or
    nothing that its server worked on."""
    attempt = partial(_run_twice_at_most, run, sealed, call, accesses, sent)
    try:
        return await attempt()
    except NeedsScopes as needed:
        return await with_account(needed, partial(once_granted, needed, attempt), call, grant)
    except NeedsConsent as needed:
        return await with_account(needed, attempt, call, grant)


async def _run_twice_at_most(
    run: Round, sealed: SealedCredential, call: Call, accesses: Accesses, sent: Sent
) -> Fields:
    """A server that refuses the token says that it did not work on the request: it gets it once more if there is a
    newer token by now, and never a third time."""
    user_id, number = call.principal.user_id, call.snapshot.number
    sent.is_of_person = is_per_person(sealed)
    sent.access = access = await accesses.of(sealed, user_id, number)
    try:
        return await run(access)
    except UpstreamRefusedCredential as refusal:
        await check_lacking(sealed, access, refusal)
        if refusal.status != HTTPStatus.UNAUTHORIZED and not scopes_wanted(refusal):
            raise
        sent.access = await accesses.of(sealed, user_id, number, refused=access)
        if sent.access.generation == access.generation:
            await check_turned_down(sealed, access, refusal)
            raise
    try:
        return await run(sent.access)
    except UpstreamRefusedCredential as refusal:
        await check_lacking(sealed, sent.access, refusal)
        raise


async def check_account(call: Call, grant: Grant, accesses: Accesses) -> None:
    """For a call that waits for a person: nobody approves what can't be made. Whatever else is wrong with the account
    may be over once it is approved."""
    sealed = account_wanted(call, grant)
    if sealed is None:
        return
    attempt = partial(accesses.of, sealed, call.principal.user_id, call.snapshot.number)
    try:
        await attempt()
    except NeedsConsent as needed:
        await with_account(needed, attempt, call, grant)
    except TokenProblem:
        return
