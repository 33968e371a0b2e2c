"""Harriet as an authorization server: clients, what people allowed them, and the tokens they got. Hashes only.

The models are django-oauth-toolkit's, with an organization: each organization is an issuer of its own, and a client
that registered at one is unknown at every other. What opens the gateway is the `people.AccessToken` that is made
beside each token here.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Func, Value, When
from django.db.models.functions import MD5, Cast, Concat, Now
from oauth2_provider.models import (
    AbstractAccessToken,
    AbstractApplication,
    AbstractDeviceGrant,
    AbstractGrant,
    AbstractIDToken,
    AbstractRefreshToken,
)

from harriet.lib.ids import new_id
from harriet.people.models import AccessToken, Device, Organization
from harriet.signin.models.trusted import TrustedIssuer

_PORTLESS = Func(
    F("redirect_uris"),
    Value(r"://(localhost|127\.0\.0\.1|\[::1\]):\d+"),
    Value(r"://\1"),
    Value("g"),
    function="regexp_replace",
    output_field=models.TextField(),
)
_SAID = Concat("name", Value("\n"), _PORTLESS, output_field=models.TextField())


class Application(AbstractApplication):
    """An AI client, as one organization knows it."""

    class Standing(models.TextChoices):
        ALLOWED = "allowed", "Allowed"
        WAITING = "waiting", "Waits for an admin"
        BLOCKED = "blocked", "Blocked"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)  # type: ignore[assignment]
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="oauth_applications")
    client_id = models.CharField(max_length=255, db_index=True)
    """Once in each organization: a metadata document's address may be known in several."""
    standing = models.CharField(max_length=8, choices=Standing.choices, default=Standing.ALLOWED)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    """The admin who allowed or blocked it; nobody when the organization lets new clients in."""
    decided_at = models.DateTimeField(null=True)
    auth_method = models.CharField(max_length=30, default="none")
    """How it proves itself at the token endpoint (RFC 7591 §2)."""
    software = models.CharField(max_length=200, blank=True)
    """What it calls itself beside its name: `software_id` and `software_version`."""
    client_uri = models.CharField(max_length=500, blank=True)
    sealed_secret_hint = models.CharField(max_length=8, blank=True)
    """The last four characters of a static client's secret, so that admins tell them apart."""
    first_user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    """Who first signed in with it: clients that register again and again are grouped by person and redirect."""
    last_used_at = models.DateTimeField(null=True)
    group_key = models.GeneratedField(
        expression=Case(
            When(registration_source="dcr", then=MD5(_SAID, output_field=models.TextField())),
            default=Cast("id", models.TextField()),
            output_field=models.TextField(),
        ),
        output_field=models.CharField(max_length=36),
        db_persist=True,
    )
    """The same for clients that are one to people: some register again and again, with another port of the person's own
    machine each time. What an admin decides holds for all of them."""
    expires_at = models.DateTimeField(null=True)
    """Of one that registered itself and was never used: then it is forgotten."""

    class Meta(AbstractApplication.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(fields=["organization", "client_id"], name="application_client_id_once"),
        ]
        indexes = [
            models.Index(fields=["organization", "-created"], name="application_newest"),
            models.Index(fields=["organization", "group_key", "-created"], name="application_group"),
            models.Index(
                fields=["expires_at"], condition=models.Q(expires_at__isnull=False), name="application_unused"
            ),
        ]


class ConnectedApp(models.Model):
    """What one person allowed one client at one profile. Its device is what the gateway and the log know it by."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="connected_apps")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="connected_apps")
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="connected_apps")
    device = models.OneToOneField(Device, on_delete=models.CASCADE, related_name="connected_app")
    profile_id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField()
    scopes = models.CharField(max_length=200)
    redirect_uri = models.CharField(max_length=1000, blank=True, db_default="")
    """Where answers went when the person said yes, without the port of a loopback address: another one asks again.
    Empty for a client that was allowed by a code typed in."""
    consented_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    """When the person is asked again."""
    refreshed_at = models.DateTimeField(null=True)
    given_by = models.ForeignKey(TrustedIssuer, on_delete=models.SET_NULL, null=True, related_name="apps")
    """The issuer whose word opened it; nobody where the person said yes."""
    ended_at = models.DateTimeField(null=True)
    ended_because = models.CharField(max_length=200, blank=True)
    """A sentence."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "application", "profile_id"],
                condition=models.Q(ended_at=None),
                name="connected_app_once",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "-consented_at"], name="connected_app_newest"),
            models.Index(fields=["user", "organization"], name="connected_app_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.application} for {self.user}"


class AuthorizationCode(AbstractGrant):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)  # type: ignore[assignment]
    connected_app = models.ForeignKey(ConnectedApp, on_delete=models.CASCADE, null=True, related_name="codes")

    class Meta(AbstractGrant.Meta):
        indexes = [models.Index(fields=["expires"], name="authorization_code_old")]


class IssuedToken(AbstractAccessToken):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)  # type: ignore[assignment]
    connected_app = models.ForeignKey(ConnectedApp, on_delete=models.CASCADE, null=True, related_name="issued_tokens")
    gateway_token = models.OneToOneField(AccessToken, on_delete=models.CASCADE, null=True, related_name="+")
    """The row by which the gateway knows it."""

    class Meta(AbstractAccessToken.Meta):
        indexes = [models.Index(fields=["expires"], name="issued_token_old")]


class RefreshToken(AbstractRefreshToken):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)  # type: ignore[assignment]
    connected_app = models.ForeignKey(ConnectedApp, on_delete=models.CASCADE, null=True, related_name="refresh_tokens")
    sealed_answer = models.BinaryField(null=True)
    """The answer that was given for it, for a client that lost it: replayed for a minute, to whoever still has this
    token, the immediate predecessor of the newest. Gone after that."""
    answered_at = models.DateTimeField(null=True)

    class Meta(AbstractRefreshToken.Meta):
        indexes = [
            models.Index(fields=["token_family"]),
            models.Index(fields=["revoked"], condition=models.Q(revoked__isnull=False), name="refresh_token_old"),
            models.Index(
                fields=["answered_at"], condition=models.Q(sealed_answer__isnull=False), name="refresh_token_answered"
            ),
        ]


class IdToken(AbstractIDToken):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)  # type: ignore[assignment]


class DeviceCode(AbstractDeviceGrant):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)  # type: ignore[assignment]
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    client_id = models.CharField(max_length=255, db_index=True)
    connected_app = models.ForeignKey(ConnectedApp, on_delete=models.CASCADE, null=True, related_name="+")
    resource = models.CharField(max_length=500, blank=True)

    class Meta(AbstractDeviceGrant.Meta):
        indexes = [models.Index(fields=["expires"], name="device_code_old")]
