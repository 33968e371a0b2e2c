"""Django's Redis cache for a Redis that others may write to, and that may be away.

Values are JSON, signed together with their key: what Harriet did not write under that key is not there. Django's own
cache unpickles what it finds, so that whoever writes to Redis runs code in the web process. Without Redis each process
counts for itself, so that people can still sign in.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from django.core import signing
from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.exceptions import RedisError

T = TypeVar("T")

ANSWER_SECONDS = 2.0
"""A Redis that stands still holds up nobody's sign-in for longer."""
LEAVE_ALONE_SECONDS = 5.0
"""After it was out of reach it isn't asked for so long."""

log = logging.getLogger(__name__)


class SignedClient(RedisCacheClient):
    """Reads and writes one Redis; raises RedisError when it is away. What isn't signed by us counts as not there."""

    def add(self, key: Any, value: Any, timeout: Any) -> bool:
        return bool(self.get_client(key, write=True).set(key, _sealed(key, value), ex=timeout or None, nx=True))

    def get(self, key: Any, default: Any) -> Any:
        raw: Any = self.get_client(key).get(key)
        return _opened(key, raw, default)

    def set(self, key: Any, value: Any, timeout: Any) -> None:
        if timeout == 0:
            self.delete(key)
        else:
            self.get_client(key, write=True).set(key, _sealed(key, value), ex=timeout)

    def get_many(self, keys: Any) -> dict[Any, Any]:
        raws: Any = self.get_client(None).mget(list(keys))
        opened = {key: _opened(key, raw, None) for key, raw in zip(keys, raws, strict=True)}
        return {key: value for key, value in opened.items() if value is not None}

    def set_many(self, data: Any, timeout: Any) -> None:
        for key, value in data.items():
            self.set(key, value, timeout)


class SignedRedisCache(RedisCache):
    """Add, get, set and delete: what counting attempts needs. Numbers are not counted up in place: they are signed."""

    _away_until: ClassVar[float] = 0.0

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        wait = {"socket_timeout": ANSWER_SECONDS, "socket_connect_timeout": ANSWER_SECONDS}
        self._class = SignedClient
        self._options: dict[str, Any] = wait | params.get("OPTIONS", {})
        self._here = LocMemCache("harriet without Redis", params)

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        there = super().add
        return _ask(lambda: there(key, value, timeout, version), lambda: self._here.add(key, value, timeout, version))

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        there = super().get
        return _ask(lambda: there(key, default, version), lambda: self._here.get(key, default, version))

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        there = super().set
        _ask(lambda: there(key, value, timeout, version), lambda: self._here.set(key, value, timeout, version))

    def delete(self, key: str, version: int | None = None) -> bool:
        there = super().delete
        return _ask(lambda: there(key, version), lambda: self._here.delete(key, version))

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        raise NotImplementedError("Values are signed: Redis can't count them up.")


def _ask(there: Callable[[], T], here: Callable[[], T]) -> T:
    if time.monotonic() < SignedRedisCache._away_until:
        return here()
    try:
        return there()
    except RedisError as error:
        SignedRedisCache._away_until = time.monotonic() + LEAVE_ALONE_SECONDS
        log.warning("Redis is out of reach (%s); attempts are counted in this process alone.", type(error).__name__)
        return here()


def _sealed(key: str, value: Any) -> str:
    return signing.dumps(value, salt=f"harriet cache {key}")


def _opened(key: str, raw: bytes | None, default: Any) -> Any:
    if raw is None:
        return default
    try:
        return signing.loads(raw.decode(), salt=f"harriet cache {key}")
    except (signing.BadSignature, ValueError):  # ValueError: not text, or not JSON
        log.warning("A value in Redis was not written by Harriet; it does not count.")
        return default
