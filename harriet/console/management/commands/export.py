"""manage.py export --organization SLUG: write an organization's set-up, without secrets."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from harriet.console.setup_file.export import parts_of
from harriet.console.setup_file.form import write_parts
from harriet.people.models import Organization


class Command(BaseCommand):
    help = "Writes an organization's set-up in the form that `apply` reads, without secrets."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--organization", required=True, metavar="SLUG")

    def handle(self, *args: Any, organization: str, **options: Any) -> None:
        found = Organization.objects.filter(slug=organization).first()
        if found is None:
            raise CommandError(f'There is no organization "{organization}".')
        for piece in write_parts(parts_of(found)):
            self.stdout.write(piece.decode(), ending="")
