"""`manage.py audit verify`: checks the whole log. `manage.py audit counts`: counts its calls again. `manage.py audit
codes`: what each event code means; with `--fields`, what each event holds as well."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.database.protection import database_faults
from audit.database.roles import running_role_gaps
from audit.models import INSTALLATION
from audit.verification.recount import recount, wrong_counts
from audit.verification.verify import Verification, organizations, verify
from audit.vocabulary.declaration import known_kinds
from harriet.people.models import Organization

_BEFORE_CODES = """# What the audit log tells

Written by `manage.py audit codes --fields`: every code, what it means, its sentence and what the event holds. Every
event has `actor`, `at`, `code`, `id`, `organization` and `request` besides. Fields of the type *id and name*,
and `client`, `decision`, `reason` and `outcome`, are members of an event's body; all others are of `details`."""


class Command(BaseCommand):
    help = "Verifies the audit log, counts its calls again, or lists the event codes."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        check = verbs.add_parser("verify", help="Check every event and every link; exit 1 when anything is wrong.")
        check.add_argument("--organization", default="", help="Slug or id of one organization. Default: all.")
        counts = verbs.add_parser("counts", help="Count all calls again; exit 1 when what was kept is wrong.")
        counts.add_argument("--mend", action="store_true", help="Keep what was counted now.")
        codes = verbs.add_parser("codes", help="List the event codes as a Markdown table.")
        codes.add_argument("--fields", action="store_true", help="With what each event holds: docs/audit-events.md.")

    def handle(self, *args: Any, verb: str, organization: str = "", **options: Any) -> None:
        fields = options.get("fields", False)
        if verb == "counts":
            self._recount(mend=options["mend"])
        elif verb == "codes" and fields:
            self._describe_events()
        elif verb == "codes":
            self._list_codes()
        else:
            self._verify(organization)

    def _list_codes(self) -> None:
        self.stdout.write("| Code | Meaning |\n|---|---|")
        for kind in known_kinds():
            self.stdout.write(f"| `{kind.code}` | {kind.description} |")

    def _describe_events(self) -> None:
        self.stdout.write(_BEFORE_CODES)
        for kind in known_kinds():
            self.stdout.write(f"\n### `{kind.code}`\n\n{kind.description}\n\n> {kind.sentence}\n")
            for field in kind.fields:
                maybe = ", or nothing" if field.is_optional else ""
                self.stdout.write(f"- `{field.name}` ({field.type}{maybe}): {field.meaning}")

    def _verify(self, organization: str) -> None:
        for gap in running_role_gaps():
            self.stderr.write(self.style.WARNING(f"Warning: {gap}"))
        ids = [_organization_id(organization)] if organization else organizations()
        names = dict(Organization.objects.values_list("id", "slug")) | {INSTALLATION: "the installation"}
        wrong = [f"The database: {fault}" for fault in database_faults()]
        for id in ids:
            name = names.get(id, str(id))
            wrong += [f"{name}: {sentence}" for sentence in self._told(name, verify(id))]
        if wrong:
            raise CommandError("\n".join(wrong), returncode=1)

    def _recount(self, *, mend: bool) -> None:
        wrong = {id: count for id in organizations() if (count := wrong_counts(id))}
        for id in wrong if mend else ():
            recount(id)
        names = dict(Organization.objects.values_list("id", "slug")) | {INSTALLATION: "the installation"}
        told = [f"{names.get(id, id)}: {count} counts of calls were wrong." for id, count in wrong.items()]
        if wrong and not mend:
            raise CommandError("\n".join([*told, "manage.py audit counts --mend keeps the right ones."]), returncode=1)
        self.stdout.write("\n".join([*told, "All counts of calls are what the sealed events say."]))

    def _told(self, name: str, found: Verification) -> list[str]:
        """Writes what holds, returns what doesn't."""
        waiting = f"; {found.waiting} wait for the next seal" if found.waiting else ""
        hold = "hold" if found.is_sound else f"were looked at, {found.faults.count} faults found"
        self.stdout.write(f"{name}: {found.events} events in {found.seals} seals {hold}{waiting}.")
        for intent in found.orphans:
            self.stdout.write(f"{name}: the call {intent} has no outcome yet.")
        return found.faults.sentences()


def _organization_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        found = Organization.objects.filter(slug=text).first()
    if found is None:
        raise CommandError(f"There is no organization {text}.")
    return UUID(str(found.pk))
