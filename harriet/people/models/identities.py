"""Who a person is as an identity provider says it: the only identity that is ever passed on to a server."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Coalesce, Now

from harriet.lib.ids import new_id
from harriet.people.models.memberships import Membership


class AssertedIdentity(models.Model):
    """Of a membership that the organization's identity provider has asserted; a local account has none."""

    class Source(models.TextChoices):
        OIDC = "oidc", "OpenID Connect"
        SAML = "saml", "SAML"
        SCIM = "scim", "SCIM"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    membership = models.OneToOneField(Membership, on_delete=models.CASCADE, related_name="identity")
    provider_id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField()
    """No foreign key: identity providers live three floors above."""
    source = models.CharField(max_length=4, choices=Source.choices)
    issuer = models.CharField(max_length=500, blank=True)
    subject = models.CharField(max_length=300)
    """Stable, and the provider's own: `sub` of OpenID Connect, NameID of SAML, `externalId` of SCIM."""
    email = models.EmailField(blank=True)
    employee_id = models.CharField(max_length=120, blank=True)
    groups = models.JSONField(default=list, blank=True)
    """Names as the provider said them."""
    asserted_at = models.DateTimeField(db_default=Now())
    """When the provider last said so: at a sign-in, or by SCIM."""
    signed_in_at = models.DateTimeField(null=True)
    """When the person last signed in through the provider; never, for one whom only SCIM has made known."""
    lapsed_at = models.DateTimeField(null=True)
    """Since when their AI clients wait for the next sign-in: the last one is too long ago, or the provider ended it."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider_id", "subject"], name="asserted_subject_once"),
        ]
        indexes = [
            models.Index(fields=["-asserted_at"], name="asserted_identity_newest"),
            models.Index(
                "provider_id",
                "source",
                Coalesce("signed_in_at", "asserted_at"),
                condition=models.Q(lapsed_at=None),
                name="asserted_identity_lapses",
            ),
        ]

    def __str__(self) -> str:
        return self.email or self.subject
