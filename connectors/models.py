"""Connectors, their tools and pinned definitions, who may call them, and profiles."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils import timezone
from guardian.models.models import BaseObjectPermission

from connectors.fields import JsonAsSent
from connectors.passed_identity import Attribute, How
from harriet.lib.ids import new_id
from harriet.people.roles import Role

EVERYONE = "everyone"
"""In a tool permission's role: every active member of the organization."""


class ConnectorPermission(models.TextChoices):
    """What a group may be given on one connector (django-guardian's object permissions)."""

    MANAGE = "manage_connector", "Can manage the connector"
    """No action gives it yet: who manages one connector manages all, by their role."""
    APPROVE = "approve_connector", "Can decide on calls to the connector"


class Connector(models.Model):  # type: ignore[django-manager-missing]  # guardian has no types
    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        ACTIVE = "active", "Active"
        PAUSED = "paused", "Paused"

    class Health(models.TextChoices):
        UNKNOWN = "unknown", "Not checked yet"
        UP = "up", "Working"
        DOWN = "down", "Server is down"
        NEEDS_ADMIN = "operator", "Needs an admin"

    class Era(models.TextChoices):
        LEGACY = "legacy", "Sessions (up to 2025-11-25)"
        MODERN = "modern", "Stateless (2026-07-28)"
        SSE = "sse", "HTTP+SSE (2024-11-05)"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey("people.Organization", on_delete=models.CASCADE, related_name="connectors")
    slug = models.SlugField(max_length=40)
    name = models.CharField(max_length=80)
    description = models.CharField(max_length=300, blank=True)
    icon = models.CharField(max_length=8, blank=True)
    """An emoji or a few letters; nothing is fetched to show it."""
    kind = models.CharField(max_length=10, default="native")
    """Which transport speaks to its server: a key of `connectors.transports.kinds.KINDS`. Never changes."""
    url = models.CharField(max_length=500, blank=True)
    allow_internal = models.BooleanField(default=False)
    """The admin said that this connector's host is inside the company; plain http and private addresses pass."""
    checks_arguments = models.BooleanField(default=False)
    """Calls are checked against the tools' schemas before they leave; otherwise only the server does."""
    identity_kind = models.CharField(max_length=6, choices=How.choices, default=How.NONE, db_default=How.NONE)
    """What the server is told of who calls."""
    identity_header = models.CharField(max_length=63, blank=True, db_default="")
    identity_attribute = models.CharField(max_length=12, choices=Attribute.choices, blank=True, db_default="")
    identity_refuses_local = models.BooleanField(default=True, db_default=True)
    """Whoever the identity provider has not asserted is refused; otherwise their calls go without."""
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    wizard_step = models.CharField(max_length=16, default="basics")
    """The first step of the wizard that is still to do; "done" once the connector was saved."""
    default_groups = models.ManyToManyField("people.Group", blank=True, related_name="+")
    default_roles = models.JSONField(default=list, blank=True)
    default_confirmation = models.BooleanField(default=False)
    """What a tool that a sync finds starts with, disabled as it is."""
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    era = models.CharField(max_length=8, choices=Era.choices, blank=True)
    """The one that Harriet prefers: the latest that the server speaks."""
    eras = models.JSONField(default=list, blank=True)
    """All that it speaks at this address, as the last sync found."""
    protocol_version = models.CharField(max_length=10, blank=True)
    server_info = models.JSONField(default=dict, blank=True)
    capabilities = models.JSONField(default=dict, blank=True)
    """What the server said it can do, at the last sync."""
    instructions = models.TextField(blank=True)
    health = models.CharField(max_length=10, choices=Health.choices, default=Health.UNKNOWN)
    health_reason = models.CharField(max_length=300, blank=True)
    health_changed_at = models.DateTimeField(null=True)
    trouble_since = models.DateTimeField(null=True)
    """When the latest trouble with the server began. One that comes and goes is one trouble."""
    troubles = models.PositiveIntegerField(default=0)
    """How many there were: names the latest, so that nobody hears of it twice."""
    trouble_told_at = models.DateTimeField(null=True)
    """When whoever looks after the connector was told of its present trouble; null while they were not."""
    checked_at = models.DateTimeField(null=True)
    revision = models.PositiveIntegerField(default=1)
    """Moves when anything changes that an approval is bound to: URL, authentication, owner's switches."""
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["organization", "slug"], name="connector_slug_once")]
        permissions = [(one.value, one.label) for one in ConnectorPermission]
        indexes = [
            models.Index(fields=["organization", "state", "health"], name="connector_health"),
            models.Index(
                fields=["health_changed_at"],
                condition=models.Q(health__in=["down", "operator"], trouble_told_at=None),
                name="connector_untold_trouble",
            ),
            models.Index(fields=["organization", "-created_at"], name="connector_newest"),
            models.Index("organization", OpClass(Lower("name"), "text_pattern_ops"), name="connector_name_begins"),
        ]

    def __str__(self) -> str:
        return self.name


