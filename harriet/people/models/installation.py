"""What this installation knows of itself."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from harriet.lib.ids import new_id


class Backup(models.Model):
    """A backup of this installation, as the job that made it says: Harriet makes none and can't see them."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    made_at = models.DateTimeField(db_default=Now())
    is_restored = models.BooleanField(default=False)
    """It was restored as a test."""

    class Meta:
        indexes = [models.Index(fields=["-made_at"], name="backup_newest")]

    def __str__(self) -> str:
        return f"backup of {self.made_at}"


class SetupLink(models.Model):
    """The one-time link that makes the first owner; also signs an owner in on the machine that runs Harriet."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    token_hash = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"set-up link of {self.created_at}"
