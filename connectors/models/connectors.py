"""What Harriet connects people to: an MCP server, and which groups look after it."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models.functions import Lower, Now
from guardian.models.models import BaseObjectPermission

from connectors.passed_identity import Attribute, How
from harriet.lib.ids import new_id


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

    class Standing(models.TextChoices):
        DRAFT = "draft", "Draft"
        WAITING = "needs_review", "Needs review"
        CHANGES = "changes_requested", "Changes requested"
        APPROVED = "approved", "Approved"
        BLOCKED = "blocked", "Blocked"

    class Health(models.TextChoices):
        UNKNOWN = "unknown", "Not checked yet"
        UP = "up", "Working"
        DOWN = "down", "Server is down"
        NEEDS_ADMIN = "operator", "Needs an admin"

    class Era(models.TextChoices):
        LEGACY = "legacy", "Sessions (up to 2025-11-25)"
        MODERN = "modern", "Stateless (2026-07-28)"
        SSE = "sse", "HTTP+SSE (2024-11-05)"

    class Deciders(models.TextChoices):
        """Who decides on its held calls. Whoever asked decides on no dangerous one, whatever is chosen."""

        APPROVERS = "approvers", "An approver"
        REQUESTER = "requester", "Whoever asked, in the browser, or an approver"
        TWO_PEOPLE = "two_people", "Two approvers"

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
    deciders = models.CharField(
        max_length=10, choices=Deciders.choices, default=Deciders.APPROVERS, db_default=Deciders.APPROVERS
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    review = models.CharField(
        max_length=18, choices=Standing.choices, default=Standing.APPROVED, db_default=Standing.APPROVED
    )
    """What the review of it says, beside `state`: calls are served only while it is approved."""
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
            models.Index(fields=["created_at"], condition=models.Q(state="draft"), name="connector_drafts"),
            models.Index("organization", OpClass(Lower("name"), "text_pattern_ops"), name="connector_name_begins"),
        ]

    def __str__(self) -> str:
        return self.name


IN_SERVICE = {"state": Connector.State.ACTIVE, "review": Connector.Standing.APPROVED}
"""Of connectors that serve calls, as a filter."""

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
