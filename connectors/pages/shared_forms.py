"""The forms that the wizard and a connector's own page share: how each is filled in, and how it is saved."""

from __future__ import annotations

from typing import Any

from connectors.actions.replace_secret import is_replacing, replace_secret
from connectors.actions.save_access import save_access
from connectors.actions.save_authentication import check_entered_for, save_authentication
from connectors.models import Connector
from connectors.pages.forms import AccessForm
from connectors.pages.kept_findings import kept_findings
from harriet.pages.forms import attempt
from harriet.people.pages.guards import OrganizationRequest
from vault.pages.credential_form import CredentialForm
from vault.queries import credential_of
from vault.types.registry import NO_CREDENTIAL_TYPE


def credential_form(request: OrganizationRequest, connector: Connector) -> CredentialForm:
    """Preselects what the last test found: without a demand for a credential, none."""
    credential = credential_of(connector.id)
    initial: dict[str, Any] = {"owner": request.user.pk}
    if credential is None and not _asked_for_credential(request, connector):
        initial["type"] = NO_CREDENTIAL_TYPE
    return CredentialForm(
        request.POST or None,
        organization=request.organization,
        credential=credential,
        is_replacing=is_replacing(connector),
        initial=initial,
    )


def _asked_for_credential(request: OrganizationRequest, connector: Connector) -> bool:
    findings = kept_findings(request, connector)
    return any(finding.title == "Authentication" and finding.kind != "ok" for finding in findings)


def saved_credential(request: OrganizationRequest, connector: Connector, form: CredentialForm) -> bool:
    """Whether there was something to save and it was; otherwise the form says what is wrong."""

    def save(given: dict[str, Any]) -> bool:
        username, placement = form.entered
        fields: dict[str, Any] = {
            "type": given["type"],
            "username": username,
            "placement": placement,
            "owner": given["owner"],
            "rotate_every_days": given["rotate_every_days"],
            "actor": request.actor,
        }
        secret = None if form.is_kept else given["secret"]
        check_entered_for(connector, request.POST.get("address", connector.url))
        if secret is not None and fields["type"] != NO_CREDENTIAL_TYPE and is_replacing(connector):
            replace_secret(connector, secret=secret, is_untested=given["untested"], **fields)
        else:
            save_authentication(connector, secret=secret, **fields)
        return True

    return attempt(form, save) is not None


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
