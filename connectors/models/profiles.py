"""What people connect their clients to: the tools of several connectors under one address."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models.functions import Lower, Now

from connectors.models.connectors import Connector
from connectors.models.tools import Tool
from harriet.lib.ids import new_id
from harriet.people.trust import Trust


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
    trust = models.CharField(
        max_length=10, choices=Trust.choices, default=Trust.SUPERVISED, db_default=Trust.SUPERVISED.value
    )
    """How much of what is called through it runs without a person; devices may make it stricter."""
    hold_seconds = models.PositiveSmallIntegerField(null=True, blank=True)
    """How long a client's request is held for an approval at most; null for what the organization says."""
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
