"""What a browser gets at an address that is no MCP server: enough to tell a person what they pasted."""

from __future__ import annotations

import html
import re
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from connectors.transports.base import Endpoint
from harriet.lib.egress import AsyncEgress, EgressFailed, EgressRefused, EgressTimeout, Response
from harriet.lib.http.charset import decoded
from harriet.lib.http.media_types import charset_of, is_events, is_json, media_type

LARGEST = 64 * 1024
"""Bytes of the page that are looked at."""
SECONDS = 5.0
_HEADERS = {"Accept": "text/html, application/json;q=0.9, */*;q=0.1"}
_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{1,200})</title>", re.IGNORECASE)
_PASSWORD = re.compile(rb"<input[^>]{0,300}type\s*=\s*[\"']?password", re.IGNORECASE)
_SIGN_IN = re.compile(r"(?:^|[/._-])(?:log-?in|sign-?in|sso|saml2?|oauth2?|auth|authorize)(?:[/._?-]|$)", re.IGNORECASE)
_PROXIES = re.compile(
    rb"\bproxy\b|web ?filter|firewall|zscaler|fortiguard|forcepoint|netskope|blue ?coat|squid|content policy"
    rb"|blocked by your (?:organi[sz]ation|administrator|company)"
    rb"|access to this (?:site|page) (?:is|was|has been) blocked",
    re.IGNORECASE,
)
_PROXY_HEADERS = ("X-Squid-Error", "X-BlueCoat-Via", "Proxy-Authenticate", "Proxy-Status")
_BLOCKS = frozenset({200, 403, 407, 451, 502, 503, 511})
"""Statuses with which proxies send pages of their own."""


class SeenPage(NamedTuple):
    status: int
    is_html: bool
    is_json: bool
    is_events: bool
    title: str
    """Of a page; the server's own word."""
    location: str
    """Whole, where it redirects; without what follows the path, which may be secret."""
    asks_to_sign_in: bool
    is_of_a_proxy: bool


async def see_page(egress: AsyncEgress, endpoint: Endpoint) -> SeenPage | None:
    """Asked without any credential. None when nothing answers."""
    try:
        async with egress.request(
            "GET", endpoint.url, reach=endpoint.reach, deadline=SECONDS, headers=_HEADERS
        ) as response:
            kind, found = response.headers.get("Content-Type", ""), bytearray()
            if not is_events(kind):
                await response.read_into(found, LARGEST)
            return _seen(endpoint, response, kind, bytes(found[:LARGEST]))
    except (EgressFailed, EgressRefused, EgressTimeout):
        return None


def _seen(endpoint: Endpoint, response: Response, kind: str, body: bytes) -> SeenPage:
    is_html = "html" in media_type(kind)
    location = _location(endpoint.url, response)
    return SeenPage(
        status=response.status,
        is_html=is_html,
        is_json=is_json(kind),
        is_events=is_events(kind),
        title=_title(kind, body) if is_html else "",
        location=location,
        asks_to_sign_in=bool(_PASSWORD.search(body) or _SIGN_IN.search(urlsplit(location).path)),
        is_of_a_proxy=_is_of_a_proxy(response, is_html, body),
    )


def _title(kind: str, body: bytes) -> str:
    found = _TITLE.search(decoded(body, charset_of(kind)))
    return " ".join(html.unescape(found[1]).split()) if found else ""


def _location(url: str, response: Response) -> str:
    named = str(response.headers.get("Location", ""))[:2000] if 300 <= response.status < 400 else ""
    try:
        parts = urlsplit(urljoin(url, named)) if named else None
    except ValueError:
        parts = None
    return parts._replace(query="", fragment="").geturl() if parts and parts.scheme in {"http", "https"} else ""


def _is_of_a_proxy(response: Response, is_html: bool, body: bytes) -> bool:
    if response.status not in _BLOCKS:
        return False
    return any(name in response.headers for name in _PROXY_HEADERS) or (is_html and bool(_PROXIES.search(body)))
