"""Says what a connector tells its server of who calls."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from connectors.actions.note_definition import look_first, note_definition
from connectors.actions.replace_identity_key import make_identity_key
from connectors.audit_labels import connector_label
from connectors.errors import ConnectorError
from connectors.events import ConnectorIdentityChanged
from connectors.models import Connector, IdentityKey
from connectors.passed_identity import Attribute, How, IdentityRule, header_problem
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version
from vault.queries import credential_of

DEFAULT_HEADER = "X-Harriet-Identity"


def set_identity_passing(
    connector: Connector, how: str, header: str = "", attribute: str = "", *, refuses_local: bool = True, actor: Actor
) -> Connector:
    """Open approvals are invalidated: they were given for calls that said something else. Raises ConnectorError or
    NotAllowed."""
    demand(actor, connector.organization, Power.MANAGE_CONNECTORS)
    rule = _checked(connector, how, header.strip(), attribute, refuses_local)
    with transaction.atomic():
        connector = (
            Connector.objects.select_for_update(no_key=True, of=["self"])
            .select_related("organization")
            .get(pk=connector.pk)
        )
        if rule_of(connector) == rule:
            return connector
        look_first(connector)
        connector.identity_kind, connector.identity_header = rule.how, rule.header
        connector.identity_attribute, connector.identity_refuses_local = rule.attribute, rule.refuses_local
        connector.revision += 1
        connector.save(
            update_fields=[
                *("identity_kind", "identity_header", "identity_attribute", "identity_refuses_local", "revision"),
            ]
        )
        if rule.how == How.JWT:
            _make_sure_of_key(connector)
        said = "nothing" if rule.how == How.NONE else rule.words
        event = ConnectorIdentityChanged(connector=connector_label(connector), said=said, local=_local_words(rule))
        record(event, organization_id=connector.organization_id, actor=actor)
        note_definition(connector, by=actor, actor=actor)
        move_version(connector.organization_id)
    return connector


def _local_words(rule: IdentityRule) -> str:
    if rule.how == How.NONE:
        return "let through"
    return "refused" if rule.refuses_local else "let through without it"


def rule_of(connector: Connector) -> IdentityRule:
    return IdentityRule(
        connector.identity_kind,
        connector.identity_header,
        connector.identity_attribute,
        connector.identity_refuses_local,
    )


def _checked(connector: Connector, how: str, header: str, attribute: str, refuses_local: bool) -> IdentityRule:
    if how not in How.values:
        raise ConnectorError("Choose what the server is told.", field="identity_kind")
    if how == How.NONE:
        return IdentityRule(How.NONE, "", "", True)
    header = header or (DEFAULT_HEADER if how == How.JWT else "")
    problem = header_problem(header) or _taken(connector, header)
    if problem:
        raise ConnectorError(problem, field="identity_header")
    if how == How.JWT:
        return IdentityRule(How.JWT, header, "", refuses_local)
    if attribute not in Attribute.values:
        raise ConnectorError("Choose which attribute goes into the header.", field="identity_attribute")
    return IdentityRule(How.HEADER, header, attribute, refuses_local)


def _taken(connector: Connector, header: str) -> str:
    credential = credential_of(connector.pk)
    used = [str(value).lower() for value in credential.placement.values()] if credential else []
    return f"The connector’s secret is sent in the header {header}. Choose another." if header.lower() in used else ""


def _make_sure_of_key(connector: Connector) -> None:
    """The organization's first."""
    if not IdentityKey.objects.filter(organization=connector.organization_id).exists():
        make_identity_key(connector.organization)
