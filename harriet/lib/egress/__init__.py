"""Every request that Harriet makes to another system: checked addresses, one deadline, a cap on bytes.

Two faces: `AsyncEgress`, a client of our own for calls, and `session` (requests) for OAuth. Neither follows redirects,
reads proxies from the environment, or lets a name be resolved again between the check and the connection.
"""

from harriet.lib.egress.asynchronous import AsyncEgress, Exchange
from harriet.lib.egress.errors import EgressBroken, EgressFailed, EgressRefused, EgressTimeout
from harriet.lib.egress.reach import Reach, check_url
from harriet.lib.egress.reserved_headers import is_reserved_header
from harriet.lib.egress.response import Response
from harriet.lib.egress.session import confine, session

__all__ = [
    "AsyncEgress",
    "EgressBroken",
    "EgressFailed",
    "EgressRefused",
    "EgressTimeout",
    "Exchange",
    "Reach",
    "Response",
    "check_url",
    "confine",
    "is_reserved_header",
    "session",
]
