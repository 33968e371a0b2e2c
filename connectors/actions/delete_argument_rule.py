"""Delete a rule on the arguments of calls."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from connectors.audit_labels import connector_label
from connectors.events import ArgumentRuleDeleted
from connectors.models import ArgumentRule
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version


@transaction.atomic
def delete_argument_rule(rule: ArgumentRule, *, actor: Actor) -> None:
    connector = rule.connector
    demand(actor, connector.organization, Power.MANAGE_CONNECTORS)
    happened = ArgumentRuleDeleted(connector=connector_label(connector), rule=rule.sentence, condition=rule.expression)
    if ArgumentRule.objects.filter(pk=rule.pk).delete()[0]:
        record(happened, organization_id=connector.organization_id, actor=actor)
        move_version(connector.organization_id)
