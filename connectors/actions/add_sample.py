"""One click: connect the sample server that comes with Harriet, so that a first call needs nothing from outside."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from audit.actor import SYSTEM, Actor
from connectors.actions.activate_connector import activate_connector
from connectors.actions.approve_review import approve_review
from connectors.actions.draft_connector import draft_connector
from connectors.actions.save_access import save_access
from connectors.actions.save_authentication import save_authentication
from connectors.actions.save_connection import save_connection
from connectors.actions.sync_connector import sync_connector
from connectors.models import EVERYONE, Connector, Review
from connectors.sample import PATH, sample_token
from harriet.people.models import Organization, User

SLUG = "sample"
OURS = "It comes with Harriet and reaches nothing else, so Harriet approved it."


def add_sample(organization: Organization, *, actor: Actor) -> Connector:
    """The sample connector, made and synced; the one that is there already is synced again."""
    connector = Connector.objects.filter(organization=organization, slug=SLUG).first()
    if connector is None:
        connector = _add(organization, actor=actor)
    sync_connector(connector, actor=actor)
    return connector


@transaction.atomic
def _add(organization: Organization, *, actor: Actor) -> Connector:
    connector = draft_connector(
        organization,
        slug=SLUG,
        name="Sample server",
        description="A small server that comes with Harriet, to try things out.",
        actor=actor,
    )
    save_connection(connector, url=f"{settings.BASE_URL}{PATH}", allow_internal=True, actor=actor)
    owner = User.objects.filter(pk=actor.id).first() if actor.kind == "person" and actor.id else None
    save_authentication(connector, type="bearer", secret=sample_token(), owner=owner, actor=actor)
    save_access(connector, groups=[], roles=[EVERYONE], actor=actor)
    activate_connector(connector, actor=actor)
    waiting = Review.objects.get(connector=connector, state=Review.State.WAITING)
    return approve_review(waiting, seen=None, words=OURS, actor=SYSTEM).connector
