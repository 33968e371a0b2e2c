"""What a token is worth (RFC 7662), and giving one back (RFC 7009): both for a client that proves who it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import QueryDict
from oauthlib.oauth2.rfc6749 import errors

from harriet.signin.actions.end_tokens import BY_CLIENT, end_family
from harriet.signin.actions.issue_tokens import checksum
from harriet.signin.models import Application, ConnectedApp, IssuedToken, RefreshToken
from harriet.signin.protocol.addresses import issuer_of
from harriet.signin.server.endpoints import Server, TokenAnswer, proved_client, refused
from harriet.signin.server.standing import profile_behind

_INACTIVE = TokenAnswer(200, {"active": False})


def revoke(server: Server, form: QueryDict, headers: Mapping[str, str]) -> TokenAnswer | None:
    """All tokens of the sign-in that the token is of. None when it is done, or nothing was to be done."""
    client = _proved(server, form, headers)
    if isinstance(client, TokenAnswer):
        return client
    family = _family_of(str(form["token"]), client)
    if family is not None:
        end_family(family, BY_CLIENT)
    return None


def introspect(server: Server, form: QueryDict, headers: Mapping[str, str]) -> TokenAnswer:
    """A client that registered itself learns of its own tokens; one that an admin made, of every token here."""
    client = _proved(server, form, headers)
    if isinstance(client, TokenAnswer):
        return client
    if client.client_type != Application.CLIENT_CONFIDENTIAL:
        return refused({"error": "invalid_client", "error_description": "Only a client with a secret may ask."})
    sees_all = client.registration_source == Application.RegistrationSource.MANUAL
    token = str(form["token"])
    return _of_access(token, client, server, sees_all) or _of_refresh(token, client, server) or _INACTIVE


def _proved(server: Server, form: QueryDict, headers: Mapping[str, str]) -> Application | TokenAnswer:
    """The client, or what it is told instead."""
    repeated = any(len(values) > 1 for name, values in form.lists())
    if repeated or not form.get("token"):
        return refused({"error": "invalid_request", "error_description": "Send one token."})
    try:
        return proved_client(server, form, headers)
    except errors.OAuth2Error as error:
        return refused({"error": str(error.error), "error_description": str(error.description)})


def _family_of(token: str, client: Application) -> UUID | None:
    mark = checksum(token)
    is_it = Q(token_checksum=mark) | Q(access_token__token_checksum=mark)
    refresh = RefreshToken.objects.filter(is_it, application=client).first()
    return refresh.token_family if refresh is not None else None


def _of_access(token: str, client: Application, server: Server, sees_all: bool) -> TokenAnswer | None:
    rows = IssuedToken.objects.select_related("connected_app", "gateway_token", "application")
    issued = rows.filter(token_checksum=checksum(token), application__organization=client.organization_id).first()
    if issued is None or not (sees_all or issued.application_id == client.pk):
        return None
    opening = issued.gateway_token
    if opening is None or opening.revoked_at is not None or opening.expires_at <= server.validator.now:
        return _INACTIVE
    claims = {"exp": int(opening.expires_at.timestamp()), "scope": opening.scopes}
    return _active(issued.connected_app, server, claims | {"iat": int(issued.created.timestamp())})


def _of_refresh(token: str, client: Application, server: Server) -> TokenAnswer | None:
    rows = RefreshToken.objects.select_related("connected_app")
    row = rows.filter(token_checksum=checksum(token), application=client, revoked=None).first()
    if row is None or row.connected_app is None:
        return None
    return _active(row.connected_app, server, {"exp": int(row.connected_app.expires_at.timestamp())})


def _active(app: ConnectedApp | None, server: Server, claims: dict[str, Any]) -> TokenAnswer:
    profile = profile_behind(app, server.validator.now)
    if profile is None or app is None:
        return _INACTIVE
    said = {
        "active": True,
        "client_id": app.application.client_id,
        "sub": str(app.user_id),
        "aud": profile.url,
        "iss": issuer_of(app.organization.slug),
        "token_type": "Bearer",
        **claims,
    }
    return TokenAnswer(200, said)
