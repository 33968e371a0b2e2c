"""An organization, and its groups."""

from __future__ import annotations

from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models.functions import Lower, Now

from harriet.lib.ids import new_id


class Organization(models.Model):
    class NewClients(models.TextChoices):
        ALLOWED = "allowed", "May be used at once"
        WAITING = "waiting", "Wait for an IT admin"

    class Registry(models.TextChoices):
        OFF = "off", "Nobody"
        TOKEN = "token", "People of the organization, each with a token: what they may use"
        OPEN = "open", "Everybody who reaches Harriet: all profiles"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    slug = models.SlugField(max_length=50, unique=True)
    name = models.CharField(max_length=120)
    internal_hosts = models.JSONField(default=list, blank=True)
    """Host names, addresses or networks inside the company that connectors may reach."""
    hold_seconds = models.PositiveSmallIntegerField(default=25)
    """How long a call that waits for approval is held open before the client is told to come back."""
    new_clients = models.CharField(
        max_length=8, choices=NewClients.choices, default=NewClients.ALLOWED, db_default=NewClients.ALLOWED
    )
    """Whether people may sign in with an AI client that nobody here has decided about."""
    registry = models.CharField(max_length=5, choices=Registry.choices, default=Registry.OFF, db_default=Registry.OFF)
    """Who may read the registry of approved servers, which clients show to people."""
    allows_own_reviews = models.BooleanField(default=False, db_default=False)
    """Owners and IT admins may review connectors that they submitted themselves."""
    own_reviews_reason = models.CharField(max_length=300, blank=True, db_default="")
    """Why an owner allowed that."""
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.name


class OrganizationVersion(models.Model):
    """Moves with every change that the gateway must see; its own row, so that nobody waits on Organization."""

    organization = models.OneToOneField(
        Organization, on_delete=models.CASCADE, primary_key=True, related_name="version"
    )
    number = models.BigIntegerField(default=1)

    def __str__(self) -> str:
        return f"{self.organization_id} v{self.number}"


class Group(models.Model):  # type: ignore[django-manager-missing]  # guardian's base class has no types
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="groups")
    slug = models.SlugField(max_length=50)
    name = models.CharField(max_length=120)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["organization", "slug"], name="group_slug_once")]
        indexes = [
            models.Index(fields=["organization", "-created_at"], name="group_newest"),
            models.Index("organization", OpClass(Lower("name"), "text_pattern_ops"), name="group_name_begins"),
        ]

    def __str__(self) -> str:
        return self.name
