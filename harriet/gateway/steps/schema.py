"""The pinned schemas of tools, compiled: each once, by a thread, and kept for as long as there is room."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor

from connectors.access.pinned import Pinned
from harriet.lib.schemas import Checker, checker_of

INPUT, OUTPUT = "inputSchema", "outputSchema"
_KEPT = 4096
"""Checkers."""
_LARGEST = 128 * 2**20
"""Bytes of memory, about. A schema takes a few kilobytes; one of the largest with many patterns, some megabytes."""

_Key = tuple[bytes, str]
"""The digest of a definition, and which of its schemas."""


class Schemas:
    """Checkers by (tool digest, which schema): they survive every reload that doesn't change the definition. What can't
    be compiled is kept as that, too."""

    def __init__(self) -> None:
        self._checkers: OrderedDict[_Key, Checker] = OrderedDict()
        self._size = 0
        self._compiling: dict[_Key, asyncio.Task[Checker]] = {}
        self._thread: ThreadPoolExecutor | None = None

    def known(self, pinned: Pinned, which: str) -> Checker | None:
        return self._checkers.get((pinned.digest, which))

    async def checker(self, pinned: Pinned, which: str) -> Checker:
        """Calls that come together wait for one compilation, and those for other tools are not kept from running."""
        key = (pinned.digest, which)
        found = self._checkers.get(key)
        if found is not None:
            return found
        task = self._compiling.get(key)
        if task is None:
            task = self._compiling[key] = asyncio.create_task(self._compiled(key, pinned, which))
            task.add_done_callback(lambda _: self._compiling.pop(key, None))
        return await asyncio.shield(task)

    async def _compiled(self, key: _Key, pinned: Pinned, which: str) -> Checker:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="schemas")
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._thread, _compile, pinned, which)
        self._checkers[key] = found
        self._size += found.size
        while len(self._checkers) > _KEPT or (self._size > _LARGEST and len(self._checkers) > 1):
            self._size -= self._checkers.popitem(last=False)[1].size
        return found

    def close(self) -> None:
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)


def _compile(pinned: Pinned, which: str) -> Checker:
    return checker_of(pinned.read().get(which, {}), len(pinned.raw))
