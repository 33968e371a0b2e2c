"""With which keys an organization signs to its servers who calls."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from harriet.lib.ids import new_id


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
