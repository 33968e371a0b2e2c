"""oauthlib's endpoints, put together for one organization: the grants that Harriet offers, and no others."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.db import transaction
from django.http import QueryDict
from oauthlib.common import Request
from oauthlib.oauth2 import FatalClientError
from oauthlib.oauth2.rfc6749 import errors
from oauthlib.oauth2.rfc6749.endpoints import AuthorizationEndpoint, RevocationEndpoint, TokenEndpoint
from oauthlib.oauth2.rfc6749.grant_types import AuthorizationCodeGrant, RefreshTokenGrant
from oauthlib.oauth2.rfc6749.tokens import BearerToken
from oauthlib.oauth2.rfc8628.grant_types import DeviceCodeGrant

from harriet.people.models import Organization
from harriet.people.tokens import new_token
from harriet.signin.actions.issue_tokens import ACCESS_LASTS
from harriet.signin.actions.use_refresh_token import AnsweredBefore
from harriet.signin.models import Application
from harriet.signin.protocol.client_metadata import DEVICE_GRANT
from harriet.signin.server.validator import Validator

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
"""An S256 challenge: 32 bytes in base64url without padding (RFC 7636 §4.2)."""
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_NOT_PROVED = "The client is not known here, or did not prove that it is the one it says."
_MAY_REPEAT = frozenset({"resource"})
_PARAMETERS = frozenset(
    {"assertion", "client_id", "client_secret", "code", "code_challenge", "code_challenge_method", "code_verifier"}
    | {"device_code", "grant_type", "prompt", "redirect_uri", "refresh_token", "resource", "response_mode"}
    | {"response_type", "scope", "state", "token", "token_type_hint"}
)
"""What is read of a request: oauthlib would take any other name for an attribute of its own, such as `client`."""

__all__ = ["FatalClientError", "Server", "TokenAnswer"]


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """What the token endpoint says: a status, and the members of a JSON object."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_error(self) -> bool:
        return self.status >= 400


class Server(AuthorizationEndpoint, TokenEndpoint, RevocationEndpoint):
    """For one request. Another kind of grant is one more line of `grant_types`, and its class."""

    def __init__(self, organization: Organization, *, may_fetch: bool = False) -> None:
        self.validator = validator = Validator(organization, may_fetch=may_fetch)
        bearer = BearerToken(
            validator,
            token_generator=lambda _: new_token("oauth").secret.reveal(),
            expires_in=int(ACCESS_LASTS.total_seconds()),
            refresh_token_generator=lambda _: new_token("refresh").secret.reveal(),
        )
        code = AuthorizationCodeGrant(validator, post_auth=[_only_s256], pre_token=[_begin])
        AuthorizationEndpoint.__init__(self, "code", bearer, {"code": code})  # type: ignore[arg-type]
        TokenEndpoint.__init__(
            self,
            "authorization_code",
            bearer,  # type: ignore[arg-type]  # (the stubs name its key)
            {
                "authorization_code": code,
                "refresh_token": RefreshTokenGrant(validator, pre_token=[_begin]),
                DEVICE_GRANT: DeviceCodeGrant(validator, pre_token=[_begin]),
            },
        )
        RevocationEndpoint.__init__(self, validator)

    def answer_token_request(self, form: QueryDict, headers: Mapping[str, str]) -> TokenAnswer:
        """Everything that it changes, it changes in one transaction, and keeps when the answer is a refusal: a code
        that is used twice ends its tokens."""
        with transaction.atomic():
            try:
                _refuse_repeated(form)
                _refuse_two_proofs(form, headers)
                _, body, status = self.create_token_response("/", "POST", encoded(form), dict(headers))
            except AnsweredBefore as before:
                return TokenAnswer(200, before.answer)
            except errors.OAuth2Error as error:
                body, status = error.json, error.status_code
        return refused(json.loads(body)) if status >= 400 else TokenAnswer(status, json.loads(body))


def encoded(sent: QueryDict) -> str:
    """The parameters that mean something, in oauthlib's spelling. One without a value counts as left out (RFC 6749
    §3.1, §3.2)."""
    return urlencode([(name, one) for name, values in sent.lists() if name in _PARAMETERS for one in values if one])


def proved_client(server: Server, form: QueryDict, headers: Mapping[str, str]) -> Application:
    """Who asks at an endpoint that gives no tokens, proved as for one (RFC 6749 §3.2.1). Raises OAuth2Error."""
    request: Any = Request("/", "POST", encoded(form), dict(headers))
    validator: Any = server.validator
    _refuse_two_proofs(form, headers)
    if validator.client_authentication_required(request):
        is_proved = validator.authenticate_client(request)
    else:
        is_proved = validator.authenticate_client_id(request.client_id, request)
    if not is_proved:
        raise errors.InvalidClientError(request=request)
    client: Application = request.client
    return client


def refused(body: Mapping[str, Any]) -> TokenAnswer:
    """RFC 6749 §5.2: only a client that can't prove itself gets 401, with a way to do so."""
    if body.get("error") == "invalid_client":
        said = {**body, "error_description": body.get("error_description") or _NOT_PROVED}
        return TokenAnswer(401, said, {"WWW-Authenticate": 'Basic realm="Harriet", charset="UTF-8"'})
    return TokenAnswer(400, body)


def _refuse_repeated(form: QueryDict) -> None:
    """RFC 6749 §3.2: none more than once, but those of RFC 8707."""
    for name, values in form.lists():
        if name in _PARAMETERS and len(values) > 1 and name not in _MAY_REPEAT:
            raise errors.InvalidRequestError(description="A parameter is there more than once.")
    if not form.get("grant_type"):
        raise errors.InvalidRequestError(description="Missing grant_type parameter.")


def _refuse_two_proofs(form: QueryDict, headers: Mapping[str, str]) -> None:
    """RFC 6749 §2.3: a client proves itself in one way."""
    if headers.get("HTTP_AUTHORIZATION") and form.get("client_secret"):
        raise errors.InvalidRequestError(description="Send the client's secret in the header or in the body, not both.")


def _begin(request: Any) -> None:
    """What the validator keeps of one token request; called before anything is looked up."""
    request.resources = [value for name, value in request.decoded_body or [] if name == "resource" and value]
    request.code_row = request.refresh_row = request.device_row = None
    verifier = request.code_verifier
    if verifier is not None and not _VERIFIER.fullmatch(verifier):
        raise errors.InvalidGrantError(description="The code_verifier has 43 to 128 characters.", request=request)


def _only_s256(request: Any) -> dict[str, str]:
    """Nobody sends the verifier itself (RFC 9700 §2.1.1). Raises what goes back to the client."""
    repeated = set(request.duplicate_params) - _MAY_REPEAT
    if repeated:
        raise errors.InvalidRequestError(description="A parameter is there more than once.", request=request)
    if request.code_challenge_method != "S256":
        raise errors.InvalidRequestError(description="code_challenge_method has to be S256.", request=request)
    if not _CHALLENGE.fullmatch(request.code_challenge or ""):
        raise errors.InvalidRequestError(description="The code_challenge is no S256 challenge.", request=request)
    if request.response_mode not in {None, "query"}:
        raise errors.InvalidRequestError(description="The only response_mode is query.", request=request)
    return {}
