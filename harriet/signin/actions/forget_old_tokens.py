"""Forgets what no client can use any more: codes, kept answers, used assertions, old tokens.

Used refresh tokens stay for a month, so that a later use is known for what it is. The rows by which the gateway knows a
sign-in stay, as those of device credentials do: held calls and the log name them.
"""

from __future__ import annotations

from datetime import timedelta

from django.db.models.functions import Now

from harriet.lib.batches import delete_some
from harriet.signin.actions.use_refresh_token import GRACE
from harriet.signin.models import AuthorizationCode, DeviceCode, IssuedToken, RefreshToken, UsedAssertion

CODES_KEPT = timedelta(days=1)
TOKENS_KEPT = timedelta(days=30)
AT_ONCE = 2000
"""Rows of a kind in one turn: the next turn takes the rest."""


def forget_old_tokens() -> int:
    """No audit event: nothing that anybody could do changes. Returns how many rows went."""
    RefreshToken.objects.exclude(sealed_answer=None).filter(answered_at__lt=Now() - GRACE).update(sealed_answer=None)
    gone = delete_some(AuthorizationCode.objects.filter(expires__lt=Now() - CODES_KEPT), AT_ONCE)
    gone += delete_some(DeviceCode.objects.filter(expires__lt=Now() - CODES_KEPT), AT_ONCE)
    gone += delete_some(UsedAssertion.objects.filter(expires_at__lt=Now()), AT_ONCE)
    gone += delete_some(RefreshToken.objects.filter(revoked__lt=Now() - TOKENS_KEPT), AT_ONCE)
    return gone + delete_some(IssuedToken.objects.filter(refresh_token=None, expires__lt=Now() - TOKENS_KEPT), AT_ONCE)
