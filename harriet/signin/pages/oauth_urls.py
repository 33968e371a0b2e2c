"""The authorization server's addresses. Clients find all but the well-known ones in its metadata."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path, re_path

from harriet.signin.pages.authorize import authorize
from harriet.signin.pages.oauth_endpoints import device_authorization, introspection, register, revocation, token
from harriet.signin.pages.type_code import type_code
from harriet.signin.pages.well_known import key_set, metadata_document, profile_document

# Mounted at the root, in the namespace "oauth".
oauth_urls: tuple[list[URLPattern | URLResolver], str] = (
    [
        re_path(  # some clients leave a slash at the end, when the person pasted one
            r"^\.well-known/oauth-protected-resource/mcp/(?P<organization>[-\w]+)/(?P<profile>[-\w]+)/?$",
            profile_document,
            name="profile_document",
        ),
        path(".well-known/oauth-authorization-server/oauth/<slug:organization>", metadata_document, name="metadata"),
        path(".well-known/openid-configuration/oauth/<slug:organization>", metadata_document, name="openid"),
        path("oauth/<slug:organization>/.well-known/openid-configuration", metadata_document, name="openid_within"),
        path("oauth/<slug:organization>/.well-known/oauth-authorization-server", metadata_document, name="within"),
        path("oauth/<slug:organization>/authorize", authorize, name="authorize"),
        path("oauth/<slug:organization>/token", token, name="token"),
        path("oauth/<slug:organization>/register", register, name="register"),
        path("oauth/<slug:organization>/revoke", revocation, name="revoke"),
        path("oauth/<slug:organization>/introspect", introspection, name="introspect"),
        path("oauth/<slug:organization>/device_authorization", device_authorization, name="device_authorization"),
        path("oauth/<slug:organization>/device", type_code, name="device"),
        path("oauth/<slug:organization>/jwks", key_set, name="jwks"),
    ],
    "oauth",
)
