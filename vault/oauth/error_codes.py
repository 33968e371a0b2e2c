"""What the error codes of token endpoints mean: who has to do something about it.

The RFC's codes, and those of providers that have their own. Of a code that nobody knows nothing is concluded: it passes
for something that may be over in a moment.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Kind(StrEnum):
    """Who has to do something."""

    USER = "user"
    """The person whose grant it is: nothing but their consent helps."""
    OPERATOR = "operator"
    """An admin: the registration at the issuer, or what is asked of it, is wrong for everybody."""
    TRANSIENT = "transient"
    """Nobody: it is tried again."""


KINDS: dict[str, Kind] = {
    "invalid_grant": Kind.USER,  # RFC 6749 §5.2
    "access_denied": Kind.USER,
    "expired_token": Kind.USER,  # RFC 8628 §3.5
    "interaction_required": Kind.USER,  # OpenID Connect Core §3.1.2.6
    "login_required": Kind.USER,
    "consent_required": Kind.USER,
    "account_selection_required": Kind.USER,
    "mfa_required": Kind.USER,
    "insufficient_user_authentication": Kind.USER,  # RFC 9470: the sign-in is too old, or too weak
    "unmet_authentication_requirements": Kind.USER,  # OpenID Connect Core Error Code unmet_authentication_requirements
    "invalid_rapt": Kind.USER,  # Google: the organization wants a fresh sign-in
    "bad_refresh_token": Kind.USER,  # GitHub
    "bad_verification_code": Kind.USER,
    "bad_auth_code": Kind.USER,  # HubSpot
    "invalid_token": Kind.USER,  # Cloud Foundry's UAA and others, of the refresh token
    "invalid_auth": Kind.USER,  # Slack
    "invalid_refresh_token": Kind.USER,  # Slack
    "token_revoked": Kind.USER,
    "token_expired": Kind.USER,
    "invalid_code": Kind.USER,
    "account_inactive": Kind.USER,
    "invalid_request": Kind.OPERATOR,
    "invalid_client": Kind.OPERATOR,
    "unauthorized_client": Kind.OPERATOR,
    "unsupported_grant_type": Kind.OPERATOR,
    "invalid_scope": Kind.OPERATOR,
    "invalid_target": Kind.OPERATOR,  # RFC 8707 §2
    "invalid_resource": Kind.OPERATOR,  # Microsoft, of the same
    "invalid_client_metadata": Kind.OPERATOR,
    "unsupported_token_type": Kind.OPERATOR,
    "invalid_dpop_proof": Kind.OPERATOR,  # RFC 9449: tokens bound to a key that Harriet doesn't have
    "use_dpop_nonce": Kind.OPERATOR,
    "redirect_uri_mismatch": Kind.OPERATOR,  # GitHub, Google
    "incorrect_client_credentials": Kind.OPERATOR,
    "deleted_client": Kind.OPERATOR,  # Google
    "disabled_client": Kind.OPERATOR,
    "admin_policy_enforced": Kind.OPERATOR,
    "org_internal": Kind.OPERATOR,
    "invalid_client_id": Kind.OPERATOR,  # Slack
    "bad_client_secret": Kind.OPERATOR,
    "bad_client_id": Kind.OPERATOR,  # HubSpot
    "inactive_client": Kind.OPERATOR,  # Salesforce
    "inactive_org": Kind.OPERATOR,
    "invalid_app_access": Kind.OPERATOR,
    "temporarily_unavailable": Kind.TRANSIENT,
    "server_error": Kind.TRANSIENT,
    "slow_down": Kind.TRANSIENT,
    "authorization_pending": Kind.TRANSIENT,
    "ratelimited": Kind.TRANSIENT,
    "rate_limit_exceeded": Kind.TRANSIENT,
    "too_many_requests": Kind.TRANSIENT,
}
OF_ONE_GRANT = frozenset(
    {
        *("invalid_request", "unauthorized_client", "invalid_scope", "invalid_target", "invalid_resource"),
        *("admin_policy_enforced", "org_internal"),
    }
)
"""An admin's business that may be about one person, or one resource, alone."""
BUSY = frozenset({"temporarily_unavailable", "slow_down", "ratelimited", "rate_limit_exceeded", "too_many_requests"})
"""It worked on nothing, and says so."""


_ABOUT_REFRESH_TOKEN = re.compile(
    r"refresh[ _-]?token\b[^.;]{0,40}?\b(invalid|expired|revoked|inactive|unknown|not valid|not found|already used|"
    r"already been used|does not exist)\b"
    r"|\b(invalid|expired|revoked|inactive|unknown)( or \w+)? (access/)?refresh[ _-]?token\b"
    r"|\bvalue passed for the token was invalid\b"  # X
    r"|^\s*invalid token!?\s*$",  # Zoom
    re.IGNORECASE,
)
_ABOUT_KIND_OF_GRANT = re.compile(r"grant[ _-]?type", re.IGNORECASE)
_ABOUT_RATE = re.compile(r"too many requests|rate limit|try again (after|later|in)", re.IGNORECASE)
_SAYS_LITTLE = frozenset({"invalid_request", "unauthorized_client", "access_denied"})
"""Codes beside which providers write what they mean."""


def kind_of(code: str, status: int, words: str) -> Kind:
    """Who has to do something: by the code, where that says it. `words` are what the provider wrote beside it:
    Atlassian, LinkedIn and X write of the person's refresh token with codes that are about the client; Zoho denies
    access to whoever asks too often."""
    if status == 429:
        return Kind.TRANSIENT
    known = KINDS.get(code, Kind.TRANSIENT)
    if code in KINDS and code not in _SAYS_LITTLE:
        return known
    if _ABOUT_RATE.search(words):
        return Kind.TRANSIENT
    is_dead = _ABOUT_REFRESH_TOKEN.search(words) and not _ABOUT_KIND_OF_GRANT.search(words)
    return Kind.USER if is_dead and status < 500 else known
