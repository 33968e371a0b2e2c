"""Emergency stops: what is not carried out until somebody releases it."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from harriet.lib.ids import new_id
from harriet.people.models.organizations import Group, Organization
from harriet.people.models.users import User


class Stop(models.Model):
    """One switch. It names its subject by text and not by a foreign key: subjects live floors above, and whatever
    becomes of them, the row says what was stopped."""

    class Kind(models.TextChoices):
        ORGANIZATION = "organization", "Everything"
        CONNECTOR = "connector", "A connector"
        CLIENT = "client", "An AI client that is registered here"
        CLIENT_NAME = "client_name", "AI clients by what they call themselves"
        PERSON = "person", "A person"
        AGENT = "agent", "An agent"
        RISK = "risk", "Tools of a risk class"

    class Stage(models.TextChoices):
        ALL = "all", "Nothing runs"
        READ_ONLY = "read_only", "Read-only calls run again"
        MODERATE = "moderate", "Read-only and moderate calls run again"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="stops")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    subject = models.CharField(max_length=120, blank=True)
    """The id of a connector, person or agent; the group key of a registered client; what clients call themselves, in
    small letters; a risk class. Empty for the organization."""
    label = models.CharField(max_length=200)
    """What it was called then."""
    reason = models.CharField(max_length=500)
    """For the log and for admins."""
    told = models.CharField(max_length=200, blank=True)
    """A line for the people whose calls are refused."""
    stage = models.CharField(max_length=10, choices=Stage.choices, default=Stage.ALL)
    let_through = models.ForeignKey(Group, on_delete=models.SET_NULL, null=True, related_name="+")
    """Whose calls run again before the others'."""
    began_at = models.DateTimeField(db_default=Now())
    began_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    began_by_label = models.CharField(max_length=254)
    eased_at = models.DateTimeField(null=True)
    """Since when it stands as it stands, once a part of it was released."""
    eased_by_label = models.CharField(max_length=254, blank=True)
    released_at = models.DateTimeField(null=True)
    released_by_label = models.CharField(max_length=254, blank=True)
    release_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "kind", "subject"],
                condition=models.Q(released_at__isnull=True),
                name="stop_stands_once",
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="stop_has_reason"),
            models.CheckConstraint(
                condition=models.Q(kind="organization", subject="")
                | ~models.Q(kind="organization") & ~models.Q(subject=""),
                name="stop_names_its_subject",
            ),
        ]
        indexes = [models.Index(fields=["organization", "-began_at"], name="stop_newest")]

    def __str__(self) -> str:
        return self.label
