"""Keeps what a client's metadata document said (Client ID Metadata Document), until it has to be read again."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now

from harriet.people.models import Organization
from harriet.signin.actions.register_client import UNUSED_FOR, described, forget_oldest
from harriet.signin.models import Application
from harriet.signin.new_clients import decide_standing
from harriet.signin.protocol.client_metadata import ClientMetadata


def keep_document_client(
    organization: Organization, client_id: str, metadata: ClientMetadata, *, fresh_for: timedelta
) -> Application:
    """The one row of this address here, made or brought up to date. What admins decided about it stays."""
    said = {**described(metadata), "cimd_expires_at": Now() + fresh_for}
    fixed = {
        "client_secret": "",
        "hash_client_secret": False,
        "registration_source": Application.RegistrationSource.CIMD,
        "expires_at": Now() + UNUSED_FOR,
    }
    with transaction.atomic():
        application, is_new = Application.objects.update_or_create(
            organization=organization, client_id=client_id, defaults=said, create_defaults={**said, **fixed}
        )
        if is_new:
            decide_standing(application, organization)
            forget_oldest(organization)
    application.refresh_from_db()
    return application


def try_document_later(application: Application, *, again_in: timedelta) -> None:
    """It could not be read now: what it said before holds until then."""
    Application.objects.filter(pk=application.pk).update(cimd_expires_at=Now() + again_in)
