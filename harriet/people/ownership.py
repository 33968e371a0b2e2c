"""Who may touch a person's own things, devices and tokens: that person, or who manages tokens."""

from __future__ import annotations

from audit.actor import Actor

from .models import Organization, User
from .permissions import Power, demand, membership_of_actor


def demand_own(actor: Actor, organization: Organization, user: User | None) -> None:
    if user is not None and actor.kind != "system":
        membership = membership_of_actor(actor, organization)
        if membership is not None and membership.user_id == user.pk:
            return
    demand(actor, organization, Power.MANAGE_TOKENS)
