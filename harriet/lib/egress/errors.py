"""What may go wrong with a request. The messages name the host, never headers, query values or anything secret."""

from harriet.lib.errors import Problem


class EgressRefused(Problem):
    """Harriet's own rules forbid the request; nothing was sent."""


class EgressTimeout(Problem):
    """The exchange didn't end within its deadline."""

    was_sent = True
    """False when the request certainly didn't leave."""


class EgressFailed(Problem):
    """No answer: no address, no connection, or the other side hung up."""

    was_sent = True
    why = ""
    """What kept a connection from coming about: "no_address", "certificate" or "no_tls"."""


class EgressBroken(EgressFailed):
    """An answer that began, and is too large, cut off or wrongly encoded."""


class NotConnected(EgressFailed):
    """No connection came about, so nothing was sent."""

    was_sent = False

    def __init__(self, message: str, *, why: str = "") -> None:
        super().__init__(message)
        self.why = why


class ConnectTimeout(EgressTimeout):
    """The connection took too long, so nothing was sent."""

    was_sent = False


def timed_out(host: str, seconds: float) -> EgressTimeout:
    """`seconds` is the whole deadline, as the sentence says it."""
    return EgressTimeout(f"{host} didn't finish its answer within {seconds:.3g} seconds.")


def not_accepted(host: str, seconds: float) -> ConnectTimeout:
    """Within the seconds that were left for it."""
    return ConnectTimeout(f"{host} didn't accept a connection within {seconds:.3g} seconds.")


def too_large(host: str, max_bytes: int) -> EgressBroken:
    """`max_bytes` is the cap that was gone beyond."""
    return EgressBroken(f"The answer of {host} is larger than {max_bytes / 1024:,.0f} KiB; the rest was not read.")
