"""`manage.py start`: everything on one machine, until a stop signal comes."""

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from harriet.lib.errors import Problem
from harriet.start.bind import Bind
from harriet.start.run import start


class Command(BaseCommand):
    help = "Starts Harriet on this machine: database, broker, web processes, background work."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--bind", default="127.0.0.1:8000", metavar="HOST:PORT")
        parser.add_argument("--workers", type=int, default=min(os.cpu_count() or 1, 4), help="web processes")

    def handle(self, *args: Any, bind: str, workers: int, **options: Any) -> None:
        try:
            start(Bind.parse(bind), workers)
        except Problem as problem:
            raise CommandError(problem.message) from None
