"""People's accounts, and the browsers in which they are signed in."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models.functions import Lower, Now

from harriet.lib.ids import new_id
from harriet.people.users import UserQuerySet


class User(AbstractBaseUser, PermissionsMixin):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = models.EmailField("e-mail address", unique=True)
    name = models.CharField(max_length=120, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    is_proven = models.BooleanField(default=True)
    """False while the password came through a link that somebody else had in hand, too, and no mail has reached the
    address: whoever handed the link over may be the one who signs in."""
    vouched_by = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    """Who handed that link over."""
    created_at = models.DateTimeField(db_default=Now())

    objects = UserQuerySet.as_manager()

    confined_to: UUID | None = None
    """No column. Of the user of a request whose session began by single sign-on: the one organization that it is good
    for. Whoever runs an organization's identity provider can sign in as its people, and opens nothing else by it."""

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_any_case")]
        indexes = [
            models.Index(OpClass(Lower("email"), "text_pattern_ops"), name="user_email_begins"),
            models.Index(OpClass(Lower("name"), "text_pattern_ops"), name="user_name_begins"),
            models.Index(fields=["-created_at"], name="user_newest"),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name or self.email.partition("@")[0]


class BrowserSession(models.Model):
    """A browser in which somebody is signed in; gone with its session."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    """Pages name it by this: whoever knows the session's own key is signed in as the person."""
    session = models.OneToOneField("sessions.Session", on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="browser_sessions")
    browser = models.CharField(max_length=200, blank=True)
    """As it named itself."""
    address = models.CharField(max_length=45, blank=True)
    signed_in_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now())
    """Within ten minutes."""

    class Meta:
        indexes = [models.Index(fields=["user", "-seen_at"], name="browser_session_of_user")]

    def __str__(self) -> str:
        return f"{self.address} {self.signed_in_at:%Y-%m-%d %H:%M}"
