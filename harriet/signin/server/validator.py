"""What oauthlib's grants ask of Harriet: django-oauth-toolkit's validator, for one organization and with hashed codes.

Nothing here decides on a global client id or redirects: oauthlib runs the grants' steps in the RFCs' order, and each
question is answered from this organization's rows.
"""

# mypy: disable-error-code="override"
# (The types of oauthlib's hooks know neither Django's models nor what this server's `_begin` notes on a request.)

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.oauth2.rfc6749 import errors

from connectors.access.scopes import SCOPES
from harriet.lib.database_clock import database_now
from harriet.lib.ids import new_id
from harriet.people.models import Organization
from harriet.signin.actions.end_tokens import CODE_REUSED, end_family, lock_app
from harriet.signin.actions.issue_code import CodeBound, issue_code
from harriet.signin.actions.issue_tokens import Pair, checksum, issue_tokens
from harriet.signin.actions.use_device_code import take_device_code
from harriet.signin.actions.use_refresh_token import AnsweredBefore, keep_answer, take_refresh_token
from harriet.signin.models import Application, AuthorizationCode, ConnectedApp, RefreshToken
from harriet.signin.protocol.client_metadata import DEVICE_GRANT
from harriet.signin.protocol.client_secrets import is_secret
from harriet.signin.protocol.problems import OAuthProblem
from harriet.signin.protocol.redirects import is_allowed
from harriet.signin.server.clients import client_problem, find_client
from harriet.signin.server.standing import is_resource_of, profile_behind


