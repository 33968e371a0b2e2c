"""Hand things over to somebody: each sort in one transaction, with an event for each thing; who has them is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.db import transaction
from django.urls import reverse

from audit.actor import Actor
from connectors.actions.change_profile import change_profile
from connectors.actions.set_connector_owner import set_connector_owner
from connectors.models import Connector, Profile
from harriet.console.handing_over.holdings import groups_of_nobody_else, profiles_of_nobody_else
from harriet.lib.changed import Changed
from harriet.lib.ids import new_id
from harriet.lib.sentences import some_of
from harriet.people.actions.set_person_groups import change_person_groups
from harriet.people.actions.tell_people import tell_people
from harriet.people.actions.transfer_agent import transfer_agent
from harriet.people.models import Agent, Membership
from harriet.people.notifications.kinds import HANDED_OVER, Matter
from harriet.people.queries import agents_owned_by
from vault.actions.change_schedule import change_schedule
from vault.models import Credential

MOST_AT_ONCE = 200
"""Things of a sort, in one turn: the page says when there are more."""


@transaction.atomic
def hand_over_connectors(connectors: Iterable[Connector], to: Membership, actor: Actor) -> list[str]:
    """What was handed over, by name. Raises NotAllowed."""
    return [one.name for one in connectors if set_connector_owner(one, to.user, actor=actor)]


@transaction.atomic
def hand_over_credentials(credentials: Iterable[Credential], to: Membership, actor: Actor) -> list[str]:
    """The schedule stays. Raises NotAllowed."""
    names = []
    for one in credentials:
        days = one.rotate_every_days
        change_schedule(one.organization, one.connector_id, owner=to.user, rotate_every_days=days, actor=actor)
        names.append(f"the secret of {one.name}")
    return names


@transaction.atomic
def hand_over_profiles(profiles: Iterable[Profile], to: Membership, actor: Actor) -> list[str]:
    """They have it beside whoever has it now. Raises NotAllowed."""
    return [one.name for one in profiles if change_profile(one, people=Changed([to], []), actor=actor)]


@transaction.atomic
def hand_over_groups(leaving: Membership, to: Membership, actor: Actor) -> list[str]:
    """They join the groups that would decide with nobody in them. Raises NotAllowed."""
    groups = list(groups_of_nobody_else(leaving)[:MOST_AT_ONCE])
    if groups:
        change_person_groups(to, add=groups, actor=actor)
    return [f"the decisions of {group.name}" for group in groups]


@transaction.atomic
def hand_over_agents(agents: Iterable[Agent], to: Membership, actor: Actor) -> list[str]:
    """Those that are paused stay so until somebody resumes them. Raises NotAllowed."""
    return [f"the agent {one.name}" for one in agents if transfer_agent(one, to.user, actor=actor)]


def steps_of(leaving: Membership, owned: tuple[Iterable[Connector], Iterable[Credential]]) -> dict[str, Step]:
    connectors, credentials = owned
    profiles = profiles_of_nobody_else(leaving)[:MOST_AT_ONCE]
    agents = agents_owned_by(leaving.organization, leaving.user)[:MOST_AT_ONCE]
    return {
        **steps_for(connectors, credentials),
        "profiles": lambda to, actor: hand_over_profiles(profiles, to, actor),
        "groups": lambda to, actor: hand_over_groups(leaving, to, actor),
        "agents": lambda to, actor: hand_over_agents(agents, to, actor),
    }


def steps_for(connectors: Iterable[Connector], credentials: Iterable[Credential]) -> dict[str, Step]:
    return {
        "connectors": lambda to, actor: hand_over_connectors(connectors, to, actor),
        "credentials": lambda to, actor: hand_over_credentials(credentials, to, actor),
    }


Step = Callable[[Membership, Actor], list[str]]


def hand_over(steps: dict[str, Step], what: Iterable[str], to: Membership, actor: Actor) -> list[str]:
    """The sorts that were chosen, and then the line in the new owner's inbox."""
    names = [name for sort in what for name in steps[sort](to, actor)]
    if names and to.user_id != actor.id:
        some = some_of([name[:50] for name in names], 3)
        text = f"{actor.label} handed over to you: {some}. You hear from now on when something is wrong with it."
        matter = Matter(HANDED_OVER, to.organization_id, f"handed over {new_id()}", text, reverse("me:home"))
        tell_people(matter, [to.user_id])
    return names
