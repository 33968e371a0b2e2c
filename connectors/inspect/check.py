"""Asking several servers at once whether they answer, and nothing more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import NamedTuple
from uuid import UUID

from connectors.inspect.look import endpoint_of
from connectors.inspect.opened import opened_for, signs_in_people
from connectors.inspect.redacted import LookRedactor
from connectors.models import Connector
from connectors.transports.base import Discovery, Endpoint
from connectors.transports.kinds import Transports, transports_for_a_while
from harriet.lib.errors import Problem
from vault.open import Opener, opener_for
from vault.opened import OpenCredential
from vault.queries import sealed_credentials
from vault.stored import SealedCredential
from vault.types.registry import TYPES

CHECK_SECONDS = 8.0
"""For one server."""
AT_ONCE = 16
"""Servers."""


class _Check(NamedTuple):
    endpoint: Endpoint
    open: Callable[[], OpenCredential]
    """With what the server is asked, opened as late as possible. May raise a Problem."""


def check_all(connectors: list[Connector]) -> dict[UUID, Exception | Discovery]:
    """By connector: what its server said, or the error in its place. One that gets another address at this moment is
    left out."""
    openers = {connector.organization_id: opener_for(connector.organization_id) for connector in connectors}
    sealed = {key: value for one in openers for key, value in sealed_credentials(one).items()}
    places = dict(Connector.objects.filter(pk__in=[connector.pk for connector in connectors]).values_list("pk", "url"))
    checks = [
        _Check(endpoint_of(connector), _opens(connector, openers[connector.organization_id], sealed.get(connector.id)))
        for connector in connectors
        if places.get(connector.pk) == connector.url
    ]
    return asyncio.run(_check_all(checks))


def _opens(connector: Connector, opener: Opener, sealed: SealedCredential | None) -> Callable[[], OpenCredential]:
    """Nobody's account is used for asking whether a server is up: that it refuses nobody says that it is."""
    if sealed is None or not TYPES[sealed.type].is_oauth:
        return lambda: opener.credential(sealed)
    if signs_in_people(connector):
        return OpenCredential
    try:
        opened = opened_for(connector)
    except Problem as problem:
        return partial(_raise, problem)
    return lambda: opened


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
