"""`manage.py prepare`: what `start` does before it serves, for those who run the processes themselves."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from harriet.lib.errors import Problem
from harriet.start.prepare import prepare


class Command(BaseCommand):
    help = "Migrates as the owner role, grants the runtime role its rights, collects static files, checks the keys."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> str:
        try:
            return prepare()
        except Problem as problem:
            raise CommandError(problem.message) from None
