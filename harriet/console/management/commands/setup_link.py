"""Prints a fresh set-up link, on the machine that runs Harriet and only while nobody owns anything."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from audit.actor import SYSTEM
from harriet.people.actions.make_setup_link import make_setup_link
from harriet.people.errors import PeopleError


class Command(BaseCommand):
    help = "Prints a one-time link that makes the first owner. It works for 24 hours; earlier links stop working."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            token = make_setup_link(actor=SYSTEM)
        except PeopleError as error:
            raise CommandError(error.message) from None
        self.stdout.write(settings.BASE_URL + reverse("people:setup", args=[token.reveal()]))
