"""The forms that the wizard and a connector's own page share: how each is filled in, and how it is saved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectors.actions.replace_secret import SecretNotTaken, is_tried_first, replace_secret
from connectors.actions.save_access import save_access
from connectors.actions.save_authentication import check_entered_for, save_authentication
from connectors.inspect.findings import AUTHENTICATION, Finding
from connectors.models import Connector
from connectors.pages.forms import AccessForm
from connectors.pages.kept_findings import kept_test
from harriet.pages.forms import attempt
from harriet.people.pages.guards import OrganizationRequest
from vault.pages.credential_form import CredentialForm
from vault.queries import credential_of, current_version
from vault.types.registry import NO_CREDENTIAL_TYPE


def credential_form(request: OrganizationRequest, connector: Connector) -> CredentialForm:
    """Preselects what the last test found: without a demand for a credential, none."""
    credential = credential_of(connector.id)
    initial: dict[str, Any] = {"owner": request.user.pk}
    asked = _authentication_found(request, connector)
    if credential is None:
        initial |= _type_for(asked)
    return CredentialForm(
        request.POST or None,
        organization=request.organization,
        credential=credential,
        is_tried_first=is_tried_first(connector),
        issuer=next((one.issuer for one in asked if one.issuer), ""),
        initial=initial,
    )


def _authentication_found(request: OrganizationRequest, connector: Connector) -> list[Finding]:
    """What the last test says that is wanted."""
    test = kept_test(request, connector)
    return [one for one in (test.findings if test else []) if one.title == AUTHENTICATION and one.kind != "ok"]


def _type_for(asked: list[Finding]) -> dict[str, str]:
    if not asked:
        return {"type": NO_CREDENTIAL_TYPE}
    return next(({"type": one.fits} for one in asked if one.fits), {})


@dataclass(frozen=True, slots=True)
class SavedCredential:
    """What became of a credential form, as far as it was observed."""

    findings: list[Finding]
    """What the server said to the new secret before it was saved; nothing when it wasn't asked."""
    is_switched: bool
    """Whether another secret is in use now, or none instead of one; otherwise the schedule alone may be another."""


def saved_credential(
    request: OrganizationRequest, connector: Connector, form: CredentialForm
) -> SavedCredential | None:
    """None when there was nothing to save, or it was refused: the form says what is wrong."""

    def save(given: dict[str, Any]) -> SavedCredential:
        check_entered_for(connector, request.POST.get("address", connector.url))
        before = version_in_use(connector)
        try:
            findings = _save(request, connector, form, given)
        except SecretNotTaken:
            form.offers_untested = True
            raise
        return SavedCredential(findings, version_in_use(connector) != before)

    return attempt(form, save)


def _save(
    request: OrganizationRequest, connector: Connector, form: CredentialForm, given: dict[str, Any]
) -> list[Finding]:
    username, placement = form.entered
    is_none = given["type"] == NO_CREDENTIAL_TYPE
    fields: dict[str, Any] = {
        "type": given["type"],
        "secret": None if form.is_kept or is_none else given["secret"],
        "username": username,
        "placement": placement,
        "owner": given["owner"],
        "rotate_every_days": given["rotate_every_days"],
        "in_use": seen_version(request, "in_use"),
        "actor": request.actor,
    }
    is_other = fields["secret"] is not None or (is_none and version_in_use(connector))
    if is_other and is_tried_first(connector):
        return replace_secret(connector, is_untested=given["untested"], **fields)
    save_authentication(connector, **fields)
    return []


def version_in_use(connector: Connector) -> int:
    """The number of the saved secret; 0 for none."""
    credential = credential_of(connector.id)
    return current_version(credential).number if credential else 0


def seen_version(request: OrganizationRequest, field: str) -> int | None:
    """The version that the page with the form told of: what somebody else has saved since is not overwritten."""
    told = request.POST.get(field, "")
    return int(told) if told.isdecimal() and len(told) < 9 else None


def saved_access(request: OrganizationRequest, connector: Connector, form: AccessForm) -> bool:
    """As above."""

    def save(given: dict[str, Any]) -> Connector:
        return save_access(
            connector,
            groups=given["groups"],
            roles=form.chosen_roles,
            requires_confirmation=given["requires_confirmation"],
            actor=request.actor,
        )

    return attempt(form, save) is not None
