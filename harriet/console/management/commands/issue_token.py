"""manage.py issue_token: give a person's device a credential, and print that and nothing else.

Whoever runs it sees the credential. Harriet knows them only when they say who they are, with --issued-by: they decide
on none of its calls then. Else its tickets say that it was issued on the machine.
"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.actor import SYSTEM
from connectors.models import Profile
from harriet.lib.errors import Problem
from harriet.people.actions.issue_device_credential import issue_device_credential
from harriet.people.actions.register_device import register_device
from harriet.people.models import Device, Membership


class Command(BaseCommand):
    help = "Prints a new device credential for a person and a profile. It is shown this once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--organization", required=True, metavar="SLUG")
        parser.add_argument("--person", required=True, metavar="EMAIL")
        parser.add_argument("--profile", required=True, metavar="SLUG")
        parser.add_argument("--device", default="Command line", metavar="NAME")
        parser.add_argument("--issued-by", default="", metavar="EMAIL", help="you: you decide on none of its calls")
        parser.add_argument("--days", type=int, default=90, help="how long it lasts (90)")

    def handle(self, *args: Any, **options: Any) -> None:
        membership = _membership(options["organization"], options["person"])
        profile = Profile.objects.filter(organization=membership.organization, slug=options["profile"]).first()
        if profile is None:
            raise CommandError(f'There is no profile "{options["profile"]}" in {membership.organization}.')
        maker = _membership(options["organization"], options["issued_by"]).user if options["issued_by"] else None
        try:
            device = _device(membership, options["device"])
            _, secret = issue_device_credential(
                device,
                name=f"{profile.name} on {device.name}"[:80],
                expires_in_days=options["days"],
                profile_id=profile.id,
                maker=maker,
                actor=SYSTEM,
            )
        except Problem as problem:
            raise CommandError(problem.message) from None
        self.stdout.write(secret.reveal())


def _membership(slug: str, email: str) -> Membership:
    found = Membership.objects.filter(organization__slug=slug, user__email__iexact=email)
    membership = found.select_related("organization", "user").first()
    if membership is None:
        raise CommandError(f'{email} does not belong to an organization "{slug}".')
    return membership


def _device(membership: Membership, name: str) -> Device:
    mine = Device.objects.filter(organization=membership.organization, user=membership.user, revoked_at=None)
    return mine.filter(name=name).first() or register_device(
        membership.organization, membership.user, name, actor=SYSTEM
    )
