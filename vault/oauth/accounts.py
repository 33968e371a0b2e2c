"""Which accounts may be connected: those of the domains that an admin named, by the address that the provider says."""

from __future__ import annotations

import re

import idna
from django.db import transaction

from audit.record import record
from harriet.people.actors import actor_of
from harriet.people.models import User
from vault.errors import AccountNotAllowed
from vault.events import OAuthAccountRefused
from vault.models import OAuthClient

_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9][a-z0-9-]{0,61}[a-z0-9]")


def domain_in(text: str) -> str | None:
    """As it is compared: lower case, without an at sign before it, other alphabets as punycode; None for no domain."""
    named = text.strip().removeprefix("@").rstrip(".")
    try:
        domain = named.lower() if named.isascii() else idna.encode(named, uts46=True).decode()
    except idna.IDNAError:
        return None
    return domain if _DOMAIN.fullmatch(domain) else None


def domain_of(address: str) -> str:
    """Of a mail address; empty for what is none, or could be read as one of two domains."""
    local, _, domain = address.rpartition("@")
    return (domain_in(domain) or "") if local and "@" not in local else ""


def check_account(client: OAuthClient, address: str) -> None:
    """`address` is one that the provider vouches for, empty for none. Raises AccountNotAllowed."""
    allowed = [str(one) for one in client.allowed_domains]
    if not allowed:
        return
    domain = domain_of(address)
    if not domain:
        raise AccountNotAllowed(
            f"{client.name} didn’t say a confirmed address of the account that you signed in with, and only accounts "
            f"of {_named(allowed)} may be connected. Nothing was kept. Choose your work account there, or ask your IT "
            "team."
        )
    if domain not in allowed:
        raise AccountNotAllowed(
            f"You signed in with an account of {domain}, and only accounts of {_named(allowed)} may be connected. "
            "Nothing was kept. Connect again, and choose your work account there.",
            domain=domain,
        )


@transaction.atomic
def note_refused(client: OAuthClient, refused: AccountNotAllowed, user: User) -> None:
    record(
        OAuthAccountRefused(provider=client.name, registration=str(client.pk), domain=refused.domain),
        organization_id=client.organization_id,
        actor=actor_of(user),
    )


def _named(domains: list[str]) -> str:
    return " or ".join(domains) if len(domains) < 3 else f"{', '.join(domains[:-1])} or {domains[-1]}"
