"""Accept a tool's changed definition: it becomes the pinned one and the tool leaves quarantine."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.db.models.functions import Now

from audit.actor import Actor
from audit.record import record
from connectors.actions.note_definition import look_first, note_definition
from connectors.actions.pin_offer import description_in
from connectors.actions.refuse_tool_change import proposed_version
from connectors.actions.set_tool import ToolChange, change_tools
from connectors.actions.settle_quarantine import settle_quarantine
from connectors.audit_labels import connector_label, tool_label
from connectors.definitions.oddities import Oddity, oddities_of_change
from connectors.definitions.risk import is_lower, propose_risk
from connectors.errors import ConnectorError
from connectors.events import ToolChangeAccepted
from connectors.models import Tool, ToolVersion
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version


@transaction.atomic
def accept_tool_change(
    tool: Tool,
    *,
    digest: bytes,
    looked_at: Collection[str] | None = None,
    keep_risk: bool = False,
    actor: Actor,
) -> ToolVersion:
    """`digest` names the definition that the admin read: a newer one is not accepted by mistake. `looked_at` has the
    key of each oddity that a page showed and a person ticked, None where no page asks; `keep_risk` leaves the tool in
    the class that it had, if that was higher.

    Raises ConnectorError when something that was pointed out was not looked at.
    """
    demand(actor, tool.connector.organization, Power.MANAGE_CONNECTORS)
    look_first(tool.connector)
    version = proposed_version(tool, digest)
    tool.refresh_from_db(fields=["is_enabled", "requires_confirmation", "risk_override"])
    before = ToolVersion.objects.filter(tool=tool, is_pinned=True)
    pinned = before.get()
    if looked_at is not None:
        _demand_looks(oddities_of_change(pinned.definition, version.definition, tool.kind), looked_at)
    proposal = propose_risk(version.definition, tool.kind)
    if keep_risk and not tool.risk_override and is_lower(proposal.risk, tool.risk):
        change_tools([(tool, ToolChange(risk_override=tool.risk))], actor=actor)
    replaced = bytes(pinned.digest).hex()
    before.update(is_pinned=False)
    ToolVersion.objects.filter(pk=version.pk).update(
        is_pinned=True,
        is_proposed=False,
        accepted_at=Now(),
        accepted_by=actor.id if actor.kind == "person" else None,
        refused_at=None,
        refused_by=None,
    )
    tool.state, tool.risk_proposed, tool.risk_reason = Tool.State.PINNED, proposal.risk, proposal.reason
    tool.description = description_in(version.definition)
    tool.save(update_fields=["state", "risk_proposed", "risk_reason", "description"])
    record(
        ToolChangeAccepted(
            connector=connector_label(tool.connector),
            tool=tool_label(tool),
            pinned=bytes(version.digest).hex(),
            replaced=replaced,
        ),
        organization_id=tool.organization_id,
        actor=actor,
    )
    note_definition(tool.connector, by=actor, actor=actor)
    settle_quarantine(tool.connector)
    move_version(tool.organization_id)
    version.refresh_from_db()
    return version


def _demand_looks(oddities: list[Oddity], looked_at: Collection[str]) -> None:
    missing = [one.where for one in oddities if one.key not in looked_at]
    if missing:
        raise ConnectorError(
            f"Nothing was accepted. Look at each part that is pointed out and tick it first: {', '.join(missing[:5])}"
            f"{' and more' if len(missing) > 5 else ''}."
        )
