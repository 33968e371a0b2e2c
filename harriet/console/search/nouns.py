"""What is found by its names: each noun with its rows, what a found row says, and the list that has all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse

from approvals.models import Ticket
from connectors.models import Connector, Profile, Tool
from harriet.people.models import Agent, Device, Group, Membership
from harriet.people.permissions import has_power
from harriet.people.roles import Power
from harriet.people.search_words import Noun
from vault.models import Credential
from vault.queries import in_use


@dataclass(frozen=True, slots=True)
class Hit:
    """One line of what was found."""

    label: str
    url: str
    note: str = ""
    risk: str = ""
    """Of a tool."""


@dataclass(frozen=True, slots=True)
class Searched:
    """A noun that is looked for."""

    noun: str
    title: str
    list_view: str
    rows: Callable[[Membership], QuerySet[Any]]
    hit: Callable[[Any], Hit]
    power: Power | None = Power.VIEW_SETTINGS

    def all_url(self, text: str) -> str:
        """Where all that the text finds stands."""
        of = {"of": "tools"} if self.list_view == "console:search" else {}
        return f"{reverse(self.list_view)}?{urlencode({'q': text, **of})}"


def searched_by(membership: Membership) -> list[Searched]:
    """The nouns whose pages this member may open."""
    return [one for one in NOUNS if one.power is None or has_power(membership, one.power)]


def hits_of(searched: Searched, membership: Membership, ids: Iterable[Any]) -> list[Hit]:
    """In the order of the ids; what was deleted meanwhile is left out."""
    rows = searched.rows(membership).in_bulk(list(ids))
    return [searched.hit(rows[id]) for id in ids if id in rows]


def hit_of_ticket(ticket: Ticket) -> Hit:
    url = reverse("tickets:detail", args=[ticket.number])
    return Hit(f"#{ticket.number} {ticket.title}", url, f"asked for by {ticket.requester_label}")


def _people(membership: Membership) -> QuerySet[Membership]:
    return Membership.objects.filter(organization=membership.organization_id).select_related("user")


def _hit_of_person(person: Membership) -> Hit:
    state = "" if person.is_active else ", no longer active"
    note = f"{person.user.email}, {person.get_role_display()}{state}"
    return Hit(str(person.user), reverse("people:detail", args=[person.pk]), note)


def _connectors(membership: Membership) -> QuerySet[Connector]:
    return Connector.objects.filter(organization=membership.organization_id)


def _hit_of_connector(connector: Connector) -> Hit:
    return Hit(connector.name, reverse("connectors:detail", args=[connector.pk]), connector.get_state_display())


def _tools(membership: Membership) -> QuerySet[Tool]:
    return Tool.objects.filter(organization=membership.organization_id).select_related("connector")


def _hit_of_tool(tool: Tool) -> Hit:
    url = reverse("connectors:tool", args=[tool.connector_id, tool.pk])
    return Hit(str(tool), url, tool.connector.name, tool.risk)


def _groups(membership: Membership) -> QuerySet[Group]:
    return Group.objects.filter(organization=membership.organization_id)


def _profiles(membership: Membership) -> QuerySet[Profile]:
    return Profile.objects.filter(organization=membership.organization_id)


def _devices(membership: Membership) -> QuerySet[Device]:
    return Device.objects.filter(organization=membership.organization_id, revoked_at=None).select_related("user")


def _agents(membership: Membership) -> QuerySet[Agent]:
    agents = Agent.objects.filter(organization=membership.organization_id).exclude(state=Agent.State.ENDED)
    return agents.select_related("owner")


def _hit_of_agent(agent: Agent) -> Hit:
    owner = f"{agent.owner} answers for it" if agent.owner else "nobody answers for it"
    return Hit(agent.name, reverse("agents:detail", args=[agent.pk]), f"{agent.get_state_display()}, {owner}")


def _credentials(membership: Membership) -> QuerySet[Credential]:
    return in_use(Credential.objects.filter(organization=membership.organization_id))


def _hit_of_credential(credential: Credential) -> Hit:
    return Hit(credential.name, reverse("connectors:authentication", args=[credential.connector_id]), "Credential")


def _hit_of_device(device: Device) -> Hit:
    return Hit(device.name, reverse("devices:detail", args=[device.pk]), f"of {device.user}")


NOUNS = (
    Searched(Noun.PERSON, "People", "people:list", _people, _hit_of_person),
    Searched(Noun.CONNECTOR, "Connectors", "connectors:list", _connectors, _hit_of_connector),
    Searched(Noun.TOOL, "Tools", "console:search", _tools, _hit_of_tool),
    Searched(
        Noun.GROUP,
        "Groups",
        "groups:list",
        _groups,
        lambda group: Hit(group.name, reverse("groups:detail", args=[group.pk])),
    ),
    Searched(
        Noun.PROFILE,
        "Profiles",
        "profiles:list",
        _profiles,
        lambda profile: Hit(profile.name, reverse("profiles:detail", args=[profile.pk]), profile.description),
    ),
    Searched(Noun.CREDENTIAL, "Credentials", "vault:list", _credentials, _hit_of_credential),
    Searched(Noun.DEVICE, "Devices", "devices:list", _devices, _hit_of_device),
    Searched(Noun.AGENT, "Agents", "agents:list", _agents, _hit_of_agent),
)
"""In the order in which they are shown; tickets, which have numbers and are seen by whoever asked, beside them."""
