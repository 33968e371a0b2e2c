"""Takes a client that registers itself (RFC 7591). Nobody acts yet: it can do nothing before a person allows it."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models.functions import Now

from harriet.lib.ids import new_id
from harriet.lib.secret import Secret
from harriet.people.models import Organization
from harriet.signin.models import Application
from harriet.signin.new_clients import decide_standing
from harriet.signin.protocol.client_metadata import ClientMetadata
from harriet.signin.protocol.client_secrets import new_client_secret

UNUSED_FOR = timedelta(days=30)
"""After which a client that nobody ever allowed is forgotten."""
MOST_UNUSED = 5000
"""Clients of an organization that nobody has allowed yet. Beyond that the oldest go first: whoever floods the
registration pushes out their own, and nobody is refused by an address that they share with an office."""


class Registered(NamedTuple):
    application: Application
    secret: Secret | None


def register_client(organization: Organization, metadata: ClientMetadata) -> Registered:
    """No audit event: it is nobody's deed, and says nothing until somebody allows the client, which is one."""
    new = new_client_secret() if metadata.auth_method != "none" else None
    with transaction.atomic():
        application = Application.objects.create(
            organization=organization,
            client_id=f"hrt_c_{new_id().hex}",
            client_secret=new.stored if new else "",
            hash_client_secret=False,
            registration_source=Application.RegistrationSource.DCR,
            expires_at=Now() + UNUSED_FOR,
            **described(metadata),
        )
        decide_standing(application, organization)
        forget_oldest(organization)
    application.refresh_from_db(fields=["created", "expires_at"])
    return Registered(application, new.secret if new else None)


def described(metadata: ClientMetadata) -> dict[str, str]:
    """The columns that say what the client said of itself."""
    kind = Application.CLIENT_PUBLIC if metadata.auth_method == "none" else Application.CLIENT_CONFIDENTIAL
    device, code = Application.GRANT_DEVICE_CODE, Application.GRANT_AUTHORIZATION_CODE
    return {
        "name": metadata.name,
        "redirect_uris": " ".join(metadata.redirect_uris),
        "client_type": kind,
        "authorization_grant_type": device if metadata.may_use_device_flow else code,
        "auth_method": metadata.auth_method,
        "software": metadata.software,
        "client_uri": metadata.client_uri,
    }


def forget_oldest(organization: Organization) -> None:
    """Within the transaction that makes another one."""
    unused = Application.objects.filter(organization=organization, expires_at__isnull=False).order_by("-created", "-pk")
    for application in unused[MOST_UNUSED : MOST_UNUSED + 100]:
        application.delete()
