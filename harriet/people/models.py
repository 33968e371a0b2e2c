"""Who is calling: organizations, people, roles, groups, devices, access tokens."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models.functions import Lower, Now

from harriet.lib.ids import new_id
from harriet.people.roles import Role
from harriet.people.users import UserQuerySet


class Organization(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    slug = models.SlugField(max_length=50, unique=True)
    name = models.CharField(max_length=120)
    internal_hosts = models.JSONField(default=list, blank=True)
    """Host names, addresses or networks inside the company that connectors may reach."""
    hold_seconds = models.PositiveSmallIntegerField(default=25)
    """How long a call that waits for approval is held open before the client is told to come back."""
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.name


class OrganizationVersion(models.Model):
    """Moves with every change that the gateway must see; its own row, so that nobody waits on Organization."""

    organization = models.OneToOneField(
        Organization, on_delete=models.CASCADE, primary_key=True, related_name="version"
    )
    number = models.BigIntegerField(default=1)

    def __str__(self) -> str:
        return f"{self.organization_id} v{self.number}"


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


class Group(models.Model):  # type: ignore[django-manager-missing]  # guardian's base class has no types
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="groups")
    slug = models.SlugField(max_length=50)
    name = models.CharField(max_length=120)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["organization", "slug"], name="group_slug_once")]
        indexes = [
            models.Index(fields=["organization", "-created_at"], name="group_newest"),
            models.Index("organization", OpClass(Lower("name"), "text_pattern_ops"), name="group_name_begins"),
        ]

    def __str__(self) -> str:
        return self.name


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
        ]

    def __str__(self) -> str:
        return f"{self.email} → {self.organization}"


class SetupLink(models.Model):
    """The one-time link that makes the first owner; also signs an owner in on the machine that runs Harriet."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    token_hash = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"set-up link of {self.created_at}"


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


class Device(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="devices")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="devices")
    name = models.CharField(max_length=80)
    created_at = models.DateTimeField(db_default=Now())
    last_seen_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "user", "name"],
                condition=models.Q(revoked_at=None),
                name="device_name_once",
            )
        ]
        indexes = [
            models.Index(fields=["organization", "-created_at"], name="device_newest"),
            models.Index("organization", OpClass(Lower("name"), "text_pattern_ops"), name="device_name_begins"),
        ]

    def __str__(self) -> str:
        return self.name


class AccessToken(models.Model):
    """A bearer token for the gateway or the API; only the SHA-256 of it is kept."""

    class Kind(models.TextChoices):
        DEVICE = "device", "Device credential"
        INTEGRATION = "integration", "Integration key (shared)"
        PERSONAL = "personal", "Personal API token"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="tokens")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    name = models.CharField(max_length=80)
    token_hash = models.BinaryField(max_length=32, unique=True)
    hint = models.CharField(max_length=8)
    """The last four characters, so that people can tell their tokens apart."""
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="tokens")
    device = models.ForeignKey(Device, on_delete=models.CASCADE, null=True, related_name="tokens")
    groups = models.ManyToManyField(Group, blank=True, related_name="integration_keys")
    profile_id: models.UUIDField[uuid.UUID | None, uuid.UUID | None] = models.UUIDField(null=True, db_index=True)
    """When set, the only profile that this token opens. No foreign key: profiles live two floors above."""
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    """The person who made it and saw it: they decide on none of its calls. Nobody when it was made on the machine that
    runs Harriet without saying by whom."""
    made_by = models.CharField(max_length=254, blank=True)
    """The same in words, as it was called then."""
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    last_seen_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="device", user__isnull=False, device__isnull=False)
                | models.Q(kind="personal", user__isnull=False, device__isnull=True)
                | models.Q(kind="integration", user__isnull=True, device__isnull=True),
                name="token_kind_names_its_bearer",
            )
        ]
        indexes = [
            models.Index(fields=["organization", "-created_at"], name="token_newest"),
            models.Index("organization", OpClass(Lower("name"), "text_pattern_ops"), name="token_name_begins"),
        ]

    def __str__(self) -> str:
        return f"{self.name} (…{self.hint})"


