"""The base of every error that is told to a person."""


class Problem(Exception):
    """Says what happened and what to do next, in a sentence. Translated to HTTP, JSON-RPC and forms at the edge.

    `field` names the input that it belongs to, when there is one.
    """

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field
