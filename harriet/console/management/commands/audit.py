"""`manage.py audit verify`: checks the whole log. `manage.py audit codes`: what each event code means."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.codes import known_codes
from audit.models import INSTALLATION
from audit.roles import protection_gaps
from audit.verify import Verification, organizations, verify
from harriet.people.models import Organization


class Command(BaseCommand):
    help = "Verifies the audit log, or lists the event codes."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        check = verbs.add_parser("verify", help="Check every event and every link; exit 1 at the first bad one.")
        check.add_argument("--organization", default="", help="Slug or id of one organization. Default: all.")
        verbs.add_parser("codes", help="List the event codes as a Markdown table.")

    def handle(self, *args: Any, verb: str, organization: str = "", **options: Any) -> None:
        if verb == "codes":
            self._list_codes()
        else:
            self._verify(organization)

    def _list_codes(self) -> None:
        self.stdout.write("| Code | Meaning |\n|---|---|")
        for known in known_codes():
            self.stdout.write(f"| `{known.code}` | {known.description} |")

    def _verify(self, organization: str) -> None:
        for gap in protection_gaps():
            self.stderr.write(self.style.WARNING(f"Warning: {gap}"))
        ids = [_organization_id(organization)] if organization else organizations()
        names = dict(Organization.objects.values_list("id", "slug")) | {INSTALLATION: "the installation"}
        for id in ids:
            self._tell(names.get(id, str(id)), verify(id))

    def _tell(self, name: str, found: Verification) -> None:
        if found.fault is not None:
            raise CommandError(f"{name}: {found.fault.sentence}", returncode=1)
        waiting = f"; {found.waiting} wait for the next seal" if found.waiting else ""
        self.stdout.write(f"{name}: {found.events} events in {found.seals} seals hold{waiting}.")
        for intent in found.orphans:
            self.stdout.write(f"{name}: the call {intent} has no outcome yet.")


def _organization_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        found = Organization.objects.filter(slug=text).first()
    if found is None:
        raise CommandError(f"There is no organization {text}.")
    return UUID(str(found.pk))
