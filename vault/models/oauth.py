"""Harriet as an OAuth client: its registration at an issuer, and what a person, or nobody in particular, granted it.

Everything is kept by issuer: neither client credentials nor tokens of one are ever sent to another (RFC 9207).
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from harriet.lib.ids import new_id


class OAuthClient(models.Model):
    """One registration of an organization at one issuer; it may serve many connectors."""

    class Origin(models.TextChoices):
        TYPED = "typed", "Entered by an admin"
        REGISTERED = "registered", "Registered by itself"
        DOCUMENT = "document", "Client metadata document"
        SIGN_IN = "sign_in", "The company's sign-in"
        """Of an identity provider: nobody connects an account there, and no connector uses it."""

    class AuthMethod(models.TextChoices):
        NONE = "none", "None (public client)"
        BASIC = "client_secret_basic", "Secret, as HTTP Basic"
        POST = "client_secret_post", "Secret, in the form"
        KEY = "private_key_jwt", "Signed assertion"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey("people.Organization", on_delete=models.CASCADE, related_name="oauth_clients")
    issuer = models.CharField(max_length=500)
    """Exactly as the authorization server calls itself; the token endpoint's address where nothing was discovered."""
    name = models.CharField(max_length=120)
    origin = models.CharField(max_length=10, choices=Origin.choices)
    client_id = models.CharField(max_length=500)
    auth_method = models.CharField(max_length=20, choices=AuthMethod.choices, default=AuthMethod.NONE)
    sealed_secret = models.BinaryField(null=True)
    key_version = models.PositiveIntegerField(null=True)
    metadata = models.JSONField(default=dict)
    """Of the authorization server (RFC 8414), as discovered or typed in; nothing secret."""
    discovered_at = models.DateTimeField(null=True)
    secret_expires_at = models.DateTimeField(null=True)
    allow_internal = models.BooleanField(default=False)
    """Its endpoints may be inside the company's network, as far as the organization's list of hosts goes."""
    allowed_domains = models.JSONField(default=list, blank=True)
    """Only accounts of these e-mail domains may be connected; empty for any."""
    problem = models.CharField(max_length=300, blank=True)
    """What an operator has to mend before any grant of it can be refreshed; empty when nothing."""
    problem_at = models.DateTimeField(null=True)
    retry_at = models.DateTimeField(null=True)
    """The token endpoint is left alone until then."""
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "issuer", "client_id"], name="oauth_client_once"),
            models.CheckConstraint(
                condition=models.Q(sealed_secret__isnull=True) | models.Q(key_version__isnull=False),
                name="oauth_client_secret_says_its_key",
            ),
        ]
        indexes = [models.Index(fields=["organization", "-created_at"], name="oauth_client_newest")]

    def __str__(self) -> str:
        return self.name


