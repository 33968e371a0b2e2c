"""What a token is worth (RFC 7662), and giving one back (RFC 7009): both for a client that proves who it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import QueryDict
from oauthlib.oauth2.rfc6749 import errors

from harriet.people.models import AccessToken
from harriet.people.tokens import hash_token
from harriet.signin.actions.end_tokens import BY_CLIENT, end_alone, end_family
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
    token = str(form["token"])
    issued = _issued(token, client.organization_id)
    if (family := _family_of(token, issued, client)) is not None:
        end_family(family, BY_CLIENT)
    elif issued is not None and issued.application_id == client.pk:
        end_alone(issued, BY_CLIENT)
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


def _issued(token: str, organization_id: UUID) -> IssuedToken | None:
    """Of an access token: also of the one before the newest, which works until its own end."""
    mark = hash_token(token)
    opening = AccessToken.objects.filter(Q(token_hash=mark) | Q(previous_hash=mark), organization=organization_id)
    rows = IssuedToken.objects.select_related("connected_app", "gateway_token", "application")
    return rows.filter(gateway_token__in=opening.values("pk")).first()


def _family_of(token: str, issued: IssuedToken | None, client: Application) -> UUID | None:
    is_it = Q(token_checksum=checksum(token)) | Q(access_token=issued, access_token__isnull=False)
    refresh = RefreshToken.objects.filter(is_it, application=client).first()
    return refresh.token_family if refresh is not None else None


def _of_access(token: str, client: Application, server: Server, sees_all: bool) -> TokenAnswer | None:
    issued = _issued(token, client.organization_id)
    if issued is None or not (sees_all or issued.application_id == client.pk):
        return None
    opening = issued.gateway_token
    if opening is None or opening.revoked_at is not None:
        return _INACTIVE
    is_newest = bytes(opening.token_hash) == hash_token(token)
    until = opening.secret_until if is_newest else opening.previous_until
    if until is None or until <= server.validator.now:
        return _INACTIVE
    return _active(issued.connected_app, server, {"exp": int(until.timestamp()), "scope": opening.scopes})


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