class Validator(OAuth2Validator):
    """For one request. `may_fetch` where a client's document may be asked for."""

    def __init__(self, organization: Organization, *, may_fetch: bool = False) -> None:
        super().__init__()
        self._organization, self._may_fetch = organization, may_fetch
        self.now: datetime = database_now()
        self.client: Application | None = None
        """Who asks, and for which connected app: as far as was found out, for the connection doctor."""
        self.app: ConnectedApp | None = None

    # Who asks

    def _load_application(self, client_id: str, request: Any) -> Application | None:
        if request.client is None or request.client.client_id != client_id:
            request.client = find_client(self._organization, client_id or "", may_fetch=self._may_fetch)
        self.client = request.client
        return self.client

    def _check_secret(self, provided_secret: str, stored_secret: str) -> bool:
        """A public client that sends an empty secret only says its id in another way."""
        return is_secret(provided_secret, stored_secret) if stored_secret else not provided_secret

    def _authenticate_basic_auth(self, request: Any) -> bool:
        """The body may say the id once more, and no other one."""
        if not super()._authenticate_basic_auth(request):  # type: ignore[no-untyped-call]
            return False
        return bool(not request.client_id or request.client_id == request.client.client_id)

    def _authenticate_request_body(self, request: Any) -> bool:
        """A header that proves nothing is not made good by what stands in the body."""
        if self._extract_basic_auth(request):  # type: ignore[no-untyped-call]
            return False
        return bool(super()._authenticate_request_body(request))  # type: ignore[no-untyped-call]

    # What may be asked

    def validate_redirect_uri(self, client_id: str, redirect_uri: str, request: Any, *args: Any, **kwargs: Any) -> bool:
        return is_allowed(redirect_uri, request.client.redirect_uris.split())

    def validate_response_type(
        self, client_id: str, response_type: str, client: Application, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        """Raises what the client hears: nobody may use another one, so it is not this client that may not."""
        if response_type != "code":
            raise errors.UnsupportedResponseTypeError(request=request)
        return True

    def is_pkce_required(self, client_id: str, request: Any) -> bool:
        return True

    def get_default_scopes(self, client_id: str, request: Any, *args: Any, **kwargs: Any) -> list[str]:
        return list(SCOPES)

    def validate_scopes(
        self, client_id: str, scopes: list[str], client: Application, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        """Those that are known of what was asked for: many clients ask for `openid` or `offline_access` whatever a
        server offers, and the answer says what they got (RFC 6749 §3.3)."""
        request.scopes = [scope for scope in SCOPES if scope in scopes]
        return bool(request.scopes)

    def validate_grant_type(
        self, client_id: str, grant_type: str, client: Application, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        if problem := client_problem(client):
            raise errors.UnauthorizedClientError(description=problem.message, request=request)
        if grant_type == DEVICE_GRANT:
            return client.authorization_grant_type == Application.GRANT_DEVICE_CODE
        return grant_type in {"authorization_code", "refresh_token"}

    # Authorization codes

    def save_authorization_code(
        self, client_id: str, code: dict[str, str], request: Any, *args: Any, **kwargs: Any
    ) -> None:
        bound = CodeBound(request.redirect_uri, request.code_challenge, " ".join(request.scopes), request.profile_url)
        issue_code(request.connected_app, code["code"], bound, now=self.now)

    def validate_code(
        self, client_id: str, code: str, client: Application, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        """App and code are locked: of two that come with the same code, the second finds it used."""
        codes = AuthorizationCode.objects.filter(code=checksum(code), application=client)
        lock_app(codes.values_list("connected_app", flat=True).first())
        row = codes.select_related("connected_app").select_for_update(of=("self",)).first()
        if row is None:
            return False
        self.app = row.connected_app
        if RefreshToken.objects.filter(token_family=row.pk).exists():
            end_family(row.pk, CODE_REUSED)
            return False
        if row.expires <= self.now:
            return False
        request.code_row, request.user, request.scopes = row, row.user, row.scope.split()
        return self._still_holds(row.connected_app, request)

    def get_code_challenge(self, code: str, request: Any) -> str:
        return str(request.code_row.code_challenge)

    def get_code_challenge_method(self, code: str, request: Any) -> str:
        return "S256"

    def get_default_redirect_uri(self, client_id: str, request: Any, *args: Any, **kwargs: Any) -> str:
        """A token request may leave it out (OAuth 2.1 §10): the code is bound by its challenge."""
        row: AuthorizationCode | None = getattr(request, "code_row", None)
        return str(row.redirect_uri if row is not None else request.client.default_redirect_uri)

    def confirm_redirect_uri(
        self, client_id: str, code: str, redirect_uri: str, client: Application, request: Any, *args: Any, **kw: Any
    ) -> bool:
        if redirect_uri != request.code_row.redirect_uri:
            raise errors.InvalidGrantError(description="The code was sent to another redirect URI.", request=request)
        return True

    def invalidate_authorization_code(self, client_id: str, code: str, request: Any, *args: Any, **kwargs: Any) -> None:
        """It is used as soon as there are tokens of its family; the row stays to tell a second use."""

    # Refresh tokens, device codes

    def validate_refresh_token(
        self, refresh_token: str, client: Application, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        try:
            row = take_refresh_token(refresh_token, client, self.now)
        except AnsweredBefore as before:
            self.app = before.app
            if self._still_holds(before.app, request):
                raise
            return False
        self.app = row.connected_app if row is not None else None
        if row is None or row.access_token is None or not self._still_holds(row.connected_app, request):
            return False
        request.refresh_row, request.user = row, row.user
        return True

    def get_original_scopes(self, refresh_token: str, request: Any, *args: Any, **kwargs: Any) -> list[str]:
        """Never more than the person allows by now."""
        row: RefreshToken = request.refresh_row
        granted = row.access_token.scope.split() if row.access_token else []
        return [scope for scope in granted if scope in request.app.scopes.split()]

    def validate_device_code(
        self, client_id: str, device_code: str, request: Any, *args: Any, **kwargs: Any
    ) -> str | None:
        status, row = take_device_code(device_code, request.client, self.now)
        if row is None or row.connected_app is None or status != "authorized":
            return status
        self.app = row.connected_app
        if not self._still_holds(row.connected_app, request):
            return None
        request.device_row, request.user, request.scopes = row, row.user, row.scope.split()
        return status

    def _still_holds(self, app: ConnectedApp | None, request: Any) -> bool:
        profile = profile_behind(app, self.now)
        if profile is None or app is None:
            return False
        if not is_resource_of(profile, request.resources):
            raise errors.CustomOAuth2Error(
                error="invalid_target", description="The token is for another resource.", request=request
            )
        request.app, request.profile_url = app, profile.url
        return True

    # Tokens

    def rotate_refresh_token(self, request: Any) -> bool:
        return True

    def save_bearer_token(self, token: dict[str, Any], request: Any, *args: Any, **kwargs: Any) -> None:
        """Inside the transaction of the whole request."""
        source: RefreshToken | None = request.refresh_row
        family: UUID | None = source.token_family if source is not None else (request.code_row or request.device_row).pk
        granted = source.access_token.scope if source is not None and source.access_token else token["scope"]
        pair = Pair(
            access=token["access_token"],
            refresh=token["refresh_token"],
            scopes=token["scope"],
            granted=granted,
            resource=request.profile_url,
            family=family or new_id(),
        )
        issued = issue_tokens(
            request.app, pair, now=self.now, before=source.access_token if source is not None else None
        )
        token["expires_in"] = max(0, int((issued.expires - self.now).total_seconds()))
        if source is not None:
            keep_answer(source, dict(token), self.now)


def as_problem(error: errors.OAuth2Error) -> OAuthProblem:
    return OAuthProblem(str(error.error), str(error.description or ""), status=int(error.status_code))
