"""What the vault does by the clock."""

from celery import shared_task

from vault.actions.end_grants import revoke_ended_grants
from vault.actions.forget_replaced import forget_replaced
from vault.actions.forget_requests import forget_requests
from vault.actions.refresh_grants import refresh_grants
from vault.actions.remind_of_rotations import remind_of_rotations


@shared_task(name="vault.remind_of_rotations")
def remind_of_rotations_task() -> None:
    """Reminds of credentials whose rotation is due."""
    remind_of_rotations()


@shared_task(name="vault.forget_replaced")
def forget_replaced_task() -> None:
    """Forgets replaced secrets when their time is over, and ways to providers that led nowhere."""
    forget_replaced()
    forget_requests()


@shared_task(name="vault.revoke_ended_grants")
def revoke_ended_grants_task() -> None:
    """Asks providers to take back what they gave for people whose access ended."""
    revoke_ended_grants()


@shared_task(name="vault.refresh_grants")
def refresh_grants_task() -> None:
    """Renews connected accounts ahead of time."""
    refresh_grants()
