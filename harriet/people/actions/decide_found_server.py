"""Decides about a server that was found on people's machines: denied, open again, or being made a connector."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now

from audit.actor import Actor
from audit.record import record
from harriet.people.actors import person_behind
from harriet.people.errors import PeopleError
from harriet.people.events import FoundServerDenied, FoundServerPromoted, FoundServerReopened
from harriet.people.models import FoundServer
from harriet.people.permissions import demand
from harriet.people.roles import Power

_EVENTS = {
    FoundServer.Decision.DENIED: FoundServerDenied,
    FoundServer.Decision.PROMOTED: FoundServerPromoted,
    FoundServer.Decision.OPEN: FoundServerReopened,
}


def decide_found_server(server: FoundServer, decision: FoundServer.Decision, *, actor: Actor) -> bool:
    """False when it stood so already. Raises NotAllowed, or PeopleError for a program to be made a connector."""
    demand(actor, server.organization, Power.MANAGE_CONNECTORS)
    if decision == FoundServer.Decision.PROMOTED and server.kind != FoundServer.Kind.ADDRESS:
        raise PeopleError(f"{server.name} is a program on people’s machines. A connector needs an address.")
    with transaction.atomic():
        others = FoundServer.objects.filter(pk=server.pk).exclude(decision=decision)
        if not others.update(decision=decision, decided_by=person_behind(actor), decided_at=Now()):
            return False
        event = _EVENTS[decision](server=server.name, address=server.target)
        record(event, organization_id=server.organization_id, actor=actor)
    return True
