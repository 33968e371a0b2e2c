"""Taking a grant back at the provider (RFC 7009): what was observed, and no more."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from harriet.lib.egress import EgressFailed, EgressRefused, EgressTimeout, session
from harriet.lib.secret import Secret
from vault.errors import CannotOpen
from vault.events import OAuthRevokedThere
from vault.models import OAuthClient, OAuthGrant
from vault.oauth.client_authentication import proof_of
from vault.oauth.reach import reach_of_issuer
from vault.oauth.sealing import ACCESS, REFRESH, client_secret

DEADLINE_SECONDS = 10.0
LARGEST_ANSWER = 64 * 1024
"""Bytes."""


class There(StrEnum):
    """What became of a grant at its provider."""

    CONFIRMED = "confirmed"
    NO_WAY = "no_way"
    """The provider has no address for it."""
    REFUSED = "refused"
    NO_ANSWER = "no_answer"
    NOTHING = "nothing"
    """There was no token that could be taken back."""

    @property
    def is_final(self) -> bool:
        """Asking again would bring nothing else."""
        return self is not There.NO_ANSWER


WORDS = {
    There.CONFIRMED: "The provider confirmed that it took the access back.",
    There.NO_WAY: "The provider has no way to take access back from here: end it in your account’s settings there.",
    There.REFUSED: "The provider refused to take the access back: end it in your account’s settings there.",
    There.NO_ANSWER: "The provider gave no usable answer, so whether it took the access back is not known.",
    There.NOTHING: "There was no token left that the provider could take back.",
}
"""For the person whose account it is."""

WORDS_FOR_ADMINS = {
    **WORDS,
    There.NO_WAY: "The provider has no way to take access back from here: its person can end it in their account.",
    There.REFUSED: "The provider refused to take the access back: its person can end it in their account.",
}


class Tokens(NamedTuple):
    """Of one grant."""

    refresh: Secret | None
    access: Secret | None


def revoke_there(client: OAuthClient, tokens: Tokens) -> There:
    """The refresh token first: with it everything that came of it ends (RFC 7009 §2.1). Never raises; logs nothing."""
    endpoint = str(client.metadata.get("revocation_endpoint") or "")
    if tokens.refresh is None and tokens.access is None:
        return There.NOTHING
    if not _may_be_asked(client, endpoint):
        return There.NO_WAY
    found = There.NOTHING
    if tokens.refresh is not None:
        found = _asked(client, endpoint, tokens.refresh, REFRESH)
    if tokens.access is not None and found in (There.NOTHING, There.CONFIRMED, There.REFUSED):
        access = _asked(client, endpoint, tokens.access, ACCESS)
        found = access if found is There.NOTHING else found
    return found


@transaction.atomic
def note_revoked(
    client: OAuthClient, there: There, *, grant: OAuthGrant | None = None, whose: str | None, actor: Actor
) -> None:
    """Nothing where nothing was asked. Without a grant: of an account that was refused."""
    if there is There.NOTHING:
        return
    record(
        OAuthRevokedThere(
            provider=client.name,
            registration=str(client.pk),
            grant=str(grant.pk) if grant is not None else "",
            whose=whose,
            observed=there.value,
        ),
        organization_id=client.organization_id,
        actor=actor,
    )


def _may_be_asked(client: OAuthClient, endpoint: str) -> bool:
    parts = urlsplit(endpoint)
    return bool(parts.netloc) and (parts.scheme == "https" or (parts.scheme == "http" and client.allow_internal))


def _asked(client: OAuthClient, endpoint: str, token: Secret, hint: str) -> There:
    reach = reach_of_issuer(client.organization, allow_internal=client.allow_internal)
    try:
        proof = proof_of(client, client_secret(client), endpoint)
        fields = {"token": token, "token_type_hint": Secret(hint), **proof.parameters}
        with session(reach, deadline=DEADLINE_SECONDS, max_bytes=LARGEST_ANSWER) as opened:
            answer = opened.post(
                endpoint,
                data=urlencode({name: value.reveal() for name, value in fields.items()}),
                headers={
                    "Accept": "application/json",
                    "Content-Type": "application/x-www-form-urlencoded",
                    **{name: value.reveal() for name, value in proof.headers.items()},
                },
            )
    except (CannotOpen, EgressRefused):
        return There.REFUSED
    except (EgressTimeout, EgressFailed):
        return There.NO_ANSWER
    return _read(answer.status_code)


def _read(status: int) -> There:
    """§2.2: 200 also for a token that is good no more; 503 asks to come again."""
    if 200 <= status < 300:
        return There.CONFIRMED
    return There.REFUSED if 400 <= status < 500 and status not in (408, 425, 429) else There.NO_ANSWER
