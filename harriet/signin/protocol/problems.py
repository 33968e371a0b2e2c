"""What is refused to a client, with the code of the RFC that has it."""

from __future__ import annotations

from harriet.lib.errors import Problem


class OAuthProblem(Problem):
    """`code` is a registered error code; the message is its `error_description`, for whoever makes the client."""

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.status = code, status
