"""What Celery runs for signing in: each task calls one action."""

from __future__ import annotations

from celery import shared_task

from harriet.signin.actions.forget_old import forget_old_steps, forget_unused_clients
from harriet.signin.actions.forget_old_tokens import forget_old_tokens
from harriet.signin.actions.lapse_clients import end_old_sessions, forget_old_attempts, lapse_clients
from harriet.signin.actions.remind_of_certificates import remind_of_certificates


@shared_task(name="signin.forget_old_tokens")
def forget_old_tokens_task() -> None:
    """Codes of yesterday, answers that were kept for a minute, assertions that are too old to come again, and tokens
    that ended a month ago."""
    forget_old_tokens()


@shared_task(name="signin.forget_unused_clients")
def forget_unused_clients_task() -> None:
    """Forgets clients that registered themselves and that nobody ever signed in with."""
    forget_unused_clients()


@shared_task(name="signin.forget_old_steps")
def forget_old_steps_task() -> None:
    """Forgets what the connection doctor knows of more than a month ago."""
    forget_old_steps()


@shared_task(name="signin.lapse_clients")
def lapse_clients_task() -> None:
    """Where single sign-on is required, clients of people whose last sign-in is too long ago wait for the next one;
    sessions by a provider that are older than is wanted now end."""
    lapse_clients()
    end_old_sessions()
    forget_old_attempts()


@shared_task(name="signin.remind_of_certificates")
def remind_of_certificates_task() -> None:
    """Owners hear in time that a SAML provider's certificate ends."""
    remind_of_certificates()
