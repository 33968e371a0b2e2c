"""Step ⑦, where a server refuses a token that nothing renews: its person is shown where to connect again."""

from __future__ import annotations

from http import HTTPStatus

from connectors.errors import UpstreamRefusedCredential
from harriet.gateway.processes.database import in_database
from vault.oauth.challenge import read_challenge
from vault.oauth.tokens import SealedAccess
from vault.oauth.turned_down import INVALID_TOKEN, turned_down
from vault.stored import SealedCredential


async def check_turned_down(sealed: SealedCredential, access: SealedAccess, refusal: UpstreamRefusedCredential) -> None:
    """Returns where something else may help than another consent. Raises TokenProblem."""
    if refusal.status != HTTPStatus.UNAUTHORIZED:
        return
    is_invalid = read_challenge(refusal.challenge).error == INVALID_TOKEN
    problem = await in_database(turned_down, sealed, access, is_invalid=is_invalid)
    if problem is not None:
        raise problem from None
