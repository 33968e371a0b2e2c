"""Clients that people signed in with: rows as the authorization server leaves them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from connectors.models import Profile
from harriet.lib.secret import Secret
from harriet.people.models import AccessToken, Device, Organization, User
from harriet.people.tokens import new_token
from harriet.signin.models import Application, ConnectedApp, IssuedToken, RefreshToken

LOOPBACK = "http://127.0.0.1:33418/callback"


def client_of(organization: Organization, name: str = "Claude Code", **facts: Any) -> Application:
    """One that registered itself, unless `facts` say otherwise."""
    return Application.objects.create(
        **{
            "organization": organization,
            "name": name,
            "client_id": f"client-{Application.objects.count()}",
            "client_type": Application.CLIENT_PUBLIC,
            "authorization_grant_type": Application.GRANT_AUTHORIZATION_CODE,
            "client_secret": "",
            "registration_source": "dcr",
            "redirect_uris": LOOPBACK,
            **facts,
        }
    )


def connected_app(
    user: User, client: Application, profile: Profile, scopes: str = "tools.read tools.write"
) -> tuple[ConnectedApp, Secret]:
    """With an access token, which opens the gateway, and a refresh token."""
    organization, soon = client.organization, timezone.now() + timedelta(hours=1)
    used = Device.objects.filter(user=user, name__startswith=client.name, revoked_at=None).count()
    name = f"{client.name} {used + 1}" if used else client.name
    device = Device.objects.create(organization=organization, user=user, name=name, kind=Device.Kind.APP)
    app = ConnectedApp.objects.create(
        organization=organization,
        user=user,
        application=client,
        device=device,
        profile_id=profile.pk,
        scopes=scopes,
        expires_at=timezone.now() + timedelta(days=90),
    )
    Application.objects.filter(pk=client.pk, first_user=None).update(first_user=user, expires_at=None)
    return app, _tokens(app, device, soon)


def _tokens(app: ConnectedApp, device: Device, soon: Any) -> Secret:
    new = new_token(AccessToken.Kind.DEVICE)
    token = AccessToken.objects.create(
        organization=app.organization,
        kind=AccessToken.Kind.OAUTH,
        name=app.application.name[:80],
        token_hash=new.hash,
        hint=new.hint,
        user=app.user,
        device=device,
        profile_id=app.profile_id,
        scopes=app.scopes,
        expires_at=soon,
    )
    mine = {"user": app.user, "application": app.application, "connected_app": app, "scope": app.scopes}
    issued = IssuedToken.objects.create(
        token="", token_checksum=new.hash.hex(), expires=soon, gateway_token=token, **mine
    )
    mine.pop("scope")
    RefreshToken.objects.create(token="", token_checksum=new.hash[::-1].hex(), access_token=issued, **mine)
    return new.secret
