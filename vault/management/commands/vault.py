"""manage.py vault verify"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from harriet.lib.errors import Problem
from vault.actions.check_root_key import check_root_key
from vault.verify import verify_vault


class Command(BaseCommand):
    help = "Looks after the vault. `verify` checks the root key, every data key and every saved credential."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=["verify"])

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            check_root_key()
            found = verify_vault()
        except Problem as problem:
            raise CommandError(problem.message) from None
        if found.problems:
            others = len(found.problems) - 1
            more = f"\nand {others} more:\n" + "\n".join(found.problems[1:]) if others else ""
            raise CommandError(f"The vault is not as it was left. First: {found.problems[0]}{more}")
        self.stdout.write(
            f"The vault is whole: {found.data_keys} data keys, {found.credentials} credentials, "
            f"{found.versions} versions, each as the audit log says; all current ones open."
        )
