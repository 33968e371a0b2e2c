"""`manage.py make_keys`: the installation's keys, for those who don't use `manage.py start`."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from harriet.lib.keyfile import make_keys


class Command(BaseCommand):
    help = "Makes the keys that are missing. Never overwrites one."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> str:
        made = make_keys(Path(settings.KEYS_DIR))
        return (
            f"Made {', '.join(made)} in {settings.KEYS_DIR}. Keep a copy elsewhere." if made else "All keys are there."
        )
