"""What servers publish of themselves (RFC 9728, RFC 8414, OpenID discovery): where it is, and what of it may be used.

No network here. What is unfit is said in sentences; nothing of a document counts that isn't about whom was asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import SplitResult, parse_qsl, urlsplit

from harriet.lib.egress import EgressRefused, Reach, check_url
from harriet.lib.text import excerpt
from vault.oauth.challenge import scopes_in

RESOURCE_PATH = "/.well-known/oauth-protected-resource"
SERVER_PATH = "/.well-known/oauth-authorization-server"
OPENID_PATH = "/.well-known/openid-configuration"
LONGEST_URL = 500
"""Characters."""
MOST_WORDS = 50
"""Of a list in metadata."""
_ENDPOINTS = (
    *("authorization_endpoint", "token_endpoint", "registration_endpoint", "revocation_endpoint"),
    *("introspection_endpoint", "userinfo_endpoint", "jwks_uri"),
)
_LISTS = (
    *("scopes_supported", "grant_types_supported", "code_challenge_methods_supported"),
    *("token_endpoint_auth_methods_supported", "token_endpoint_auth_signing_alg_values_supported"),
    *("authorization_grant_profiles_supported", "response_types_supported"),
)
_OURS = frozenset(
    {
        *("response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method"),
        *("resource", "response_mode", "request", "request_uri", "code", "code_verifier", "grant_type"),
        *("client_secret", "client_assertion", "assertion", "refresh_token", "token"),
    }
)
"""Parameters of requests to endpoints, none of which may stand in an endpoint's address."""
_FLAGS = ("client_id_metadata_document_supported", "authorization_response_iss_parameter_supported")


class Unfit(Exception):
    """A document that can't be used, and why in a sentence."""


class ResourceSaid(NamedTuple):
    """What a protected resource says of itself."""

    resource: str
    servers: tuple[str, ...]
    """Issuers, the first that it names first."""
    scopes: tuple[str, ...]


def resource_places(url: str, named: str = "") -> list[str]:
    """Where a server's resource metadata may be: where its challenge says, then at its path, then at the root."""
    parts = urlsplit(url)
    origin, path = _origin(parts), parts.path.rstrip("/")
    return list(dict.fromkeys([*([named] if named else []), f"{origin}{RESOURCE_PATH}{path}", origin + RESOURCE_PATH]))


def server_places(issuer: str) -> list[str]:
    """Where an issuer's metadata may be, in the order of the MCP specification."""
    parts = urlsplit(issuer)
    origin, path = _origin(parts), parts.path.rstrip("/")
    if not path:
        return [origin + SERVER_PATH, origin + OPENID_PATH]
    return [f"{origin}{SERVER_PATH}{path}", f"{origin}{OPENID_PATH}{path}", f"{origin}{path}{OPENID_PATH}"]


def origin_of(url: str) -> str:
    return _origin(urlsplit(url))


def checked_resource(document: Mapping[str, Any], url: str) -> ResourceSaid:
    """Raises Unfit when it speaks of another resource than the server at `url` (RFC 9728 §3.3)."""
    resource = document.get("resource")
    if not isinstance(resource, str) or len(resource) > LONGEST_URL:
        raise Unfit("It doesn't say which resource it is about.")
    if not is_resource_of(resource, url):
        raise Unfit(f"It is about another resource: {excerpt(resource, 200)}.")
    found = document.get("authorization_servers")
    servers = tuple(one for one in found[:MOST_WORDS] if isinstance(one, str)) if isinstance(found, list) else ()
    return ResourceSaid(resource, servers, scopes_in(document.get("scopes_supported")))


def is_resource_of(resource: str, url: str) -> bool:
    """Whether a server at `url` may ask for tokens that are good for `resource`: itself, or what it lies beneath."""
    try:
        mine, asked = urlsplit(resource), urlsplit(url)
        if _origin(mine) != _origin(asked) or mine.query not in {"", asked.query} or mine.fragment:
            return False
    except ValueError:
        return False
    above = mine.path.rstrip("/")
    return asked.path.rstrip("/") == above or asked.path.startswith(f"{above}/")


def checked_server(document: Mapping[str, Any], issuers: tuple[str, ...], reach: Reach) -> dict[str, Any]:
    """What of it is kept. Its issuer must be, letter by letter, one that was asked. Raises Unfit."""
    issuer = document.get("issuer")
    if issuer not in issuers:
        raise Unfit(f"It calls itself {excerpt(str(issuer), 200)}, which is not who was asked ({issuers[0]}).")
    kept: dict[str, Any] = {"issuer": issuer}
    for name in _ENDPOINTS:
        if document.get(name):
            kept[name] = checked_endpoint(name, document[name], reach)
    if "token_endpoint" not in kept:
        raise Unfit("It names no token endpoint.")
    kept |= {name: _words(document[name]) for name in _LISTS if isinstance(document.get(name), list)}
    return kept | {name: True for name in _FLAGS if document.get(name) is True}


def checked_endpoint(name: str, url: object, reach: Reach) -> str:
    """An address that Harriet, or a browser, may be sent to. Raises Unfit."""
    if not isinstance(url, str) or len(url) > LONGEST_URL:
        raise Unfit(f"Its {name} is not an address.")
    try:
        check_url(url, reach)
    except EgressRefused as refused:
        raise Unfit(f"Its {name} can't be used. {refused.message}") from None
    taken = sorted({key.lower() for key, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True)} & _OURS)
    if taken:  # whatever reads the first, or the last, of two would be told something else than Harriet says
        raise Unfit(f"Its {name} can't be used: it says {', '.join(taken)} already, which is for Harriet to say.")
    return url


def pkce_problem(metadata: Mapping[str, Any]) -> str:
    """Why nobody can be sent there to sign in; empty when they can. What an admin typed in says nothing of PKCE: it
    is used all the same."""
    if metadata.get("is_typed"):
        return ""
    if not metadata.get("authorization_endpoint"):
        return "It has no page where people sign in (authorization_endpoint)."
    if "S256" not in metadata.get("code_challenge_methods_supported", ()):
        return (
            "It doesn't say that it protects sign-ins with PKCE (S256 in code_challenge_methods_supported), without "
            "which Harriet sends nobody there. Whoever runs it can switch that on."
        )
    return ""


def _words(values: list[Any]) -> list[str]:
    return [one[:200] for one in values[:MOST_WORDS] if isinstance(one, str) and one.isprintable()]


def _origin(parts: SplitResult) -> str:
    """As it is compared: in lower case, without the scheme's own port. Raises ValueError."""
    host = (parts.hostname or "").removesuffix(".")
    host = f"[{host}]" if ":" in host else host
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    port = f":{parts.port}" if parts.port not in {None, usual} else ""
    return f"{parts.scheme}://{host}{port}"
