"""An authenticator app, as somebody has it on their phone."""

from __future__ import annotations

import time

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

from harriet.people.models import User
from harriet.signin.sealing import seal_text

SECRET = "JBSWY3DPEHPK3PXP"


def add_app(user: User) -> Authenticator:
    """Their second factor from now on."""
    return Authenticator.objects.create(user=user, type="totp", data={"secret": seal_text(SECRET)})


def code_now() -> str:
    """What the app shows."""
    return str(format_hotp_value(hotp_value(SECRET, int(time.time()) // 30)))
