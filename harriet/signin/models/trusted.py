"""Whose word about people and workloads Harriet takes at its token endpoint, and what was already used of it."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from harriet.lib.ids import new_id
from harriet.people.models import Agent, Organization


class TrustedIssuer(models.Model):
    """An identity provider, or one tenant of a vendor's, whose assertions open profiles without a question."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="trusted_issuers")
    name = models.CharField(max_length=120)
    issuer = models.CharField(max_length=500)
    """`iss`, letter by letter."""
    accepts_id_jag = models.BooleanField(default=False)
    """For people (Identity Assertion JWT Authorization Grant). Each type of assertion is trusted by itself."""
    accepts_workloads = models.BooleanField(default=False)
    """For agents: what its platform says of a workload (RFC 7523)."""
    keys_url = models.CharField(max_length=500, blank=True)
    keys = models.JSONField(default=dict, blank=True)
    """A JWK set of public keys, where there is no address to read one from."""
    allow_internal = models.BooleanField(default=False)
    tenant_claim = models.CharField(max_length=100, blank=True)
    tenant_value = models.CharField(max_length=200, blank=True)
    """Which customer of the issuer this is: a vendor's issuer speaks for all of its customers."""
    client_ids = models.JSONField(default=list)
    longest = models.PositiveIntegerField(default=300)
    """Seconds from `iat` to `exp`, at most."""
    scopes = models.CharField(max_length=200)
    """The most that any assertion gives."""
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(db_default=Now())
    changed_at = models.DateTimeField(db_default=Now())
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "issuer", "tenant_claim", "tenant_value"], name="trusted_issuer_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TrustedProfile(models.Model):
    """What an issuer's assertions open of one profile: the kinds of tools that it had at the first of them. Riskier
    tools that come later wait until somebody has said yes to them."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    issuer = models.ForeignKey(TrustedIssuer, on_delete=models.CASCADE, related_name="profiles")
    profile_id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField()
    scopes = models.CharField(max_length=200)
    wanted = models.CharField(max_length=200, blank=True)
    """What an assertion would have given besides, and waits."""
    since = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["issuer", "profile_id"], name="trusted_profile_once")]

    def __str__(self) -> str:
        return f"{self.issuer}: {self.scopes}"


class WorkloadIdentity(models.Model):
    """A workload for which an issuer vouches is one agent here, and opens one profile."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    issuer = models.ForeignKey(TrustedIssuer, on_delete=models.CASCADE, related_name="workloads")
    subject = models.CharField(max_length=500)
    """`sub`, letter by letter."""
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="workloads")
    profile_id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(db_default=Now())
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["issuer", "subject"], name="workload_once")]
        indexes = [models.Index(fields=["-made_at"], name="workload_newest")]

    def __str__(self) -> str:
        return self.subject


class UsedAssertion(models.Model):
    """An assertion is used once: its `jti` is remembered until it would be too old anyway."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    issuer = models.CharField(max_length=500)
    jti_hash = models.BinaryField(max_length=32)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "issuer", "jti_hash"], name="assertion_used_once"),
        ]
        indexes = [models.Index(fields=["expires_at"], name="used_assertion_old")]

    def __str__(self) -> str:
        return f"{self.issuer} {self.expires_at:%Y-%m-%d %H:%M}"
