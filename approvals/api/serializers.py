"""Tickets as the API tells them: what their pages show, with hidden characters marked, and never a secret."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from approvals.changes import changes_between
from approvals.models import ActionEdit, Decision, PendingAction, Report, Ticket, TicketComment
from approvals.sealed_parts import arguments_before
from harriet.lib.json.canonical import parse_strict
from harriet.lib.text import count_hidden, show_hidden
from vault.queries import credential_of, current_version

MOST_COMMENTS = 200


class TicketSerializer(serializers.ModelSerializer[Ticket]):
    """One held call."""

    state = serializers.ChoiceField(PendingAction.State.choices, source="action.state", read_only=True)
    connector = serializers.SlugField(source="action.connector.slug", read_only=True)
    tool = serializers.CharField(source="action.tool.name", read_only=True)
    risk = serializers.CharField(source="action.risk", read_only=True)
    expires_at = serializers.DateTimeField(source="action.expires_at", read_only=True)
    edition = serializers.IntegerField(
        source="action.edition", read_only=True, help_text="Counts the changes of what it sends."
    )
    looked_at_by = serializers.SerializerMethodField(help_text="Who says that they are looking at it; or empty.")
    url = serializers.SerializerMethodField(help_text="Where people decide on it.")

    class Meta:
        model = Ticket
        fields = [
            "number",
            "title",
            "state",
            "is_open",
            "connector",
            "tool",
            "risk",
            "requester_label",
            "created_at",
            "expires_at",
            "edition",
            "looked_at_by",
            "handed_to_label",
            "url",
        ]
        read_only_fields = fields

    def get_looked_at_by(self, ticket: Ticket) -> str:
        return ticket.claimed_by_label if ticket.is_claimed else ""

    def get_url(self, ticket: Ticket) -> str:
        return f"{settings.BASE_URL}{reverse('tickets:detail', args=[ticket.number])}"


class DecisionSerializer(serializers.ModelSerializer[Decision]):
    class Meta:
        model = Decision
        fields = ["verdict", "approver_label", "reason", "edition", "decided_at"]
        read_only_fields = fields


class CommentSerializer(serializers.ModelSerializer[TicketComment]):
    class Meta:
        model = TicketComment
        fields = ["author_label", "text", "handed_to_label", "created_at"]
        read_only_fields = fields


class ChangeSerializer(serializers.Serializer[Any]):
    path = serializers.CharField()
    before = serializers.CharField(help_text="As JSON; empty when it was not there.")
    after = serializers.CharField(help_text="As JSON; empty when it was taken out.")


class EditSerializer(serializers.Serializer[Any]):
    edition = serializers.IntegerField()
    by = serializers.CharField()
    reason = serializers.CharField()
    at = serializers.DateTimeField()
    changes = ChangeSerializer(many=True)


class WaysSerializer(serializers.Serializer[Any]):
    """What whoever asks may do: empty for yes, else why not. Deciding is for people in the browser."""

    approve = serializers.CharField()
    edit = serializers.CharField()
    reject = serializers.CharField()
    comment = serializers.CharField()
    claim = serializers.CharField()
    hand_over = serializers.CharField()
    withdraw = serializers.CharField()
    report = serializers.CharField()


class OneTicketSerializer(TicketSerializer):
    """With what its page shows. In its context are the caller's `ways`, and what is `sent`."""

    held_because = serializers.CharField(source="action.reason", read_only=True)
    risk_reason = serializers.CharField(source="action.tool.risk_reason", read_only=True)
    client = serializers.CharField(source="action.client_label", read_only=True)
    device = serializers.CharField(source="action.device_label", read_only=True)
    outcome_reason = serializers.CharField(source="action.outcome_reason", read_only=True)
    arguments = serializers.SerializerMethodField(help_text="What will be sent, as JSON.")
    arguments_text = serializers.SerializerMethodField(
        help_text="The exact bytes as text. What can't be seen in it is written as ⟨U+202E⟩."
    )
    meta = serializers.SerializerMethodField(help_text="What of the client's `_meta` is sent along.")
    hidden_characters = serializers.SerializerMethodField(help_text="How many there are in what will be sent.")
    leaves_with = serializers.SerializerMethodField(help_text="The credential's name and version; empty for none.")
    approvals_needed = serializers.SerializerMethodField()
    approved_by = serializers.SerializerMethodField(help_text="Who approved it as it is now.")
    decisions = DecisionSerializer(source="action.decisions", many=True, read_only=True)
    edits = serializers.SerializerMethodField(help_text="What those who decide changed of what it sends.")
    comments = serializers.SerializerMethodField(help_text=f"The latest {MOST_COMMENTS}.")
    ways = serializers.SerializerMethodField()

    class Meta(TicketSerializer.Meta):
        fields = [
            *TicketSerializer.Meta.fields,
            "held_because",
            "risk_reason",
            "client",
            "device",
            "outcome_reason",
            "arguments",
            "arguments_text",
            "meta",
            "hidden_characters",
            "leaves_with",
            "approvals_needed",
            "approved_by",
            "decisions",
            "edits",
            "comments",
            "ways",
        ]
        read_only_fields = fields

    @extend_schema_field(serializers.JSONField())  # type: ignore[untyped-decorator]
    def get_arguments(self, ticket: Ticket) -> Any:
        return parse_strict(self.context["sent"].arguments)

    def get_arguments_text(self, ticket: Ticket) -> str:
        return show_hidden(self.context["sent"].arguments.decode())

    @extend_schema_field(serializers.JSONField())  # type: ignore[untyped-decorator]
    def get_meta(self, ticket: Ticket) -> Any:
        return parse_strict(self.context["sent"].meta or b"{}")

    def get_hidden_characters(self, ticket: Ticket) -> int:
        sent = [self.get_arguments(ticket), self.get_meta(ticket)]
        return count_hidden(json.dumps(sent, ensure_ascii=False))

    def get_leaves_with(self, ticket: Ticket) -> str:
        credential = credential_of(ticket.action.connector_id)
        current = current_version(credential) if credential else None
        return f"{credential.name}, version {current.number}" if credential and current else ""

    def get_approvals_needed(self, ticket: Ticket) -> int:
        return int(self.context["ways"].needed)

    def get_approved_by(self, ticket: Ticket) -> list[str]:
        return list(self.context["ways"].approved_by)

    @extend_schema_field(EditSerializer(many=True))  # type: ignore[untyped-decorator]
    def get_edits(self, ticket: Ticket) -> Any:
        return EditSerializer(edits_of(ticket.action, self.context["sent"].arguments), many=True).data

    @extend_schema_field(CommentSerializer(many=True))  # type: ignore[untyped-decorator]
    def get_comments(self, ticket: Ticket) -> Any:
        """Programs comment, too: there may be any number."""
        latest = ticket.comments.order_by("-created_at", "-pk")[:MOST_COMMENTS]
        return CommentSerializer(list(latest)[::-1], many=True).data

    @extend_schema_field(WaysSerializer)  # type: ignore[untyped-decorator]
    def get_ways(self, ticket: Ticket) -> Any:
        return WaysSerializer(self.context["ways"]).data


