"""What the organization's directory says of people and groups over SCIM, beside what Harriet knows of them itself."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower, Now

from harriet.lib.ids import new_id
from harriet.people.models import Group, Membership, Organization


class ScimUser(models.Model):
    """A membership as the directory describes it. While there is a row, the directory's groups count for the person,
    and not those that a sign-in brings."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    membership = models.OneToOneField(Membership, on_delete=models.CASCADE, related_name="scim")
    user_name = models.CharField(max_length=254)
    """What the directory knows the person by; often their address, and not always."""
    external_id = models.CharField(max_length=300, blank=True)
    formatted_name = models.CharField(max_length=200, blank=True)
    given_name = models.CharField(max_length=120, blank=True)
    family_name = models.CharField(max_length=120, blank=True)
    display_name = models.CharField(max_length=200, blank=True)
    emails = models.JSONField(default=list, blank=True)
    """As the directory says them: value, type, primary, display."""
    employee_number = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    modified_at = models.DateTimeField(db_default=Now())
    deleted_at = models.DateTimeField(null=True)
    """The directory deleted the person: it finds them no more, and the log still names them."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "organization", Lower("user_name"), condition=models.Q(deleted_at=None), name="scim_user_name_once"
            )
        ]
        indexes = [
            models.Index(fields=["organization", "external_id"], name="scim_user_external"),
            models.Index(fields=["organization", "-created_at"], name="scim_user_newest"),
        ]

    def __str__(self) -> str:
        return self.user_name


class ScimGroup(models.Model):
    """A group that the directory has written to."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    group = models.OneToOneField(Group, on_delete=models.CASCADE, related_name="scim")
    external_id = models.CharField(max_length=300, blank=True)
    is_own = models.BooleanField(default=False)
    """The directory made it, and so may delete it."""
    created_at = models.DateTimeField(db_default=Now())
    modified_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["organization", "external_id"], name="scim_group_external"),
            models.Index(fields=["organization", "-created_at"], name="scim_group_newest"),
        ]

    def __str__(self) -> str:
        return str(self.group)
