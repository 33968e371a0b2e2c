"""Forgets ways to providers on which nobody comes back any more."""

from __future__ import annotations

from django.db.models.functions import Now

from harriet.lib.batches import delete_some
from vault.models import OAuthRequest
from vault.oauth.begin import KEPT_FOR

AT_ONCE = 5_000
"""Requests in one turn."""


def forget_requests() -> int:
    """No audit event: nobody could do anything with them. Returns how many went."""
    return delete_some(OAuthRequest.objects.filter(expires_at__lt=Now() - KEPT_FOR), AT_ONCE)
