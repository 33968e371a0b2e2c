"""What may go wrong with a connector and the server behind it."""

from harriet.lib.egress import EgressRefused
from harriet.lib.errors import Problem


class ConnectorError(Problem):
    """The base of this app's errors."""


class UpstreamError(ConnectorError):
    """The server behind a connector gave no answer that could be used.

    The message may quote the server, who may quote the secret: it is redacted before anybody sees it, and not logged.
    `may_have_run` is False when the request certainly didn't reach the server.
    """

    quotes_others = True

    def __init__(self, message: str, *, may_have_run: bool = True) -> None:
        super().__init__(message)
        self.may_have_run = may_have_run


class UpstreamDown(UpstreamError):
    """Not reachable, or not able to work now; it will pass by itself."""


class UpstreamTimeout(UpstreamError):
    """No complete answer within the deadline."""

    quotes_others = False


class UpstreamRefusedCredential(UpstreamError):
    """401 or 403: an admin must look at the credential. `challenge` is what the server said in WWW-Authenticate."""

    def __init__(self, message: str, *, status: int = 401, challenge: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.challenge = challenge


class UpstreamBroken(UpstreamError):
    """It answered, but not as an MCP server should."""


class UpstreamOutOfReach(UpstreamError, EgressRefused):
    """Harriet's own rules don't let the connector connect there; nothing was sent."""

    quotes_others = False

    def __init__(self, message: str) -> None:
        super().__init__(message, may_have_run=False)
