"""Prints a one-time link on the machine that runs Harriet: for the first owner, or for somebody who is locked out."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from audit.actor import SYSTEM
from harriet.lib.errors import Problem
from harriet.people.actions.make_setup_link import make_setup_link
from harriet.people.models import Membership
from harriet.signin.actions.make_recovery_link import make_recovery_link


class Command(BaseCommand):
    help = (
        "Prints a one-time link that makes the first owner. It works for 24 hours; earlier links stop working. "
        "With --for EMAIL: a link with which somebody who is locked out sets a new password within two hours."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--for", dest="email", help="the address of whoever is locked out, an owner for example")

    def handle(self, *args: Any, email: str | None = None, **options: Any) -> None:
        try:
            self.stdout.write(_recovery(email) if email else _setup())
        except Problem as error:
            raise CommandError(error.message) from None


def _setup() -> str:
    return settings.BASE_URL + reverse("people:setup", args=[make_setup_link(actor=SYSTEM).reveal()])


def _recovery(email: str) -> str:
    active = Membership.objects.filter(user__email__iexact=email, is_active=True)
    membership = active.select_related("user", "organization").order_by("created_at").first()
    if membership is None:
        raise CommandError(f"Nobody with the address {email} is active in an organization here.")
    return make_recovery_link(membership, actor=SYSTEM).reveal()
