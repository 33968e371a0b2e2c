"""Replace a working connector's secret: the new one is tried first, and the old one kept for a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from audit.actor import Actor
from connectors.actions.save_authentication import save_authentication
from connectors.actions.test_connection import Finding, test_connection
from connectors.errors import ConnectorError
from connectors.models import Connector
from harriet.lib.secret import Secret
from harriet.people.models import User
from harriet.people.permissions import demand
from harriet.people.roles import Power
from vault.open import open_unsaved
from vault.queries import credential_of


class SecretNotTaken(ConnectorError):
    """The server did not work with the new secret, so nothing was changed."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        said = next(finding.sentence for finding in findings if finding.kind == "danger")
        super().__init__(
            f"{said} That was a try: nothing was changed, and the saved secret is still in use. Enter the right one, "
            "or switch without a working test.",
            field="secret",
        )
        self.findings = findings


def is_replacing(connector: Connector) -> bool:
    """Whether a secret that is entered now takes the place of one that calls are made with."""
    return connector.state != Connector.State.DRAFT and credential_of(connector.id) is not None


def replace_secret(
    connector: Connector,
    *,
    type: str,
    secret: Secret,
    username: str = "",
    placement: Mapping[str, Any] | None = None,
    owner: User | None = None,
    rotate_every_days: int | None = None,
    is_untested: bool = False,
    actor: Actor,
) -> list[Finding]:
    """What the server said to the new secret. Raises SecretNotTaken, and CredentialRefused for one that can't be sent.

    `is_untested` switches whatever the server says, for one that is down at the moment.
    """
    demand(actor, connector.organization, Power.MANAGE_CREDENTIALS)
    findings = test_connection(
        connector,
        candidate=lambda: open_unsaved(type, secret, username=username, placement=placement or {}),
        actor=actor,
    )
    if not is_untested and any(finding.kind == "danger" for finding in findings):
        raise SecretNotTaken(findings)
    save_authentication(
        connector,
        type=type,
        secret=secret,
        username=username,
        placement=placement,
        owner=owner,
        rotate_every_days=rotate_every_days,
        actor=actor,
    )
    return findings
