"""How people of an organization have to sign in, and how long that is good for."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from harriet.people.models.organizations import Organization
from harriet.people.models.users import User


class SignInRule(models.Model):
    """One row for an organization that set one; without it people sign in as they like."""

    organization = models.OneToOneField(
        Organization, on_delete=models.CASCADE, primary_key=True, related_name="sign_in_rule"
    )
    is_enforced = models.BooleanField(default=False)
    """Whoever did not come through the organization's identity provider is not let in here."""
    break_glass = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    """The one owner who still gets in by password and second factor, for when the provider is down."""
    session_hours = models.PositiveSmallIntegerField(default=8)
    """After how many hours somebody signed in by the provider signs in again."""
    client_hours = models.PositiveSmallIntegerField(default=168)
    """While single sign-on is required: how long after somebody's last sign-in their AI clients and tokens go on."""
    enforced_at = models.DateTimeField(null=True)
    """Since when it is required."""
    locals_lapsed_at = models.DateTimeField(null=True)
    """Since when the clients of people who never came through the provider wait: `client_hours` after that."""
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(is_enforced=False) | models.Q(session_hours__gt=0, client_hours__gt=0),
                name="sign_in_rule_ends",
            ),
        ]

    def __str__(self) -> str:
        return f"sign-in rule of {self.organization_id}"
