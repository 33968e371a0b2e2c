"""Where an organization's people sign in: its identity providers, what their groups mean here, its domains."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import models
from django.db.models.functions import Now

from harriet.lib.ids import new_id
from harriet.people.models import Group, Membership, Organization
from harriet.people.roles import Role


class IdentityProvider(models.Model):
    """One of an organization's. Off until an owner has tried it and switched it on."""

    class Kind(models.TextChoices):
        OIDC = "oidc", "OpenID Connect"
        SAML = "saml", "SAML"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    """In its own addresses: each provider has a callback of its own, so that no answer passes for another's."""
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="identity_providers")
    kind = models.CharField(max_length=4, choices=Kind.choices)
    name = models.CharField(max_length=80)
    is_active = models.BooleanField(default=False)
    issuer = models.CharField(max_length=500, blank=True)
    """The exact string: `issuer` of OpenID Connect, the entity id of SAML."""
    client_id = models.CharField(max_length=300, blank=True)
    sealed_secret = models.BinaryField(null=True)
    scopes = models.CharField(max_length=300, default="openid email profile", blank=True)
    endpoints = models.JSONField(default=dict, blank=True)
    """OpenID Connect: what discovery said that is used. SAML: where requests go (`sso`)."""
    keys = models.JSONField(default=dict, blank=True)
    """OpenID Connect: the key set (RFC 7517), with when it was read. SAML: the certificates, as PEM."""
    read_at = models.DateTimeField(null=True)
    """When endpoints and keys were last read from the provider."""
    email_claim = models.CharField(max_length=200, default="email", blank=True)
    name_claim = models.CharField(max_length=200, default="name", blank=True)
    employee_claim = models.CharField(max_length=200, blank=True)
    groups_claim = models.CharField(max_length=200, default="groups", blank=True)
    makes_accounts = models.BooleanField(default=False)
    """Whoever comes for the first time with an address of a verified domain becomes a member."""
    logout_stops_clients = models.BooleanField(default=False)
    """A sign-out that the provider sends also stops the person's AI clients until they sign in again."""
    renews_sign_ins = models.BooleanField(default=False)
    """OpenID Connect: the provider is asked for what renews a sign-in, for servers to which it is exchanged."""
    tested_at = models.DateTimeField(null=True)
    """When a test sign-in last came through with the settings as they are."""
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "name"], name="identity_provider_name_once")]
        indexes = [models.Index(fields=["organization", "-created_at"], name="identity_provider_newest")]

    def __str__(self) -> str:
        return self.name


class ClaimMapping(models.Model):
    """Whoever has this value among their groups at the provider is in a group here, or has a role."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    provider = models.ForeignKey(IdentityProvider, on_delete=models.CASCADE, related_name="mappings")
    value = models.CharField(max_length=300)
    group = models.ForeignKey(Group, on_delete=models.CASCADE, null=True, related_name="+")
    role = models.CharField(max_length=16, choices=Role.choices, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(group__isnull=False, role="") | (models.Q(group__isnull=True) & ~models.Q(role="")),
                name="claim_mapping_group_or_role",
            ),
            models.UniqueConstraint(fields=["provider", "value", "group", "role"], name="claim_mapping_once"),
        ]
        indexes = [models.Index(fields=["-created_at"], name="claim_mapping_newest")]

    def __str__(self) -> str:
        return f"{self.value} → {self.group or self.role}"


class Domain(models.Model):
    """A domain of e-mail addresses that an organization says is its own."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="domains")
    name = models.CharField(max_length=253)
    """In lower case."""
    proof = models.CharField(max_length=60)
    """What has to stand in its DNS or at its website. No secret: it is published."""
    verified_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, blank=True)
    """Why the last check did not find the proof, as a sentence."""
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="domain_once"),
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(verified_at__isnull=False), name="domain_verified_by_one"
            ),
        ]
        indexes = [models.Index(fields=["organization", "-created_at"], name="domain_newest")]

    def __str__(self) -> str:
        return self.name


class SignInAttempt(models.Model):
    """One way to the provider and back. Bound to the browser session that began it; used once, within ten minutes."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    provider = models.ForeignKey(IdentityProvider, on_delete=models.CASCADE, related_name="attempts")
    state_hash = models.BinaryField(max_length=32, unique=True)
    """Of `state` (OpenID Connect), of the request's ID (SAML)."""
    sealed = models.BinaryField(null=True)
    """OpenID Connect: nonce and code verifier. Then what the provider said, until the person's browser fetches it."""
    is_test = models.BooleanField(default=False)
    next_path = models.CharField(max_length=2000, blank=True)
    begun_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+")
    """Of a test: the owner who tries it."""
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    """An answer was taken: a second one is refused."""
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["-created_at"], name="sign_in_attempt_newest")]

    def __str__(self) -> str:
        return f"{self.provider_id} {self.created_at}"


class SeenAssertion(models.Model):
    """The id of an assertion or logout token that was taken, until it would have expired: it is taken once."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    provider = models.ForeignKey(IdentityProvider, on_delete=models.CASCADE, related_name="+")
    id_hash = models.BinaryField(max_length=32)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provider", "id_hash"], name="assertion_seen_once")]

    def __str__(self) -> str:
        return f"{self.provider_id} {bytes(self.id_hash).hex()[:8]}"


class ProviderSession(models.Model):
    """Which browser session began at which provider: the provider can end it from behind. Gone with the session."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    session = models.OneToOneField(Session, on_delete=models.CASCADE, related_name="+")
    provider = models.ForeignKey(IdentityProvider, on_delete=models.CASCADE, related_name="+")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    subject = models.CharField(max_length=300)
    sid = models.CharField(max_length=300, blank=True)
    """The session's name at the provider (OpenID Connect `sid`, SAML SessionIndex)."""
    began_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["provider", "subject"], name="provider_session_subject"),
            models.Index(fields=["-began_at"], name="provider_session_newest"),
            models.Index(fields=["provider", "began_at"], name="provider_session_old"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.began_at}"


class SubjectToken(models.Model):
    """The provider's own word about a person, kept sealed for servers to which it is exchanged (RFC 8693)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    membership = models.OneToOneField(Membership, on_delete=models.CASCADE, related_name="+")
    provider = models.ForeignKey(IdentityProvider, on_delete=models.CASCADE, related_name="+")
    sealed = models.BinaryField()
    """The ID token, as the provider signed it."""
    sid = models.CharField(max_length=300, blank=True, default="")
    """The session's name at the provider, which may end it from behind when no browser is signed in here any more."""
    grant_id: models.UUIDField[uuid.UUID | None, uuid.UUID | None] = models.UUIDField(null=True)
    """Of the vault: what renews it; null where nothing does."""
    expires_at = models.DateTimeField()
    kept_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["-kept_at"], name="subject_token_newest"),
            models.Index(fields=["expires_at"], condition=models.Q(grant_id=None), name="subject_token_old"),
        ]

    def __str__(self) -> str:
        return f"{self.membership_id} until {self.expires_at}"