class OAuthGrant(models.Model):
    """Tokens that one issuer gave for one resource: to one person, or to the organization when nobody is named.

    Refreshing moves `generation` by compare-and-set under a lease: whoever holds the lease alone may spend the refresh
    token, and what they got counts only while both are as they were.
    """

    class State(models.TextChoices):
        ACTIVE = "active", "Connected"
        NEEDS_CONSENT = "needs_consent", "Has to be connected again"
        NEEDS_OPERATOR = "needs_operator", "Needs an admin"
        UNKNOWN = "unknown", "Outcome unknown"
        REVOKED = "revoked", "Disconnected"

    class RenewedBy(models.TextChoices):
        REFRESH_TOKEN = "refresh_token", "Its refresh token"
        CLIENT_CREDENTIALS = "client_credentials", "Harriet's own client secret"
        JWT_BEARER = "jwt_bearer", "A service account's key"
        EXCHANGE = "exchange", "The person's company sign-in"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey("people.Organization", on_delete=models.CASCADE, related_name="oauth_grants")
    client = models.ForeignKey(OAuthClient, on_delete=models.CASCADE, related_name="grants")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="oauth_grants")
    """Whose; nobody's for client credentials, a service account without a subject, and an account that an admin signed
    in with for everybody."""
    resource = models.CharField(max_length=500, blank=True)
    """RFC 8707; empty where the issuer knows no resources."""
    scopes = models.CharField(max_length=2000, blank=True)
    """As granted, separated by spaces."""
    asked_scopes = models.CharField(max_length=2000, blank=True)
    needed_scopes = models.CharField(max_length=2000, blank=True, default="")
    """That a server asked for when a call was made, beyond what was granted."""
    signed_in_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    """Of an account that the organization shares: the admin who signed in with it."""
    account = models.CharField(max_length=254, blank=True)
    """The account at the provider, as it calls it; empty where it didn't say."""
    account_subject = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=14, choices=State.choices, default=State.ACTIVE)
    state_reason = models.CharField(max_length=40, blank=True)
    """A code: the provider's error, or `outcome_unknown`."""
    renewed_by = models.CharField(max_length=20, choices=RenewedBy.choices, default=RenewedBy.REFRESH_TOKEN)
    sealed_refresh = models.BinaryField(null=True)
    sealed_access = models.BinaryField(null=True)
    key_version = models.PositiveIntegerField(null=True)
    token_type = models.CharField(max_length=20, default="Bearer")
    generation = models.PositiveIntegerField(default=1)
    lease_owner: models.UUIDField[uuid.UUID | None, uuid.UUID | None] = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    access_expires_at = models.DateTimeField(null=True)
    refresh_expires_at = models.DateTimeField(null=True)
    next_refresh_at = models.DateTimeField(null=True)
    """When beat refreshes it ahead of time; null for never."""
    failures = models.PositiveSmallIntegerField(default=0)
    """In a row."""
    answered_at = models.DateTimeField(null=True)
    last_answer = models.CharField(max_length=200, blank=True)
    """What the token endpoint last said, in words; never what it sent."""
    granted_at = models.DateTimeField(db_default=Now())
    last_used_at = models.DateTimeField(null=True)
    last_used_by = models.CharField(max_length=120, blank=True)
    """The connector and tool."""
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(  # what somebody consented to at the provider
                fields=["client", "user", "resource"],
                condition=models.Q(renewed_by="refresh_token"),
                nulls_distinct=False,
                name="oauth_grant_once",
            ),
            models.UniqueConstraint(  # what Harriet asks for by itself
                fields=["client", "user", "resource", "renewed_by", "asked_scopes"],
                condition=~models.Q(renewed_by="refresh_token"),
                nulls_distinct=False,
                name="oauth_grant_once_for_scopes",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "-granted_at"], name="oauth_grant_newest"),
            models.Index(fields=["user", "organization"], name="oauth_grant_of_person"),
            models.Index(
                fields=["next_refresh_at"],
                condition=models.Q(state="active", next_refresh_at__isnull=False),
                name="oauth_grant_due",
            ),
            models.Index(
                fields=["revoked_at"],
                condition=models.Q(state="revoked")
                & (models.Q(sealed_refresh__isnull=False) | models.Q(sealed_access__isnull=False)),
                name="oauth_grant_to_take_back",
            ),
            models.Index(
                fields=["access_expires_at"],
                condition=models.Q(state="active", renewed_by="refresh_token", sealed_refresh=None),
                name="oauth_grant_ends",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.client} for {self.user_id or self.organization_id}"

    @property
    def is_sign_in(self) -> bool:
        """What is kept is the identity provider's word about the person, and no token of a server."""
        return self.client.origin == OAuthClient.Origin.SIGN_IN


class OAuthRequest(models.Model):
    """A person's way to a provider and back: what was asked, by whom, with which verifier. Once, within ten minutes."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey("people.Organization", on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    client = models.ForeignKey(OAuthClient, on_delete=models.CASCADE, related_name="requests")
    connector_id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField()
    state_hash = models.BinaryField(max_length=32, unique=True)
    sealed_verifier = models.BinaryField()
    key_version = models.PositiveIntegerField()
    issuer = models.CharField(max_length=500)
    """Recorded before the person is sent off, so that an answer of another server is known for what it is."""
    redirect_uri = models.CharField(max_length=500)
    resource = models.CharField(max_length=500, blank=True)
    scopes = models.CharField(max_length=2000, blank=True)
    is_shared = models.BooleanField(default=False)
    """What they come back with is the organization's, and nobody's own."""
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["organization", "-created_at"], name="oauth_request_newest"),
            models.Index(fields=["expires_at"], name="oauth_request_expires"),
        ]

    def __str__(self) -> str:
        return f"{self.client_id} for {self.user_id}"
