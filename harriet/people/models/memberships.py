"""People's places in organizations, and the links by which they get in."""

from __future__ import annotations

from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models.functions import Lower, Now

from harriet.lib.ids import new_id
from harriet.people.models.organizations import Group, Organization
from harriet.people.models.users import User
from harriet.people.roles import Role


class Membership(models.Model):
    """One person in one organization, with one role there."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.MEMBER)
    is_active = models.BooleanField(default=True)
    groups = models.ManyToManyField(Group, related_name="memberships", blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "user"], name="membership_once"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]
        indexes = [
            models.Index(fields=["organization", "-created_at"], name="membership_newest"),
            models.Index(fields=["organization"], condition=models.Q(is_active=True), name="membership_active"),
            models.Index(
                fields=["organization", "role"], condition=~models.Q(role="member"), name="membership_leading"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"


class Invitation(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.MEMBER)
    groups = models.ManyToManyField(Group, blank=True)
    token_hash = models.BinaryField(max_length=32, unique=True)
    invited_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    is_handed_over = models.BooleanField(default=True)
    """Who invited saw the link; False when it went to the address by mail and to nobody else."""
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["organization", "-created_at"], name="invitation_newest"),
            models.Index("organization", OpClass(Lower("email"), "text_pattern_ops"), name="invitation_email_begins"),
            models.Index(fields=["expires_at"], name="invitation_old"),
        ]

    def __str__(self) -> str:
        return f"{self.email} → {self.organization}"


class RecoveryLink(models.Model):
    """A one-time link with which somebody who forgot their password sets a new one, handed over by whoever made it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_links")
    token_hash = models.BinaryField(max_length=32, unique=True)
    made_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    """Who saw it; nobody that Harriet knows when it was made on the machine."""
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["organization", "-created_at"], name="recovery_link_newest"),
            models.Index(fields=["expires_at"], name="recovery_link_old"),
        ]

    def __str__(self) -> str:
        return f"recovery link for {self.user}"