class CredentialOffer(models.Model):
    """A device credential that somebody prepared for somebody else. It is made when that person opens the offer, signed
    in: nobody else ever sees it. The offer's address holds its id, which is no secret: only that person can open it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="credential_offers")
    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="offers")
    name = models.CharField(max_length=80)
    expires_in_days = models.PositiveSmallIntegerField()
    """Of the credential, from the day it is made."""
    profile_id: models.UUIDField[uuid.UUID | None, uuid.UUID | None] = models.UUIDField(null=True)
    offered_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["organization", "-created_at"], name="credential_offer_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.name} for {self.device}"


class RightGiven(models.Model):
    """Somebody came to decide on calls, or may have: by a role, by a group, or because a group came to decide for a
    connector. Kept because nobody who asks for a call chooses afterwards who decides on it."""

    class Way(models.TextChoices):
        ROLE = "role"
        GROUP = "group"
        CONNECTOR = "connector"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    way = models.CharField(max_length=9, choices=Way.choices)
    to_id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField()
    """The person, or the connector. No foreign key: connectors live two floors above."""
    by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["organization", "to_id", "at"], name="right_given_to"),
            models.Index(fields=["organization", "-at"], name="right_given_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.way} to {self.to_id}"


class Notice(models.Model):
    """One line in a person's inbox: what waits for them, with the link where they act; and what is sent about it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=20, blank=True)
    """A key of `harriet.people.notifications.kinds.KINDS`; empty for lines from before there were kinds."""
    text = models.CharField(max_length=300)
    path = models.CharField(max_length=200)
    key = models.CharField(max_length=120)
    """Names what the notice is about; the same thing is noticed once."""
    details = models.JSONField(default=list, blank=True)
    """What the text counts: pairs of words and path."""
    created_at = models.DateTimeField(db_default=Now())
    read_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    """When the matter was over: nobody has to do anything about it any more."""
    due_at = models.DateTimeField(null=True)
    """When it is to be sent by another way than the inbox; null for nothing to send."""
    tried_at = models.DateTimeField(null=True)
    """When somebody last set out to send it."""
    sent_at = models.DateTimeField(null=True)
    """When it last went out."""
    sent_details = models.JSONField(default=list, blank=True)
    """The paths of the details that went out already."""
    problem = models.CharField(max_length=200, blank=True)
    """Why it could not be sent at the last try."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="notice_once")]
        indexes = [
            models.Index(fields=["user", "organization"], condition=models.Q(read_at=None), name="notice_unread"),
            models.Index(
                "organization",
                OpClass("key", "text_pattern_ops"),
                condition=models.Q(settled_at=None),
                name="notice_open_of_key",
            ),
            models.Index(fields=["organization", "-created_at"], name="notice_newest"),
            models.Index(fields=["user", "organization", "-created_at", "-id"], name="notice_of_person"),
            models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="notice_due"),
        ]

    def __str__(self) -> str:
        return self.text


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


class NotificationChoice(models.Model):
    """How a person wants to hear of one kind of matter, where they chose another way than the usual one."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notification_choices")
    kind = models.CharField(max_length=20)
    channel = models.CharField(max_length=10)
    """A key of `harriet.people.notifications.channels.registry.CHANNELS`."""
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "kind"], name="notification_choice_once")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.channel}"


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
        indexes = [models.Index(fields=["organization", "-created_at"], name="recovery_link_newest")]

    def __str__(self) -> str:
        return f"recovery link for {self.user}"


class MailResult(models.Model):
    """How the last mails of this installation went: one row, for whoever looks after the mail server."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    sent_at = models.DateTimeField(null=True)
    """When the mail server last took a mail."""
    failed_at = models.DateTimeField(null=True)
    """When it last did not."""
    problem = models.CharField(max_length=200, blank=True)
    """What was wrong then; empty again once a mail went out."""

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="mail_result_one_row")]

    def __str__(self) -> str:
        return self.problem or "Mail goes out"

    @property
    def is_refused(self) -> bool:
        """The last one, whatever became of those before it."""
        return bool(self.problem)


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
        indexes = [models.Index(fields=["organization", "-created_at"], name="made_once_newest")]

    def __str__(self) -> str:
        return f"made {self.created_at}"

    @property
    def subject(self) -> uuid.UUID:
        """Of one that is ready to be shown."""
        if self.subject_id is None:
            raise ValueError("What the form asks for is still being made.")
        return self.subject_id


class SearchWord(models.Model):
    """A word by which something is found, as it begins. Triggers of the database keep the words beside the names that
    they come from, in the same transaction; `search_words_of` in it says what a word is."""

    class Noun(models.TextChoices):
        PERSON = "person"
        GROUP = "group"
        DEVICE = "device"
        CONNECTOR = "connector"
        TOOL = "tool"
        PROFILE = "profile"
        CREDENTIAL = "credential"
        TICKET = "ticket"

    organization_id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField()
    noun = models.CharField(max_length=12, choices=Noun.choices)
    word = models.CharField(max_length=60, db_collation="C")
    """In lower case. By bytes, so that an index finds beginnings in the order in which it has them."""
    subject_id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField()
    """Of a person, their membership."""

    class Meta:
        indexes = [
            models.Index(fields=["organization_id", "noun", "word", "subject_id"], name="search_word_begins"),
            models.Index(fields=["subject_id", "word"], name="search_word_of_subject"),
        ]

    def __str__(self) -> str:
        return self.word
