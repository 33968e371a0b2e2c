"""Allows or blocks an AI client in an organization, with all registrations that are one client to people."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now
from django.urls import reverse

from audit.actor import Actor
from audit.record import record
from harriet.people.actions.settle_matter import settle_matter
from harriet.people.actions.tell_people import tell_people
from harriet.people.actors import person_behind
from harriet.people.notifications.kinds import ANSWERS, Matter
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version
from harriet.signin.actions.end_connected_app import end_apps
from harriet.signin.actions.tell_of_waiting_client import key_of
from harriet.signin.events import ClientAllowed, ClientBlocked
from harriet.signin.models import Application, ConnectedApp, ConnectionStep
from harriet.signin.queries import registrations_of

MOST_TOLD = 500
"""People who tried while it waited."""


def allow_client(client: Application, *, actor: Actor) -> None:
    """People can sign in with it from now on; whoever tried while it waited is told. Raises NotAllowed."""
    demand(actor, client.organization, Power.MANAGE_TOKENS)
    with transaction.atomic():
        waited = list(
            registrations_of(client).filter(standing=Application.Standing.WAITING).values_list("pk", flat=True)
        )
        if not _decide(client, Application.Standing.ALLOWED, actor):
            return
        record(
            ClientAllowed(client_name=str(client), client_id=client.client_id),
            organization_id=client.organization_id,
            actor=actor,
        )
        if waited:
            _tell_who_tried(client)


def block_client(client: Application, *, actor: Actor) -> int:
    """Nobody can sign in with it any more, and what is connected ends within a second: how many. Raises NotAllowed."""
    demand(actor, client.organization, Power.MANAGE_TOKENS)
    with transaction.atomic():
        if not _decide(client, Application.Standing.BLOCKED, actor):
            return 0
        apps = ConnectedApp.objects.filter(application__in=registrations_of(client).order_by().values("pk"))
        ended = len(end_apps(apps, "ended_by_block"))
        move_version(client.organization_id)
        record(
            ClientBlocked(client_name=str(client), client_id=client.client_id, apps=ended),
            organization_id=client.organization_id,
            actor=actor,
        )
    return ended


def _decide(client: Application, standing: Application.Standing, actor: Actor) -> bool:
    """False when nothing changes by it."""
    settle_matter(client.organization_id, key_of(client))
    changed = registrations_of(client).exclude(standing=standing)
    return bool(changed.update(standing=standing, decided_by=person_behind(actor), decided_at=Now()))


def _tell_who_tried(client: Application) -> None:
    text = f"{client} may be used now. Connect it again: it did not go through while it waited for an IT admin."
    key = f"client allowed {client.group_key}"
    tell_people(Matter(ANSWERS, client.organization_id, key, text, reverse("me:connect")), _who_tried(client))


def _who_tried(client: Application) -> list[UUID]:
    found = ConnectionStep.objects.filter(
        application_id__in=registrations_of(client).order_by().values("pk"),
        problem="client_waiting",
        user__isnull=False,
    )
    people = found.order_by("user_id").values_list("user_id", flat=True).distinct()[:MOST_TOLD]
    return [user_id for user_id in people if user_id is not None]
