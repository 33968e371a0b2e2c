"""A device that is invited: its person opens the invitation, and the machine proves itself with a short code."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Now

from harriet.lib.ids import new_id
from harriet.people.models.devices import Device
from harriet.people.models.organizations import Organization
from harriet.people.models.users import User


class DeviceInvitation(models.Model):
    """Its address holds its id, which is no secret: only its person can open it. The code, which they alone have seen,
    is what a machine without a browser session gets its credential for, once."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="device_invitations")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="device_invitations")
    device_name = models.CharField(max_length=80)
    client = models.CharField(max_length=20, blank=True)
    """Which AI client is set up; empty until its person chose one."""
    profile_id: models.UUIDField[uuid.UUID | None, uuid.UUID | None] = models.UUIDField(null=True)
    """The only profile that the credential will open. No foreign key: profiles live two floors above."""
    expires_in_days = models.PositiveSmallIntegerField(default=90)
    """Of the credential, from the day it is made."""
    code_hash = models.BinaryField(max_length=32, null=True, unique=True)
    """Keyed: a code is short enough to be guessed from a plain hash."""
    code_expires_at = models.DateTimeField(null=True)
    invited_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    device = models.ForeignKey(Device, on_delete=models.SET_NULL, null=True, related_name="+")
    """The device that was set up with it."""

    class Meta:
        indexes = [
            models.Index(fields=["organization", "-created_at"], name="device_invitation_newest"),
            models.Index(fields=["user", "organization"], name="device_invitation_of_person"),
            models.Index(fields=["expires_at"], name="device_invitation_old"),
        ]

    def __str__(self) -> str:
        return f"{self.device_name} of {self.user}"
