"""The endpoints that AI clients call: register, token, revoke, introspect, device authorization. As thin as pages."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from harriet.people.models import Organization
from harriet.signin.actions.register_client import register_client
from harriet.signin.attempts import may_read_document
from harriet.signin.pages.for_clients import for_clients, json_answer
from harriet.signin.protocol.client_metadata import ClientMetadata, read_metadata
from harriet.signin.protocol.id_jag import JWT_BEARER
from harriet.signin.protocol.problems import OAuthProblem
from harriet.signin.server.assertions import answer_assertion
from harriet.signin.server.authorizing_devices import begin_device_flow
from harriet.signin.server.connection_notes import (
    note_device_code,
    note_refused_registration,
    note_registration,
    note_token,
)
from harriet.signin.server.documents import is_document_address
from harriet.signin.server.endpoints import Server
from harriet.signin.server.introspection import introspect, revoke

LARGEST_METADATA = 16 * 1024
"""Bytes."""


@for_clients("POST")
@sensitive_post_parameters()
@sensitive_variables()
def token(request: HttpRequest, organization: Organization) -> HttpResponse:
    _check_form(request)
    if request.POST.get("grant_type") == JWT_BEARER:
        answer = answer_assertion(organization, request.POST, credentials_of(request))
    else:
        server = Server(organization)
        answer = server.answer_token_request(request.POST, credentials_of(request))
        note_token(organization, server, request.POST, answer)
    return json_answer(dict(answer.body), answer.status, dict(answer.headers))


@for_clients("POST")
@sensitive_variables()
def register(request: HttpRequest, organization: Organization) -> HttpResponse:
    """RFC 7591 §3. The answer says all that holds of the client, and its secret, this once."""
    metadata = _metadata_in(request, organization)
    registered = register_client(organization, metadata)
    application = registered.application
    note_registration(application, metadata)
    said: dict[str, Any] = {
        "client_id": application.client_id,
        "client_id_issued_at": int(application.created.timestamp()),
        **metadata.said,
    }
    if registered.secret is not None:
        said |= {"client_secret": registered.secret.reveal(), "client_secret_expires_at": 0}
    return json_answer(said, 201)


@for_clients("POST")
@sensitive_post_parameters()
@sensitive_variables()
def revocation(request: HttpRequest, organization: Organization) -> HttpResponse:
    """RFC 7009 §2.2: a token that is nobody's, or another client's, is as good as revoked."""
    _check_form(request)
    answer = revoke(Server(organization), request.POST, credentials_of(request))
    return json_answer(dict(answer.body), answer.status, dict(answer.headers)) if answer else HttpResponse(status=200)


@for_clients("POST")
@sensitive_post_parameters()
@sensitive_variables()
def introspection(request: HttpRequest, organization: Organization) -> HttpResponse:
    _check_form(request)
    answer = introspect(Server(organization), request.POST, credentials_of(request))
    return json_answer(dict(answer.body), answer.status, dict(answer.headers))


@for_clients("POST")
@sensitive_post_parameters()
@sensitive_variables()
def device_authorization(request: HttpRequest, organization: Organization) -> HttpResponse:
    _check_form(request)
    is_document = is_document_address(request.POST.get("client_id", ""))
    server = Server(organization, may_fetch=is_document and may_read_document(request, organization.pk))
    answer = begin_device_flow(server, organization, request.POST, credentials_of(request))
    note_device_code(organization, request.POST, answer)
    return json_answer(dict(answer.body), answer.status, dict(answer.headers))


def credentials_of(request: HttpRequest) -> dict[str, str]:
    """The headers that oauthlib and the library's validator read, each in the spelling that they want."""
    scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
    found = {"Content-Type": request.headers.get("Content-Type", "")}
    if scheme.lower() == "basic":
        found["HTTP_AUTHORIZATION"] = f"Basic {rest.strip()}"
    return found


def _check_form(request: HttpRequest) -> None:
    """Raises OAuthProblem."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise OAuthProblem("invalid_request", "Send the parameters as application/x-www-form-urlencoded.")
    if request.META.get("QUERY_STRING"):
        raise OAuthProblem("invalid_request", "The parameters belong into the body, not into the address.")


def _metadata_in(request: HttpRequest, organization: Organization) -> ClientMetadata:
    """Raises OAuthProblem."""
    try:
        return read_metadata(_json_in(request))
    except OAuthProblem as problem:
        note_refused_registration(organization, problem)
        raise


def _json_in(request: HttpRequest) -> Any:
    """Raises OAuthProblem."""
    if len(request.body) > LARGEST_METADATA:
        raise OAuthProblem(
            "invalid_client_metadata", f"Client metadata has at most {LARGEST_METADATA // 1024} KiB.", status=413
        )
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError):
        raise OAuthProblem("invalid_client_metadata", "Client metadata is sent as a JSON object.") from None
