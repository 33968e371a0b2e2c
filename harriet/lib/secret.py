"""A secret in memory: usable by name, invisible to logs, tracebacks, templates and serialisers."""

import hmac
from typing import NoReturn

MASK = "••••••"


class Secret:
    """Holds a value that only `reveal()` gives back. Python can't wipe strings: keep it for one block, then let go."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself. Only for the place that sends or compares it."""
        return self._value

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return MASK

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._bytes(), other._bytes())

    def __hash__(self) -> int:
        return hash(self._value)

    def _bytes(self) -> bytes:
        return self._value.encode("utf-8", "surrogatepass")

    def _refuse(self, *_: object) -> NoReturn:
        raise TypeError("A secret can't be copied or serialised.")

    __getstate__ = __copy__ = __deepcopy__ = __reduce__ = _refuse

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        self._refuse()
