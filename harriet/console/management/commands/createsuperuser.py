"""Django's command, which asks for address and password; whom it names an operator stands in the audit log."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.management.commands import createsuperuser
from django.db import transaction

from audit.actor import SYSTEM
from harriet.people.actions.name_operator import name_operator
from harriet.people.models import User


class Command(createsuperuser.Command):
    help = "Names an operator of this installation, who sees every organization's counts and health."

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            before = set(User.objects.filter(is_superuser=True).values_list("pk", flat=True))
            super().handle(*args, **options)
            for user in User.objects.filter(is_superuser=True).exclude(pk__in=before):
                name_operator(user, actor=SYSTEM)