def edits_of(action: PendingAction, arguments: bytes) -> list[dict[str, Any]]:
    """`arguments`: as they are now."""
    edits: list[ActionEdit] = list(action.edits.all())
    texts = [*arguments_before(action, edits), arguments] if edits else []
    values = [parse_strict(text) for text in texts]
    return [
        {
            "edition": edit.edition,
            "by": edit.editor_label,
            "reason": edit.reason,
            "at": edit.edited_at,
            "changes": changes_between(before, after),
        }
        for edit, before, after in zip(edits, values[:-1], values[1:], strict=True)
    ]


class ReasonSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=500)


class ApproveSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")
    edition = serializers.IntegerField(min_value=0, help_text="The one that was looked at.")


class EditCallSerializer(ReasonSerializer):
    arguments = serializers.CharField(
        trim_whitespace=False, help_text="JSON, as text: these very bytes are sent, so nothing reads it on the way."
    )
    edition = serializers.IntegerField(min_value=0, help_text="The one that was looked at.")


class EditedSerializer(serializers.Serializer[Any]):
    became = serializers.ChoiceField(["runs", "waits for the second", "waits again"])


class TextSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=2000)


class HandOverSerializer(serializers.Serializer[Any]):
    to = serializers.EmailField(help_text="Somebody who may decide on it.")
    note = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class NewReportSerializer(TextSerializer):
    pause = serializers.BooleanField(
        required=False, default=False, help_text="Pauses the connector; for whoever manages connectors."
    )


class ReportSerializer(serializers.ModelSerializer[Report]):
    ticket = serializers.IntegerField(source="ticket.number", read_only=True)
    about = serializers.IntegerField(source="about.number", read_only=True, default=None)
    reporter = serializers.EmailField(source="reporter.email", read_only=True)

    class Meta:
        model = Report
        fields = [
            "ticket",
            "about",
            "event_id",
            "reporter",
            "connector_label",
            "tool_label",
            "text",
            "state",
            "has_paused",
            "answer",
            "answered_by_label",
            "created_at",
            "answered_at",
        ]
        read_only_fields = fields
