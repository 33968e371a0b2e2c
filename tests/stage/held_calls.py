"""Calls that wait for an approval: Dana asks the CRM to send a mail; Bob may approve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from approvals.actions.hold_action import hold_action
from approvals.binding import Bound, binding
from approvals.held_call import Held, HeldCall
from approvals.models import PendingAction
from audit.actor import Label
from connectors.models import Profile, Tool
from harriet.lib.ids import new_id
from harriet.people.models import AccessToken, User
from tests.stage.cast import Cast
from tests.stage.connectors import connector, tool
from vault.queries import credential_of, current_version

ARGUMENTS = b'{"to":"max@example.test","text":"Hello"}'


def call_of(
    of: Tool,
    user: User,
    arguments: bytes = ARGUMENTS,
    *,
    profile: Profile | None = None,
    token: AccessToken | None = None,
    meta: bytes = b"",
    **told: Any,
) -> HeldCall:
    """What the gate stops when they call the tool, on a laptop; `told` is what it says otherwise."""
    credential = credential_of(of.connector_id)
    current = current_version(credential) if credential else None
    bound = Bound(
        organization_id=of.organization_id,
        profile_id=profile.pk if profile else None,
        token_id=token.pk if token else None,
        user_id=user.pk,
        connector_id=of.connector_id,
        connector_revision=of.connector.revision,
        tool_id=of.pk,
        tool_digest=bytes(of.versions.get(is_pinned=True).digest),
        credential_id=current.credential_id if current else None,
        credential_version=current.number if current else 0,
        arguments=arguments,
        meta=meta,
    )
    said = {
        "device": Label(new_id(), "laptop"),
        "token_hint": "k3y5",
        "client_label": "Claude Code 2",
        "reason": "This tool requires confirmation.",
    }
    return HeldCall(
        organization_id=bound.organization_id,
        binding=binding(bound),
        parts=bound.parts,
        request_id=new_id(),
        profile_id=bound.profile_id,
        token_id=bound.token_id,
        user_id=user.pk,
        caller_label=user.email,
        connector_id=of.connector_id,
        connector_label=of.connector.name,
        tool_id=of.pk,
        tool_label=of.name,
        risk=of.risk,
        arguments=arguments,
        meta=meta,
        **said | told,
    )


def hold(call: HeldCall) -> Held:
    """As the gateway does for whoever asks."""
    return hold_action(call, actor=call.asker)


@dataclass
class Mailing:
    """Dana, who wants to send a mail with a tool that requires confirmation."""

    cast: Cast
    tool: Tool

    def call(self, arguments: bytes = ARGUMENTS, user: User | None = None) -> HeldCall:
        """Dana's call, or another member's."""
        return call_of(self.tool, user or self.cast.dana, arguments)

    def held(self, arguments: bytes = ARGUMENTS) -> Held:
        return hold(self.call(arguments))

    def action(self, held: Held) -> PendingAction:
        return PendingAction.objects.select_related("ticket", "connector", "tool", "token").get(pk=held.action_id)


def make_mailing(cast: Cast) -> Mailing:
    crm = connector(cast.acme, "http://127.0.0.1:9/mcp")
    return Mailing(cast, tool(crm, {"name": "send_mail"}, requires_confirmation=True, risk_proposed="dangerous"))
