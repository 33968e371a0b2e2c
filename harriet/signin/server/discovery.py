"""What clients read before they sign in: the server's metadata (RFC 8414, OpenID Discovery), a profile's (RFC 9728)."""

from __future__ import annotations

from typing import Any

from connectors.access.scopes import SCOPES
from harriet.signin.protocol.addresses import issuer_of, resource_of
from harriet.signin.protocol.client_metadata import AUTH_METHODS, GRANTS
from harriet.signin.protocol.id_jag import ID_JAG_PROFILE, JWT_BEARER

_SECRETS = [method for method in AUTH_METHODS if method != "none"]


def server_metadata(organization_slug: str) -> dict[str, Any]:
    """The same document at all addresses where clients look for it. It has what OpenID Discovery 1.0 §3 demands;
    Harriet gives no ID tokens, so its key set is empty and no client is offered the scope openid."""
    issuer = issuer_of(organization_slug)
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "registration_endpoint": f"{issuer}/register",
        "revocation_endpoint": f"{issuer}/revoke",
        "introspection_endpoint": f"{issuer}/introspect",
        "device_authorization_endpoint": f"{issuer}/device_authorization",
        "jwks_uri": f"{issuer}/jwks",
        "scopes_supported": list(SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": [*GRANTS, JWT_BEARER],
        "authorization_grant_profiles_supported": [ID_JAG_PROFILE],
        "token_endpoint_auth_methods_supported": list(AUTH_METHODS),
        "revocation_endpoint_auth_methods_supported": list(AUTH_METHODS),
        "introspection_endpoint_auth_methods_supported": _SECRETS,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "client_id_metadata_document_supported": True,
        "prompt_values_supported": ["none", "consent"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }


def resource_metadata(organization_slug: str, profile_slug: str) -> dict[str, Any]:
    """The same for a profile that there is and for one that there isn't: nobody has said yet who asks."""
    return {
        "resource": resource_of(organization_slug, profile_slug),
        "authorization_servers": [issuer_of(organization_slug)],
        "scopes_supported": list(SCOPES),
        "bearer_methods_supported": ["header"],
        "resource_name": "Harriet",
    }
