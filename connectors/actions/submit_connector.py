"""Submit a connector for review: the definition that it has at this moment."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from connectors.actions.note_definition import assess, note_maker
from connectors.actions.open_review import open_review
from connectors.errors import ConnectorError
from connectors.models import Connector, Review
from harriet.people.actors import person_behind
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version

NEW = "It is new."
AGAIN = "It was submitted again."


@transaction.atomic
def submit_connector(connector: Connector, *, actor: Actor) -> Review:
    """The review that waits already is left as it is. One that is approved goes on serving calls meanwhile. Raises
    ConnectorError for a draft."""
    demand(actor, connector.organization, Power.MANAGE_CONNECTORS)
    row = (
        Connector.objects.select_for_update(no_key=True, of=("self",))
        .select_related("organization")
        .get(pk=connector.pk)
    )
    if row.state == Connector.State.DRAFT:
        raise ConnectorError(f"{row} is still a draft. Finish its set-up first: that submits it.")
    return submit_held(row, AGAIN, actor=actor)


def submit_held(row: Connector, cause: str, *, actor: Actor) -> Review:
    """With the connector's row locked."""
    waiting = Review.objects.filter(connector=row, state=Review.State.WAITING).first()
    if waiting is not None:
        return waiting
    note_maker(row, actor)
    is_in_service = row.review == Connector.Standing.APPROVED
    if not is_in_service:
        row.review = Connector.Standing.WAITING
        row.save(update_fields=["review"])
        move_version(row.organization_id)
    assessed = assess(row)
    return open_review(row, assessed, cause, is_in_service=is_in_service, submitter=person_behind(actor), actor=actor)
