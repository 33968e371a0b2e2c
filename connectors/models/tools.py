"""The tools of a connector: the definitions that are pinned, and who may call them."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models.functions import Lower, Now

from connectors.fields import JsonAsSent
from connectors.models.connectors import Connector
from harriet.lib.ids import new_id
from harriet.people.roles import Role

EVERYONE = "everyone"
"""In a tool permission's role: every active member of the organization."""


class Risk(models.TextChoices):
    READ_ONLY = "read_only", "Read-only"
    MODERATE = "moderate", "Moderate"
    DANGEROUS = "dangerous", "Dangerous"
    UNKNOWN = "unknown", "Unknown"


class Tool(models.Model):
    """What a server offers and a person may be allowed: a tool, a prompt, or all of the server's resources."""

    class Kind(models.TextChoices):
        TOOL = "tool", "Tool"
        PROMPT = "prompt", "Prompt"
        RESOURCES = "resources", "Resources"
        """One row for all resources of a connector: their lists change all the time and are read live."""

    class State(models.TextChoices):
        PINNED = "pinned", "As accepted"
        QUARANTINED = "quarantined", "Changed, in quarantine"
        REMOVED = "removed", "No longer offered"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey("people.Organization", on_delete=models.CASCADE, related_name="+")
    connector = models.ForeignKey(Connector, on_delete=models.CASCADE, related_name="tools")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.TOOL)
    name = models.CharField(max_length=128)
    description = models.TextField(blank=True)
    """From the pinned definition, for searching and listing."""
    state = models.CharField(max_length=12, choices=State.choices, default=State.PINNED)
    is_enabled = models.BooleanField(default=False)
    requires_confirmation = models.BooleanField(default=False)
    risk_proposed = models.CharField(max_length=10, choices=Risk.choices, default=Risk.UNKNOWN)
    risk_reason = models.CharField(max_length=200, blank=True)
    risk_override = models.CharField(max_length=10, choices=Risk.choices, blank=True)
    renamed_from = models.CharField(max_length=128, blank=True)
    """The tool that went when this one came with the same definition: names are how pins are cheated."""
    position = models.PositiveIntegerField(default=0)
    """Where the server's own list has it: models pick from the top, and servers know that."""
    first_seen_at = models.DateTimeField(db_default=Now())
    last_called_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["connector", "kind", "name"], name="tool_name_once")]
        indexes = [
            models.Index(fields=["organization", "-first_seen_at"], name="tool_newest"),
            models.Index(
                fields=["organization", "kind", "is_enabled"], condition=~models.Q(state="removed"), name="tool_offered"
            ),
            models.Index(
                fields=["organization", "connector"], condition=models.Q(state="quarantined"), name="tool_quarantined"
            ),
            models.Index("organization", OpClass(Lower("name"), "text_pattern_ops"), name="tool_name_begins"),
        ]

    def __str__(self) -> str:
        """Tools by their bare name; a prompt, which may share it, says what it is."""
        return f"{self.name} (prompt)" if self.kind == Tool.Kind.PROMPT else self.name

    @property
    def risk(self) -> str:
        return self.risk_override or self.risk_proposed


CALLABLE = models.Q(
    connector__state=Connector.State.ACTIVE,
    connector__review=Connector.Standing.APPROVED,
    state=Tool.State.PINNED,
    is_enabled=True,
)
"""Of tools: those that anybody could be allowed to use now."""


def of_risk(*classes: str) -> models.Q:
    """Of tools: those that count as one of these now. An admin's word comes before the proposal, as in `Tool.risk`."""
    return models.Q(risk_override__in=classes) | models.Q(risk_override="", risk_proposed__in=classes)


class ToolVersion(models.Model):
    """A whole tool definition as the server sent it, pinned by the SHA-256 of its canonical JSON (RFC 8785)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tool = models.ForeignKey(Tool, on_delete=models.CASCADE, related_name="versions")
    digest = models.BinaryField(max_length=32)
    definition = JsonAsSent()
    is_pinned = models.BooleanField(default=False)
    """The accepted definition: the one that clients see and calls are checked against."""
    is_proposed = models.BooleanField(default=False)
    """What the server says now, differing from the pinned one and waiting for an admin."""
    seen_at = models.DateTimeField(db_default=Now())
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    refused_at = models.DateTimeField(null=True)
    """An admin refused this change; the tool stays in quarantine until the server takes it back."""
    refused_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["-seen_at"]
        constraints = [
            models.UniqueConstraint(fields=["tool", "digest"], name="tool_version_digest_once"),
            models.UniqueConstraint(
                fields=["tool"], condition=models.Q(is_pinned=True), name="tool_version_one_pinned"
            ),
            models.UniqueConstraint(
                fields=["tool"], condition=models.Q(is_proposed=True), name="tool_version_one_proposed"
            ),
        ]
        indexes = [
            models.Index(fields=["-seen_at"], name="tool_version_newest"),
            models.Index(fields=["tool", "-seen_at"], name="tool_version_of_tool"),
            models.Index(
                fields=["seen_at"],
                condition=models.Q(is_pinned=False, is_proposed=False, accepted_at=None, refused_at=None),
                name="tool_version_passed",
            ),
        ]

    def __str__(self) -> str:
        return bytes(self.digest).hex()[:12]


class ToolPermission(models.Model):
    """A group or a role may call a tool. A tool without one may be called by nobody."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tool = models.ForeignKey(Tool, on_delete=models.CASCADE, related_name="permissions")
    group = models.ForeignKey("people.Group", on_delete=models.CASCADE, null=True, related_name="tool_permissions")
    role = models.CharField(max_length=16, blank=True, choices=[(EVERYONE, "Everyone"), *Role.choices])

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tool", "group"], condition=models.Q(group__isnull=False), name="tool_group_once"
            ),
            models.UniqueConstraint(fields=["tool", "role"], condition=~models.Q(role=""), name="tool_role_once"),
            models.CheckConstraint(
                condition=models.Q(group__isnull=False, role="") | (models.Q(group__isnull=True) & ~models.Q(role="")),
                name="tool_permission_names_group_or_role",
            ),
        ]

    def __str__(self) -> str:
        return str(self.group or self.role)
