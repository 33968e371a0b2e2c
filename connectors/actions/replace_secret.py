"""Replace how Harriet signs in to a server: the new secret is tried first, and the old one kept for a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from audit.actor import Actor
from connectors.actions.record_health import record_health
from connectors.actions.save_authentication import is_by_oauth, save_authentication
from connectors.actions.sign_in_by_oauth import token_on_trial
from connectors.actions.test_connection import test_connection
from connectors.errors import ConnectorError
from connectors.inspect.findings import AUTHENTICATION, Finding, is_working
from connectors.inspect.look import Candidate
from connectors.inspect.sign_in import SignInFound, find_sign_in
from connectors.models import Connector
from harriet.lib.secret import Secret
from harriet.people.models import User
from harriet.people.permissions import demand
from harriet.people.roles import Power
from vault.actions.change_schedule import change_schedule
from vault.compare import is_same_credential
from vault.errors import CredentialRefused
from vault.open import open_unsaved
from vault.opened import OpenCredential
from vault.queries import credential_of
from vault.rules import check_credential
from vault.types.base import EXCHANGE
from vault.types.oauth import sent_with
from vault.types.registry import NO_CREDENTIAL_TYPE, TYPES

NOTHING_TO_TRY = (
    "It was saved without a try: Harriet has no company sign-in of yours that is good, so there was nothing of yours "
    "to exchange. Sign in to Harriet by your company’s sign-in, then test the connection."
)


class SecretNotTaken(ConnectorError):
    """The server did not work with the new secret, so nothing was changed."""

    def __init__(self, findings: Sequence[Finding], *, has_saved: bool) -> None:
        said = next(finding.sentence for finding in findings if finding.kind == "danger")
        kept = "the saved secret is still in use" if has_saved else "no secret is saved"
        super().__init__(
            f"{said} That was a try: nothing was changed, and {kept}. Enter the right one, or switch without a working "
            "test.",
            field="secret",
        )
        self.findings = findings


def is_tried_first(connector: Connector) -> bool:
    """Whether what is entered now takes the place of what calls are made with, or of a secret that may be right."""
    return connector.state != Connector.State.DRAFT or credential_of(connector.id) is not None


def replace_secret(
    connector: Connector,
    *,
    type: str,
    secret: Secret | None,
    username: str = "",
    placement: Mapping[str, Any] | None = None,
    owner: User | None = None,
    rotate_every_days: int | None = None,
    in_use: int | None = None,
    is_untested: bool = False,
    actor: Actor,
) -> list[Finding]:
    """What the server said to the new secret, or to none. Raises SecretNotTaken, and CredentialRefused for one that
    can't be sent, and when another version than `in_use` is in use by now.

    `is_untested` switches without asking the server, for one that is down at the moment: nothing was found then. The
    very secret that is in use already replaces nothing, so that the one before it stays within reach.
    """
    demand(actor, connector.organization, Power.MANAGE_CREDENTIALS)
    place, secret = dict(placement or {}), None if type == NO_CREDENTIAL_TYPE else secret
    schedule: dict[str, Any] = {"owner": owner, "rotate_every_days": rotate_every_days, "actor": actor}
    if secret is not None and is_same_credential(connector.id, type, secret, username=username, placement=place):
        change_schedule(connector.organization, connector.id, **schedule)
        return []
    found, candidate = None, None
    if secret is not None and is_by_oauth(type):
        place = check_credential(type, secret, username=username, placement=place)
        found = find_sign_in(connector, type, secret, place)
        candidate = None if is_untested else _token(connector, type, secret, found, actor)
    else:
        candidate = _candidate(type, secret, username, place)
    findings = [] if is_untested or candidate is None else _tried(connector, candidate, actor=actor)
    if candidate is None and not is_untested and secret is not None and TYPES[type].signs_in_by == EXCHANGE:
        findings = [Finding("attention", AUTHENTICATION, NOTHING_TO_TRY)]
    save_authentication(
        connector, type=type, secret=secret, username=username, placement=place, in_use=in_use, found=found, **schedule
    )
    if findings and is_working(findings) and connector.state == Connector.State.ACTIVE:
        record_health(connector, Connector.Health.UP, "")
    return findings


def _candidate(type_: str, secret: Secret | None, username: str, placement: Mapping[str, Any]) -> Candidate:
    if type_ == NO_CREDENTIAL_TYPE or secret is None:
        return OpenCredential
    return lambda: open_unsaved(type_, secret, username=username, placement=placement)


def _token(connector: Connector, type_: str, secret: Secret, found: SignInFound, actor: Actor) -> Candidate | None:
    """One token, for as often as it is tried. Raises SecretNotTaken with what the provider said."""
    try:
        first = token_on_trial(connector, type_, secret, found, actor=actor)
    except CredentialRefused as refused:
        finding = Finding("danger", AUTHENTICATION, refused.message)
        raise SecretNotTaken([finding], has_saved=credential_of(connector.id) is not None) from None
    if first is None:
        return None
    (token,) = first.secrets
    return lambda: sent_with(token)


def _tried(connector: Connector, candidate: Candidate, *, actor: Actor) -> list[Finding]:
    findings = test_connection(connector, candidate=candidate, actor=actor)
    if any(finding.kind == "danger" for finding in findings):
        raise SecretNotTaken(findings, has_saved=credential_of(connector.id) is not None)
    return findings
