"""Step ⑦, where a server says that the account may not do this without more scopes: who is asked, and that it ends.

A server that answers so did not work on the call, so it is made again once there is more, and no third time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from connectors.errors import UpstreamRefusedCredential
from harriet.gateway.processes.database import in_database
from vault.errors import NeedsScopes
from vault.oauth.challenge import read_challenge
from vault.oauth.step_up import check_granted_anew, lacking, lacking_again
from vault.oauth.tokens import SealedAccess
from vault.stored import SealedCredential

T = TypeVar("T")


def scopes_wanted(refusal: UpstreamRefusedCredential) -> tuple[str, ...]:
    """Empty where it is about anything else, or doesn't say which."""
    said = read_challenge(refusal.challenge)
    return said.scopes if said.wants_more_scopes else ()


async def check_lacking(sealed: SealedCredential, access: SealedAccess, refusal: UpstreamRefusedCredential) -> None:
    """Returns where it is about no scopes, and where the account was connected anew since the token was taken. Raises
    NeedsScopes, ScopesLacking."""
    wanted = scopes_wanted(refusal)
    problem = await in_database(lacking, sealed, access, wanted) if wanted else None
    if problem is not None:
        raise problem from None


async def once_granted(needed: NeedsScopes, attempt: Callable[[], Awaitable[T]]) -> T:
    """Raises NeedsConsent before the person has consented once more: nothing is sent then."""
    await in_database(check_granted_anew, needed)
    try:
        return await attempt()
    except NeedsScopes as again:  # each time it wants something else: nobody is led round and round
        raise lacking_again(again) from None
