"""Agents: what acts without a person, and has one person who answers for it."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from harriet.lib.ids import new_id
from harriet.people.models.organizations import Group, Organization
from harriet.people.models.users import User


class Agent(models.Model):
    """It may do what its groups, its credential and the organization all allow, and never decides on a call."""

    class State(models.TextChoices):
        ACTIVE = "active", "Active"
        PAUSED = "paused", "Paused"
        ENDED = "ended", "Ended"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="agents")
    name = models.CharField(max_length=80)
    purpose = models.CharField(max_length=300, blank=True)
    owner = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="owned_agents")
    """Nobody only while it is paused: an agent without somebody who answers for it does nothing."""
    groups = models.ManyToManyField(Group, blank=True, related_name="agents")
    state = models.CharField(max_length=8, choices=State.choices, default=State.ACTIVE)
    paused_because = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    last_seen_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "name"], condition=~models.Q(state="ended"), name="agent_name_once"
            ),
            models.CheckConstraint(
                condition=models.Q(owner__isnull=False) | ~models.Q(state="active"), name="agent_active_has_owner"
            ),
        ]
        indexes = [models.Index(fields=["organization", "-created_at"], name="agent_newest")]

    def __str__(self) -> str:
        return self.name
