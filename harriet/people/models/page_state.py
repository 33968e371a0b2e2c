"""What pages keep for a person."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Now

from harriet.lib.ids import new_id
from harriet.people.models.memberships import Membership
from harriet.people.models.organizations import Organization
from harriet.people.models.users import User


class SavedFilter(models.Model):
    """Filters of a long list that a person named, to come back to: private, and an address that can be sent."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="saved_filters")
    table = models.CharField(max_length=40)
    """The key of the list."""
    name = models.CharField(max_length=80)
    query = models.CharField(max_length=2000)
    """What stands in the address behind the question mark."""
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["membership", "table", "name"], name="saved_filter_name_once")]

    def __str__(self) -> str:
        return self.name


class TablePreference(models.Model):
    """How a person wants one table of the pages: which columns, and whether its rows stand close together."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="table_preferences")
    table = models.CharField(max_length=40)
    """The key that the table is declared with."""
    shown = models.JSONField(default=list)
    hidden = models.JSONField(default=list)
    """Keys of columns. A column that came later is in neither."""
    is_dense = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["membership", "table"], name="table_preference_once")]

    def __str__(self) -> str:
        return self.table


class MadeOnce(models.Model):
    """What a form has made that is shown once: the same form sent again, by a reload or a second click, makes nothing
    else, and leads to the page that shows it. Sealed until then."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    form_hash = models.BinaryField(max_length=32)
    """Of the form as it was sent, with the mark that each form has of its own."""
    subject_id: models.UUIDField[uuid.UUID | None, uuid.UUID | None] = models.UUIDField(null=True)
    """What was made: an invitation or a token. Null while it is being made."""
    sealed = models.BinaryField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    shown_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "form_hash"], name="made_once")]
        indexes = [
            models.Index(fields=["organization", "-created_at"], name="made_once_newest"),
            models.Index(fields=["created_at"], name="made_once_old"),
        ]

    def __str__(self) -> str:
        return f"made {self.created_at}"

    @property
    def subject(self) -> uuid.UUID:
        """Of one that is ready to be shown."""
        if self.subject_id is None:
            raise ValueError("What the form asks for is still being made.")
        return self.subject_id
