"""Takes a provider's answer to a sign-in: once, proved, and kept sealed until the browser that asked fetches it.

No audit event: nobody is signed in by it yet, and what can't be proved is nobody's word.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from lxml import etree

from harriet.lib.database_clock import database_now
from harriet.lib.sealed import NotSealedHere
from harriet.people.errors import PeopleError
from harriet.signin.addresses import addresses_of
from harriet.signin.claims import Claims, claims_from
from harriet.signin.errors import SignInRefused, refused
from harriet.signin.models import IdentityProvider, SeenAssertion, SignInAttempt
from harriet.signin.oidc.code_flow import check_answer, exchange_code, userinfo
from harriet.signin.oidc.discovery import read_keys
from harriet.signin.oidc.tokens import Keys, check_access_token, check_id_token
from harriet.signin.provider_queries import names_of_claims, reach_of_provider, secret_of
from harriet.signin.saml.response import NOT_ASKED, Expected, asserted, decoded, request_id_of
from harriet.signin.sso_sealing import open_attempt, seal_attempt

READ_ANEW_EVERY = 60
"""Seconds between two looks at a provider's keys because an answer named an unknown one."""
KEYS_GOOD = 3600
"""Seconds after which keys are read anew in any case: one that the provider took back signs nobody in any more."""


def attempt_with(provider: IdentityProvider, state: str) -> SignInAttempt:
    """The open one with this `state` or request id, at this provider. Raises SignInRefused."""
    found = SignInAttempt.objects.select_related("provider__organization", "begun_by").filter(
        provider=provider, state_hash=sha256(state.encode()).digest(), answered_at=None, expires_at__gt=Now()
    )
    attempt = found.first() if state else None
    if attempt is None:
        raise SignInRefused(NOT_ASKED)
    return attempt


def take_code(attempt: SignInAttempt, answer: Mapping[str, str]) -> Claims:
    """OpenID Connect. Raises SignInRefused."""
    provider = attempt.provider
    code = check_answer(answer, provider.endpoints, provider.issuer)
    bound = json.loads(open_attempt(bytes(attempt.sealed or b""), attempt.pk))
    _claim(attempt)
    said = _exchanged(provider, code, bound["verifier"])
    token = check_id_token(
        said["id_token"],
        issuer=provider.issuer,
        client_id=provider.client_id,
        nonce=bound["nonce"],
        keys=keys_of(provider),
        now=datetime.now(UTC).timestamp(),
    )
    check_access_token(str(said.get("access_token", "")), said["id_token"], token)
    claims = _with_userinfo(provider, token, said)
    renews = provider.renews_sign_ins and not attempt.is_test
    refresh = said.get("refresh_token") if renews else None
    _keep(attempt, claims, said["id_token"], token["exp"], refresh if isinstance(refresh, str) else "")
    return claims


def _exchanged(provider: IdentityProvider, code: str, verifier: str) -> Mapping[str, Any]:
    try:
        secret = secret_of(provider)
    except NotSealedHere:
        raise refused("Harriet can’t open the provider’s client secret. An owner saves it again.") from None
    return exchange_code(
        code,
        endpoints=provider.endpoints,
        client_id=provider.client_id,
        secret=secret,
        redirect_uri=addresses_of(provider.pk).callback,
        verifier=verifier,
        reach=reach_of_provider(provider.organization),
    )


def _with_userinfo(provider: IdentityProvider, token: dict[str, Any], said: Mapping[str, Any]) -> Claims:
    """The ID token's claims count; what it lacks is asked for."""
    names = names_of_claims(provider)
    wanted = [name for name in (names.email, names.name, names.employee_id, names.groups) if name]
    more: Mapping[str, Any] = {}
    if any(name not in token for name in wanted):
        reach = reach_of_provider(provider.organization)
        more = userinfo(provider.endpoints, str(said.get("access_token", "")), str(token["sub"]), reach)
    all_said = {**more, **token}
    return claims_from(all_said, token["sub"], names, sid=str(token.get("sid", "")))


def keys_of(provider: IdentityProvider) -> Keys:
    """As they were read within the hour; anew when asked for, but not more often than once a minute. A provider that
    does not answer just now is believed by the keys that it had."""

    def keys(is_anew: bool) -> Mapping[str, Any]:
        if (is_anew or _are_old(provider)) and _may_read_anew(provider):
            with suppress(PeopleError):
                reach = reach_of_provider(provider.organization)
                provider.keys = dict(read_keys(provider.endpoints["jwks_uri"], reach))
                IdentityProvider.objects.filter(pk=provider.pk).update(keys=provider.keys)
        known: Mapping[str, Any] = provider.keys
        return known

    return keys


def _are_old(provider: IdentityProvider) -> bool:
    return provider.read_at is not None and (database_now() - provider.read_at).total_seconds() >= KEYS_GOOD


def _may_read_anew(provider: IdentityProvider) -> bool:
    """Compare-and-set: of many who meet a new key at once, one reads."""
    now, before = database_now(), provider.read_at
    if before is not None and (now - before).total_seconds() < READ_ANEW_EVERY:
        provider.refresh_from_db(fields=["keys"])
        return False
    if not IdentityProvider.objects.filter(pk=provider.pk, read_at=before).update(read_at=now):
        return False
    provider.read_at = now
    return True


def take_assertion(provider: IdentityProvider, response: str) -> SignInAttempt:
    """SAML: the form field as it was posted. Raises SignInRefused."""
    root: etree._Element = decoded(response)
    request_id = request_id_of(root)
    attempt = attempt_with(provider, request_id)
    ours = addresses_of(provider.pk)
    expected = Expected(
        issuer=provider.issuer,
        certificates=provider.keys.get("certificates", []),
        entity_id=ours.entity_id,
        acs_url=ours.acs,
        names=names_of_claims(provider),
    )
    found = asserted(root, expected, request_id, database_now())
    with transaction.atomic():
        _claim(attempt)
        remember(provider, found.assertion_id, found.good_until)
        _keep(attempt, found.claims)
    return attempt


def remember(provider: IdentityProvider, assertion_id: str, until: datetime) -> None:
    """Raises SignInRefused for one that was taken before."""
    try:
        with transaction.atomic():
            SeenAssertion.objects.create(
                provider=provider, id_hash=sha256(assertion_id.encode()).digest(), expires_at=until
            )
    except IntegrityError:
        raise refused("this answer of the identity provider was used already.") from None


def _claim(attempt: SignInAttempt) -> None:
    """One answer to each question, also when two come at once."""
    if not SignInAttempt.objects.filter(pk=attempt.pk, answered_at=None).update(answered_at=Now()):
        raise SignInRefused(NOT_ASKED)


def _keep(
    attempt: SignInAttempt, claims: Claims, id_token: str = "", good_until: float = 0, refresh_token: str = ""
) -> None:
    tokens = {"id_token": id_token, "refresh_token": refresh_token, "good_until": good_until}
    kept = {"claims": claims.to_bytes().decode(), **tokens}
    attempt.sealed = seal_attempt(json.dumps(kept).encode(), attempt.pk)
    SignInAttempt.objects.filter(pk=attempt.pk).update(sealed=attempt.sealed)
