"""One request through egress, from the first check to the last byte of the answer, by either of its faces."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

from harriet.lib.egress import AsyncEgress, Reach, session

Face = Literal["async", "sync"]
FACES: tuple[Face, ...] = ("async", "sync")
"""Our own client, which calls use, and the requests session, which OAuth uses."""


class Answer(NamedTuple):
    status: int
    body: bytes


Resolve = Callable[[str, int], list[str]]
"""Host and port to addresses, as a resolver of names gives them."""


def leave(
    url: str,
    reach: Reach,
    *,
    resolve: Resolve | None = None,
    method: str = "POST",
    deadline: float = 10.0,
    max_bytes: int = 1_000_000,
    headers: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    data: bytes = b'{"id":1}',
    tls: ssl.SSLContext | None = None,
    face: Face = "async",
) -> Answer:
    """`deadline` in seconds. Raises EgressRefused, EgressTimeout or EgressFailed."""
    if face == "sync":
        more = {"resolve": resolve} if resolve else {}
        opened = session(reach, deadline=deadline, max_bytes=max_bytes, tls=tls, **more)
        answer = opened.request(method, url, data=data, headers=headers, params=params)
        return Answer(answer.status_code, answer.content)

    async def ask(host: str, port: int) -> list[str]:
        assert resolve is not None
        return resolve(host, port)

    async def send() -> Answer:
        egress = AsyncEgress(resolve=ask, tls=tls) if resolve else AsyncEgress(tls=tls)
        try:
            async with egress.request(
                method, url, reach=reach, deadline=deadline, headers=headers, data=data, params=params
            ) as answer:
                return Answer(answer.status, await answer.read(max_bytes))
        finally:
            await egress.close()

    return asyncio.run(send())
