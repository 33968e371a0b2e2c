"""End a scope of an autonomous profile before its time."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now

from audit.actor import Actor
from audit.record import record
from connectors.actions.remind_of_scopes import key_of
from connectors.audit_labels import profile_label
from connectors.events import ScopeEnded
from connectors.models import AutonomousScope
from connectors.models.autonomous_scopes import HOLDING
from harriet.people.actions.settle_matter import settle_matter
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version


@transaction.atomic
def end_scope(scope: AutonomousScope, *, actor: Actor) -> bool:
    """False when it was over already."""
    profile = scope.profile
    demand(actor, profile.organization, Power.MANAGE_PROFILES)
    holding = AutonomousScope.objects.filter(HOLDING, pk=scope.pk)
    if not holding.update(ended_at=Now()):
        return False
    happened = ScopeEnded(profile=profile_label(profile), scope=scope.name)
    record(happened, organization_id=profile.organization_id, actor=actor)
    settle_matter(profile.organization_id, key_of(scope))
    move_version(profile.organization_id)
    return True
