"""Credentials with which calls are made as the person whose they are: for each of them a grant, not one for all."""

from __future__ import annotations

from django.db.models import Q

from vault.models import Credential
from vault.types.base import EXCHANGE, PERSON
from vault.types.registry import TYPES
from vault.types.service_account import OF_PERSON, SERVICE_ACCOUNT_KEY

_SIGN_IN = tuple(code for code, kind in TYPES.items() if kind.signs_in_by in {PERSON, EXCHANGE})
IS_PER_PERSON = Q(type__in=_SIGN_IN) | Q(type=SERVICE_ACCOUNT_KEY.code, placement__subject=OF_PERSON)
"""Of credentials."""


def only_asks(credential: Credential) -> bool:
    """A service account acts for people by its own key: their consent is all that is needed, and nobody leaves for a
    provider to give it."""
    return credential.type == SERVICE_ACCOUNT_KEY.code


def is_exchanged(credential: Credential) -> bool:
    """Whoever is signed in by the company's sign-in has nothing to connect."""
    return TYPES[credential.type].signs_in_by == EXCHANGE
