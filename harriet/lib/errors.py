"""The base of every error that is told to a person."""

from typing import ClassVar


class Problem(Exception):
    """Says what happened and what to do next, in a sentence. Translated to HTTP, JSON-RPC and forms at the edge.

    `field` names the input that it belongs to, when there is one.
    """

    quotes_others: ClassVar[bool] = False
    """The message may hold words of another program, which no log line shows."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field
