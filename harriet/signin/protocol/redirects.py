"""Where a client may have its answers sent: what it may register, and whether a request asks for just that.

Exact strings, but for the port of a loopback address (RFC 8252 §7.3). A scheme of an app's own, such as cursor://, is
taken exactly; what could run in the browser, or reach anybody in the clear, is not.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, parse_qsl, urlsplit

LONGEST = 1000
"""Characters of one address."""
MOST = 30
"""Addresses of one client."""
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{1,60}")
_NO_APPS = frozenset(
    {"about", "blob", "callto", "chrome", "data", "facetime", "file", "filesystem", "ftp", "intent", "irc", "jar"}
    | {"javascript", "ldap", "ldaps", "mailto", "ms-appx", "ms-msdt", "ms-officecmd", "resource", "search", "search-ms"}
    | {"sip", "sms", "ssh", "tel", "telnet", "urn", "vbscript", "view-source", "webcal", "ws", "wss"}
)
"""Schemes that a browser itself, or another program than the client, would act on; and `urn`, where nothing arrives:
what was once written for "show the code on the page" is long given up (RFC 8252 §8.1)."""
_OF_ANSWERS = frozenset({"code", "state", "iss", "error", "error_description"})
_VISIBLE = re.compile(r"[!-~]+")


def why_not(uri: str) -> str:
    """Why a client may not register the address, as a sentence for its maker; empty when it may."""
    if not _VISIBLE.fullmatch(uri) or len(uri) > LONGEST:
        return f"A redirect URI is up to {LONGEST} visible ASCII characters."
    try:
        parts = urlsplit(uri)
        port_is_sane = parts.port != 0
    except ValueError:
        return "A redirect URI is not a readable address."
    if "#" in uri:
        return "A redirect URI has no fragment."
    if "*" in uri or "\\" in uri:
        return "A redirect URI has neither wildcards nor backslashes: each address is registered as it is."
    if parts.username is not None or parts.password is not None or not port_is_sane:
        return "A redirect URI has no user, no password and a real port."
    if _OF_ANSWERS & {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}:
        return "A redirect URI has no parameter of an answer in it, such as code, state, iss or error."
    if _has_dots(parts.path):
        return "A redirect URI has no dot segments in its path."
    return _why_not_scheme(parts, uri)


def _why_not_scheme(parts: SplitResult, uri: str) -> str:
    if not uri.startswith(parts.scheme + ":") or not _SCHEME.fullmatch(parts.scheme):
        return "A redirect URI begins with a scheme in lower case."
    if parts.scheme == "https":
        return "" if parts.hostname else "A redirect URI with https names a host."
    if parts.scheme == "http":
        loopback = "Plain http is for this machine alone: localhost, 127.0.0.1 or [::1]. Use https elsewhere."
        return "" if parts.hostname in LOOPBACK else loopback
    if parts.scheme in _NO_APPS:
        return f"The scheme {parts.scheme} belongs to no client."
    return "" if parts.netloc or parts.path.strip("/") else "A redirect URI says more than its scheme."


def _has_dots(path: str) -> bool:
    plain = re.sub("%2e", ".", path, flags=re.IGNORECASE)
    return any(segment in {".", ".."} for segment in plain.split("/"))


def is_allowed(uri: str, registered: list[str]) -> bool:
    """Whether a request may ask for it."""
    if uri in registered:
        return not why_not(uri)
    portless = without_port(uri)
    return bool(portless) and any(portless == without_port(known) for known in registered) and not why_not(uri)


def without_port(uri: str) -> str:
    """A loopback address as it is whatever its port; empty for every other address."""
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme != "http" or parts.hostname not in LOOPBACK:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    bare = host if port is None else f"{host}:{port}"
    if parts.netloc != bare:  # spelled in another way than it is meant
        return ""
    return uri.replace(f"//{parts.netloc}", f"//{host}", 1)


def kept_as(uri: str) -> str:
    """How consent remembers it: the port of a loopback address is another one each time."""
    return without_port(uri) or uri


def place_of(uri: str) -> str:
    """In people's words, where answers go: a host, this computer, or an app on it."""
    parts = urlsplit(uri)
    if parts.scheme == "http":
        return "a program on this computer"
    if parts.scheme == "https":
        return parts.netloc
    return f"the app on this computer that opens {parts.scheme}:// links"


def form_action_of(uri: str) -> str:
    """The source that a page's form-action needs, so that the browser follows from our form to this address."""
    parts = urlsplit(uri)
    if parts.scheme in {"http", "https"} and not parts.netloc.startswith("["):
        return f"{parts.scheme}://{parts.netloc}"
    return f"{parts.scheme}:"  # CSP has no way to write an IPv6 address, and schemes of apps have no host
