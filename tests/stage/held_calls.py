"""A held call to tell stories with: Dana asks the CRM to send a mail; Bob may approve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from approvals.actions.hold_action import hold_action
from approvals.binding import Bound, binding
from approvals.held_call import Held, HeldCall
from approvals.models import PendingAction
from connectors.models import Connector, Tool
from harriet.lib.ids import new_id

ARGUMENTS = b'{"to":"max@example.test","text":"Hello"}'


@dataclass
class Story:
    cast: Any
    connector: Connector
    tool: Tool

    def call(self, arguments: bytes = ARGUMENTS, user: Any = None) -> HeldCall:
        """Dana's call, or another member's."""
        user = user or self.cast.dana
        bound = Bound(
            organization_id=self.cast.acme.id,
            profile_id=None,
            token_id=None,
            user_id=user.id,
            connector_id=self.connector.id,
            connector_revision=self.connector.revision,
            tool_id=self.tool.id,
            tool_digest=b"d" * 32,
            credential_id=None,
            credential_version=0,
            arguments=arguments,
        )
        return HeldCall(
            organization_id=self.cast.acme.id,
            binding=binding(bound),
            request_id=new_id(),
            profile_id=None,
            token_id=None,
            user_id=user.id,
            caller_label=user.email,
            device_label="laptop",
            client_label="Claude Code 2",
            connector_id=self.connector.id,
            connector_label=self.connector.name,
            tool_id=self.tool.id,
            tool_label=self.tool.name,
            risk="dangerous",
            reason="This tool requires confirmation.",
            arguments=arguments,
        )

    def held(self, arguments: bytes = ARGUMENTS) -> Held:
        return hold(self.call(arguments))

    def action(self, held: Held) -> PendingAction:
        return PendingAction.objects.select_related("ticket", "connector", "tool", "token").get(pk=held.action_id)


def hold(call: HeldCall) -> Held:
    """As the gateway does for whoever asks."""
    return hold_action(call, actor=call.asker)


def make_story(cast: Any) -> Story:
    connector = Connector.objects.create(
        organization=cast.acme, slug="crm", name="CRM", state="active", url="http://127.0.0.1:9/mcp"
    )
    tool = Tool.objects.create(
        organization=cast.acme, connector=connector, name="send_mail", is_enabled=True, requires_confirmation=True
    )
    return Story(cast, connector, tool)