class IdentityKey(models.Model):
    """With which an organization signs who calls. Its public half is published (`/oauth/<organization>/jwks`)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey("people.Organization", on_delete=models.CASCADE, related_name="+")
    kid = models.CharField(max_length=40, unique=True)
    sealed = models.BinaryField()
    public = models.JSONField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["organization", "-created_at"], name="identity_key_newest")]

    def __str__(self) -> str:
        return self.kid


TROUBLES = (Connector.Health.DOWN, Connector.Health.NEEDS_ADMIN)
"""What whoever looks after a connector hears of."""


class ConnectorGroupPermission(BaseObjectPermission):  # type: ignore[misc]  # guardian has no types
    """A group may manage a connector or approve its calls (django-guardian, with our own groups)."""

    group = models.ForeignKey("people.Group", on_delete=models.CASCADE, related_name="connector_permissions")
    content_object = models.ForeignKey(Connector, on_delete=models.CASCADE, related_name="group_permissions")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["group", "permission", "content_object"], name="connector_group_permission_once"
            )
        ]


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
        ]

    def __str__(self) -> str:
        return bytes(self.digest).hex()[:12]


class ResourceAddresses(models.Model):
    """Which resources and templates a connector's server listed, each with when it first and last did: what decides
    whose an address is in profiles without prefix. One row a connector, read when somebody asks for such an address."""

    connector = models.OneToOneField(Connector, on_delete=models.CASCADE, primary_key=True, related_name="+")
    resources = models.JSONField(default=dict)
    templates = models.JSONField(default=dict)

    def __str__(self) -> str:
        return str(self.connector_id)


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


class BulkChange(models.Model):
    """A change of many tools of a connector at once: as it was previewed, what it did, and what undoing it needs."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey("people.Organization", on_delete=models.CASCADE, related_name="+")
    connector = models.ForeignKey(Connector, on_delete=models.CASCADE, related_name="bulk_changes")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(db_default=Now())
    wish = models.JSONField(default=dict)
    """`connectors.bulk.wish.Wish`: what is to be done."""
    filters = models.CharField(max_length=1000, blank=True)
    """Of the table that it came from, as in its address."""
    is_of_all = models.BooleanField(default=False)
    """All that matched the filters at the preview, rather than ticked ones."""
    seen = models.JSONField(default=dict)
    """Of each tool, how it stood at the preview: what the change is bound to, and what undoing it goes back to."""
    done = models.JSONField(default=dict)
    """Of each tool that was changed, how it stands since: undoing it leaves alone what stands otherwise by then."""
    outcome = models.CharField(max_length=2000, blank=True)
    applied_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["-made_at"]
        indexes = [
            models.Index(fields=["connector", "-made_at"], name="bulk_change_of_connector"),
            models.Index(fields=["organization", "-made_at"], name="bulk_change_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.wish.get('action', '')} {self.made_at}"


class Profile(models.Model):
    """A named collection of connectors and tools behind one MCP URL: /mcp/<organization>/<profile>."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey("people.Organization", on_delete=models.CASCADE, related_name="profiles")
    slug = models.SlugField(max_length=50)
    name = models.CharField(max_length=80)
    description = models.CharField(max_length=300, blank=True)
    has_prefix = models.BooleanField(default=False)
    """Tools are shown as <connector slug>_<tool>, so that two connectors may offer the same name."""
    is_progressive = models.BooleanField(default=False)
    """Clients see two tools, one that finds and one that calls the others; what they may call stays the same."""
    groups = models.ManyToManyField("people.Group", blank=True, related_name="profiles")
    people = models.ManyToManyField("people.Membership", blank=True, related_name="profiles")
    connectors = models.ManyToManyField(Connector, blank=True, related_name="profiles")
    tools = models.ManyToManyField(Tool, blank=True, related_name="profiles")
    """Single tools, beside the whole connectors."""
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["organization", "slug"], name="profile_slug_once")]
        indexes = [
            models.Index(fields=["organization", "-created_at"], name="profile_newest"),
            models.Index("organization", OpClass(Lower("name"), "text_pattern_ops"), name="profile_name_begins"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def url(self) -> str:
        """Where MCP clients connect; read it with the organization at hand."""
        return f"{settings.BASE_URL}/mcp/{self.organization.slug}/{self.slug}"


LONGEST_SYNC = timedelta(minutes=5)


class SyncRun(models.Model):
    """One look at what a server offers, and what it changed here."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    connector = models.ForeignKey(Connector, on_delete=models.CASCADE, related_name="sync_runs")
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    is_success = models.BooleanField(default=False)
    found = models.PositiveIntegerField(default=0)
    """Tools; prompts are counted beside them, and resources are there or not."""
    found_prompts = models.PositiveIntegerField(default=0)
    found_resources = models.BooleanField(default=False)
    added = models.JSONField(default=list)
    changed = models.JSONField(default=list)
    removed = models.JSONField(default=list)
    renamed = models.JSONField(default=list)
    """Pairs [old name, new name] that look like one tool."""
    restored = models.JSONField(default=list)
    """Tools that are offered as accepted again."""
    refused = models.JSONField(default=list)
    """Sentences about what the server sent and Harriet did not take, at most a hundred."""
    refused_count = models.PositiveIntegerField(default=0)
    """All of them; 0 in runs of earlier releases."""
    mended = models.JSONField(default=list)
    """Sentences about what was taken otherwise than the server sent it, at most a hundred."""
    mended_count = models.PositiveIntegerField(default=0)
    unchecked = models.JSONField(default=list)
    """Sentences about what was taken though not all of its schemas can be checked, at most a hundred."""
    unchecked_count = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-started_at"]
        indexes = [
            models.Index(fields=["-started_at"], name="sync_run_newest"),
            models.Index(fields=["connector", "-started_at"], name="sync_run_of_connector"),
        ]

    def __str__(self) -> str:
        return f"{self.connector_id} {self.started_at}"

    @property
    def is_running(self) -> bool:
        """It began and has not ended; of one that a stopped process left behind nothing is told."""
        return self.finished_at is None and self.started_at > timezone.now() - LONGEST_SYNC

    @property
    def all_refused(self) -> int:
        """How many, with those beyond the sentences."""
        return max(self.refused_count, len(self.refused))
