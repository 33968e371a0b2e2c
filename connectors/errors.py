"""What may go wrong with a connector and the server behind it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from harriet.lib.egress import EgressRefused
from harriet.lib.errors import Problem
from harriet.lib.text import quoted

QUOTED = 500
"""Characters of a server's own words that are told."""
FOUND_NOTHING = frozenset({404, 405, 406, 410, 415, 426})
"""Statuses of HTTP that say that no such server is at the address."""


class ConnectorError(Problem):
    """The base of this app's errors."""


class NobodyConnected(ConnectorError):
    """Harriet can't look at a server by itself: people sign in there with accounts of their own, and nobody who looks
    after the connector has connected one."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"People sign in to {name} with accounts of their own, and nobody who looks after the connector has "
            "connected one yet. Connect yours under My AI, Connections: Harriet looks at the tools with it."
        )


class NobodySignedIn(NobodyConnected):
    """The same where one account is shared: no admin has signed in with it yet."""

    def __init__(self, name: str) -> None:
        ConnectorError.__init__(
            self,
            f"Nobody has signed in yet with the account that is shared for {name}. Sign in with it on the connector’s "
            "tab Authentication: calls are made, and Harriet looks at the tools, with that account.",
        )


class NoCompanySignIn(NobodyConnected):
    """The same where calls go with people's company sign-in: none of those who look after it has one that is good."""

    def __init__(self, name: str) -> None:
        ConnectorError.__init__(
            self,
            f"{name} takes the company’s sign-in of whoever calls, and nobody who looks after the connector has one "
            "that is good. Sign in to Harriet by it, then try again: Harriet looks at the tools with it.",
        )


class UpstreamError(ConnectorError):
    """The server behind a connector gave no answer that could be used.

    The message quotes what the server `said`, which may repeat a secret: `clean` it before anybody sees it. Written as
    text (in a log) the error leaves the server's words out. `may_have_run` is False when the request certainly didn't
    reach the server.
    """

    is_refusal = False
    """The server says itself that it didn't work on the request. More than that isn't known."""
    was_made = True
    """False when what failed came before the request that somebody waits for: that one was never sent."""

    quotes_others = True

    def __init__(
        self,
        message: str,
        *,
        may_have_run: bool = True,
        said: str = "",
        advice: str = "",
        wait: str = "",
        is_refusal: bool = False,
        status: int = 0,
    ) -> None:
        """`advice` is for who looks after the connector; `wait` says to everybody when to ask again."""
        advice = wait or advice
        super().__init__(f"{message} {advice}".strip())
        self.may_have_run = may_have_run
        self.is_refusal = self.is_refusal or is_refusal
        self.status = status
        """Of HTTP, when that is what it says."""
        self.said = said
        """More than is quoted, so that no secret is cut in two before it is looked for."""
        self.why = ""
        """What kept a connection from coming about, as harriet.lib.egress names it."""
        self.lead, self.wait, self._advice = message, wait, advice
        """What happened, without the server's words and without advice."""
        self.message = self._composed()

    @property
    def is_outcome_open(self) -> bool:
        """Whether nobody knows if the request had an effect."""
        return self.may_have_run and self.was_made and not self.is_refusal

    @property
    def advice(self) -> str:
        return self._advice

    @property
    def told(self) -> str:
        """The message without its advice, which is for those whose call it was."""
        return self.message.removesuffix(self._advice).rstrip() if self._advice else self.message

    def clean(self, without_secrets: Callable[[str], str]) -> None:
        self.said, self.lead = without_secrets(self.said), without_secrets(self.lead)
        self.message = without_secrets(self._composed())

    def add(self, sentence: str) -> None:
        self._advice = f"{self._advice} {sentence}".strip()
        self.message = self._composed()

    @property
    def words(self) -> str:
        """The server's own, as a sentence; empty when it said nothing."""
        words = f"It said: {quoted(self.said, QUOTED)}" if self.said.strip() else ""
        return f"{words}." if words and words[-2] not in ".!?" else words

    def _composed(self) -> str:
        return " ".join(part for part in (self.lead, self.words, self._advice) if part)


class UpstreamDown(UpstreamError):
    """Not reachable, or not able to work now; it will pass by itself."""


class UpstreamBusy(UpstreamDown):
    """It answers, and is asked too often (429)."""

    is_refusal = True


class UpstreamTimeout(UpstreamError):
    """No complete answer within the deadline."""

    quotes_others = False


class UpstreamRefusedCredential(UpstreamError):
    """401, or 403 with a challenge: an admin must look at the credential. `challenge` is what the server said in
    WWW-Authenticate."""

    is_refusal = True

    def __init__(
        self, message: str, *, status: int = 401, challenge: str = "", said: str = "", advice: str = ""
    ) -> None:
        super().__init__(message, said=said, advice=advice, status=status)
        self.challenge = challenge


class UpstreamBroken(UpstreamError):
    """It answered, but not as an MCP server should."""


class UpstreamRefused(UpstreamBroken):
    """It refused the request with a status of its own: no fault of the credential, and none of the server."""

    is_refusal = True


class UpstreamOutOfReach(UpstreamError, EgressRefused):
    """Harriet's own rules don't let the connector connect there; nothing was sent."""

    quotes_others = False

    def __init__(self, message: str) -> None:
        super().__init__(message, may_have_run=False)


@contextmanager
def before_the_request() -> Iterator[None]:
    """Around what must be done before a request can be sent."""
    try:
        yield
    except UpstreamError as problem:
        problem.was_made = False
        raise
