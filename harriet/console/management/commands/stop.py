"""manage.py stop: an emergency stop from the machine, with the database alone: no web process, no Redis, no worker.

manage.py stop --organization acme --reason "Somebody has our tokens"
manage.py stop --organization acme --kind connector --subject crm --reason "…" --told "The CRM is being looked at."
"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.actor import Actor
from harriet.console.stops.named import subject_named
from harriet.lib.errors import Problem
from harriet.people.actions.stop_calls import stop_calls
from harriet.people.actors import OPERATOR
from harriet.people.models import Organization, Stop
from harriet.people.standing_stops import stops_of
from harriet.people.stop_powers import subject_of


class Command(BaseCommand):
    help = "Stops calls in an emergency: of an organization, a connector, client, person, agent or risk class."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--organization", required=True, metavar="SLUG")
        parser.add_argument("--kind", default=Stop.Kind.ORGANIZATION.value, choices=Stop.Kind.values)
        parser.add_argument("--subject", default="", metavar="NAME", help="its short name, address, name, class or id")
        parser.add_argument("--reason", default="", metavar="WORDS", help="why: the log keeps it")
        parser.add_argument("--told", default="", metavar="WORDS", help="a line for the people whose calls are refused")
        parser.add_argument("--list", action="store_true", help="only says what is stopped")

    def handle(self, *args: Any, **options: Any) -> None:
        organization = Organization.objects.filter(slug=options["organization"]).first()
        if organization is None:
            raise CommandError(f'There is no organization "{options["organization"]}".')
        if options["list"]:
            for stop in stops_of(organization):
                self.stdout.write(f"{stop.pk}  {subject_of(stop).words}: {stop.reason} ({stop.get_stage_display()})")
            return
        try:
            subject = subject_named(organization, options["kind"], options["subject"])
            actor = Actor("system", None, OPERATOR)
            stop = stop_calls(organization, subject, reason=options["reason"], told=options["told"], actor=actor)
        except Problem as problem:
            raise CommandError(problem.message) from None
        self.stdout.write(f"Stopped: {subject.words}. Release it with: manage.py release {stop.pk} --reason …")
