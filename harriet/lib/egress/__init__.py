"""Every request that Harriet makes to another system: checked addresses, one deadline, a cap on bytes.

`AsyncEgress` is a client of our own. It follows no redirects, reads no proxies from the environment, and lets no name
be resolved again between the check and the connection.
"""

from harriet.lib.egress.asynchronous import AsyncEgress, Exchange
from harriet.lib.egress.errors import EgressBroken, EgressFailed, EgressRefused, EgressTimeout
from harriet.lib.egress.reach import Reach, check_url
from harriet.lib.egress.reserved_headers import is_reserved_header
from harriet.lib.egress.response import Response

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
    "is_reserved_header",
]
