"""manage.py release: releases an emergency stop from the machine, with the database alone; all of it, or a stage."""

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from audit.actor import Actor
from harriet.lib.errors import Problem
from harriet.people.actions.release_stop import ease_stop, release_stop
from harriet.people.actors import OPERATOR
from harriet.people.models import Group, Stop
from harriet.people.stop_powers import subject_of


class Command(BaseCommand):
    help = "Releases an emergency stop, whole or in stages. “manage.py stop --list” has their ids."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("stop", type=UUID, metavar="ID")
        parser.add_argument("--reason", default="", metavar="WORDS", help="why: the log keeps it")
        parser.add_argument(
            "--stage", choices=Stop.Stage.values, help="only this runs again, and the rest stays stopped"
        )
        parser.add_argument("--group", default="", metavar="SLUG", help="for this group everything runs again first")

    def handle(self, *args: Any, **options: Any) -> None:
        found = Stop.objects.filter(pk=options["stop"], released_at=None)
        stop = found.select_related("organization", "let_through").first()
        if stop is None:
            raise CommandError("No such stop stands. “manage.py stop --list” says what is stopped.")
        try:
            self._release(stop, options)
        except Problem as problem:
            raise CommandError(problem.message) from None

    def _release(self, stop: Stop, options: dict[str, Any]) -> None:
        actor, reason = Actor("system", None, OPERATOR), options["reason"]
        if not options["stage"] and not options["group"]:
            release_stop(stop, reason=reason, actor=actor)
            self.stdout.write(f"Released: {subject_of(stop).words}.")
            return
        group = Group.objects.filter(organization=stop.organization_id, slug=options["group"]).first()
        if options["group"] and group is None:
            raise CommandError(f'There is no group "{options["group"]}".')
        ease_stop(stop, stage=options["stage"] or stop.stage, let_through=group, reason=reason, actor=actor)
        self.stdout.write(f"A stage of the release of {subject_of(stop).words} is in force.")
