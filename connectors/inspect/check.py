"""Asking several servers at once whether they answer, and nothing more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import NamedTuple
from uuid import UUID

from connectors.inspect.look import endpoint_of
from connectors.inspect.opened import opened_for, that_sign_in_people
from connectors.inspect.redacted import LookRedactor
from connectors.models import Connector
from connectors.transports.base import Discovery, Endpoint
from connectors.transports.kinds import Transports, transports_for_a_while
from harriet.lib.errors import Problem
from vault.errors import CannotOpen
from vault.models import DataKey
from vault.open import Opener, opener_with
from vault.opened import OpenCredential
from vault.queries import data_keys_by_organization, sealed_credentials_of
from vault.stored import SealedCredential
from vault.types.registry import TYPES

CHECK_SECONDS = 8.0
"""For one server."""
AT_ONCE = 48
"""Servers that are asked side by side."""


class _Check(NamedTuple):
    endpoint: Endpoint
    open: Callable[[], OpenCredential]
    """With what the server is asked, opened as late as possible. May raise a Problem."""


def check_all(connectors: list[Connector]) -> dict[UUID, Exception | Discovery]:
    """By connector: what its server said, or the error in its place. One that gets another address at this moment is
    left out. What the secrets are is asked for all together, and what opens them once for each organization."""
    ids = [connector.pk for connector in connectors]
    keys = data_keys_by_organization({connector.organization_id for connector in connectors})
    openers = {organization_id: _opener(organization_id, rows) for organization_id, rows in keys.items()}
    sealed, signing_in = sealed_credentials_of(ids), that_sign_in_people(ids)
    places = dict(Connector.objects.filter(pk__in=ids).values_list("pk", "url"))

    def opens(connector: Connector) -> Callable[[], OpenCredential]:
        mine = sealed.get(connector.pk)
        if mine is None or connector.pk in signing_in:
            return OpenCredential
        return _opens(connector, mine, openers.get(connector.organization_id))

    checks = [
        _Check(endpoint_of(connector), opens(connector))
        for connector in connectors
        if places.get(connector.pk) == connector.url
    ]
    return asyncio.run(_check_all(checks))


def _opener(organization_id: UUID, keys: list[DataKey]) -> Opener | None:
    """None where a key doesn't unwrap: what one organization's vault lacks keeps nobody else's servers unasked."""
    try:
        return opener_with(organization_id, keys)
    except CannotOpen:
        return None


def _opens(connector: Connector, sealed: SealedCredential, opener: Opener | None) -> Callable[[], OpenCredential]:
    """Nobody's account is used for asking whether a server is up: that it refuses nobody says that it is."""
    try:
        if TYPES[sealed.type].is_oauth:
            opened = opened_for(connector)
            return lambda: opened
    except Problem as problem:
        return partial(_raise, problem)
    return partial(opener.credential, sealed) if opener is not None else partial(_raise, CannotOpen())


def _raise(problem: Problem) -> OpenCredential:
    raise problem


async def _check_all(checks: list[_Check]) -> dict[UUID, Exception | Discovery]:
    seats = asyncio.Semaphore(AT_ONCE)

    async def answer_to(check: _Check) -> Discovery:
        async with seats:
            return await _discover(transports, check)

    async with transports_for_a_while() as transports:
        answers = await asyncio.gather(*(answer_to(check) for check in checks), return_exceptions=True)
    return {check.endpoint.connector_id: _ordinary(answer) for check, answer in zip(checks, answers, strict=True)}


async def _discover(transports: Transports, check: _Check) -> Discovery:
    with check.open() as credential:
        redactor = LookRedactor(credential)
        with redactor.in_problems():
            transport = transports.transport_for(check.endpoint.kind)
            return redactor.in_discovery(await transport.discover(check.endpoint, credential, deadline=CHECK_SECONDS))


def _ordinary(answer: Discovery | BaseException) -> Exception | Discovery:
    """Lets what stops the whole process through; everything else is that one server's answer."""
    if isinstance(answer, BaseException) and not isinstance(answer, Exception):
        raise answer
    return answer
