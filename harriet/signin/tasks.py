"""What happens around signing in without anybody asking for it."""

from __future__ import annotations

from celery import shared_task

from harriet.signin.actions.forget_old_tokens import forget_old_tokens


@shared_task(name="signin.forget_old_tokens")
def forget_old_tokens_task() -> None:
    """Codes of yesterday, answers that were kept for a minute, and tokens that ended a month ago."""
    forget_old_tokens()
