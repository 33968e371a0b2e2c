"""manage.py apply FILE: bring an organization to the state that a set-up file describes."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from harriet.console.setup_file.apply import apply
from harriet.console.setup_file.form import read
from harriet.lib.errors import Problem


class Command(BaseCommand):
    help = "Applies a set-up file (docs/setup-file.md). Idempotent; says what it created, changed and left."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--review",
            action="store_true",
            help="Leaves what the file connects to whoever reviews there. Without this it is approved in the name of "
            "whoever operates the installation; what is Critical waits in any case.",
        )

    def handle(self, *args: Any, file: Path, review: bool, **options: Any) -> None:
        try:
            report = apply(read(file.read_bytes()), approves=not review)
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from None
        except Problem as problem:
            raise CommandError(problem.message) from None
        for line in report.lines:
            self.stdout.write(line)
        if report.has_failed:
            raise CommandError("Some parts could not be applied: mend the lines that say FAILED and run it again.")
