"""`manage.py note_backup`: the last step of the job that makes the backup."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from harriet.people.actions.note_backup import note_backup


class Command(BaseCommand):
    help = "Notes that a backup was made just now: Settings shows when the last one was."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--restored", action="store_true", help="It was restored elsewhere as a test, too.")

    def handle(self, *args: Any, **options: Any) -> str:
        note_backup(is_restored=options["restored"])
        return "Noted."
