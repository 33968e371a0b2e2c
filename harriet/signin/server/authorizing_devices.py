"""Where a client without a browser begins (RFC 8628 §3.1): it gets a code to poll with, and one to show."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import QueryDict
from oauthlib.oauth2.rfc6749 import errors

from connectors.access.scopes import SCOPES
from harriet.people.models import Organization
from harriet.signin.actions.offer_device_code import INTERVAL, LASTS, offer_device_code
from harriet.signin.models import Application
from harriet.signin.protocol.addresses import issuer_of, profile_slug_in
from harriet.signin.protocol.client_metadata import DEVICE_GRANT
from harriet.signin.protocol.problems import OAuthProblem
from harriet.signin.server.endpoints import Server, TokenAnswer, proved_client, refused


def begin_device_flow(
    server: Server, organization: Organization, form: QueryDict, headers: Mapping[str, str]
) -> TokenAnswer:
    """Raises OAuthProblem."""
    if any(len(values) > 1 for name, values in form.lists()):
        raise OAuthProblem("invalid_request", "A parameter is there more than once.")
    try:
        client = proved_client(server, form, headers)
        if not server.validator.validate_grant_type(client.client_id, DEVICE_GRANT, client, None):
            raise OAuthProblem("unauthorized_client", "This client did not register for the device code grant.")
    except errors.OAuth2Error as error:
        return refused({"error": str(error.error), "error_description": str(error.description)})
    return _offered(server, organization, client, form)


def _offered(server: Server, organization: Organization, client: Application, form: QueryDict) -> TokenAnswer:
    resource, asked = form.get("resource", ""), form.get("scope", "").split()
    if resource and profile_slug_in(resource, organization.slug) is None:
        raise OAuthProblem("invalid_target", "The resource is not the URL of one of the organization's profiles.")
    scopes = [scope for scope in SCOPES if scope in asked or not asked]
    if not scopes:
        raise OAuthProblem("invalid_scope", f"The scopes here are {', '.join(SCOPES)}.")
    new = offer_device_code(organization, client, scope=" ".join(scopes), resource=resource, now=server.validator.now)
    if new is None:
        raise OAuthProblem("temporarily_unavailable", "Too many codes wait already. Try again later.", status=503)
    page = f"{issuer_of(organization.slug)}/device"
    said = {
        "device_code": new.device_code.reveal(),
        "user_code": new.user_code,
        "verification_uri": page,
        "verification_uri_complete": f"{page}?user_code={new.user_code}",
        "expires_in": int(LASTS.total_seconds()),
        "interval": INTERVAL,
    }
    return TokenAnswer(200, said)
