"""Keeps what a provider said of a person who signed in, and what renews it, for servers to which it is exchanged. No
audit event but the vault's: signing in has one."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from audit.actor import Actor
from harriet.lib.database_clock import database_now
from harriet.lib.errors import Problem
from harriet.lib.sealed import NotSealedHere
from harriet.lib.secret import Secret
from harriet.people.models import Membership
from harriet.signin.claims import Claims
from harriet.signin.models import IdentityProvider, SubjectToken
from harriet.signin.provider_client import provider_client
from harriet.signin.sso_sealing import seal_token
from vault.actions.end_grants import end_other_sign_ins
from vault.actions.keep_sign_in import SignInKept, client_for_sign_ins, keep_sign_in, save_client_for_sign_ins

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Said:
    """By the provider, in a sign-in that was proved."""

    claims: Claims
    id_token: str
    good_until: float
    refresh_token: str
    """Empty where there is none, or nobody wants it."""


@transaction.atomic
def keep_subject(provider: IdentityProvider, membership: Membership, said: Said, *, actor: Actor) -> None:
    """Nobody is kept out because it could not be kept."""
    grant_id = _renewing(provider, membership, said, actor) if provider.renews_sign_ins else None
    end_other_sign_ins(provider.organization_id, membership.user_id, grant_id, actor=actor)
    SubjectToken.objects.update_or_create(
        membership=membership,
        defaults={
            "provider": provider,
            "sealed": seal_token(said.id_token, membership.pk),
            "sid": said.claims.sid[:300],
            "grant_id": grant_id,
            "expires_at": datetime.fromtimestamp(said.good_until, UTC),
            "kept_at": Now(),
        },
    )


def _renewing(provider: IdentityProvider, membership: Membership, said: Said, actor: Actor) -> UUID | None:
    kept = SignInKept(
        subject=said.claims.subject,
        email=said.claims.email,
        word=Secret(said.id_token),
        refresh=Secret(said.refresh_token) if said.refresh_token else None,
        seconds=max(1, int(said.good_until - database_now().timestamp())),
    )
    try:
        ours = provider_client(provider)
        client = client_for_sign_ins(provider.organization, ours)
        client = client or save_client_for_sign_ins(provider.organization, ours, actor=actor)
        grant = keep_sign_in(client, membership.user, kept, actor=actor)
    except (Problem, NotSealedHere):
        log.warning("What renews a sign-in by %s could not be kept.", provider.pk)
        return None
    return grant.pk if grant is not None else None
