"""What a stop is about, by the names that programs and whoever is at the machine give it."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.db.models import Q

from connectors.models import Connector, Risk
from harriet.people.errors import PeopleError
from harriet.people.models import Agent, Membership, Organization, Stop
from harriet.people.stop_powers import Subject
from harriet.signin.models import Application
from harriet.signin.queries import clients_of

Kind = Stop.Kind


def subject_named(organization: Organization, kind: str, name: str) -> Subject:
    """By id or name: a connector's short name, a person's e-mail address, an agent's name, a client's id or name, what
    clients call themselves, a risk class; nothing for the organization. Raises PeopleError."""
    if kind not in Kind.values:
        raise PeopleError(f"A stop is of one of these kinds: {', '.join(Kind.values)}.", field="kind")
    found = _BY_KIND[Kind(kind)](organization, name.strip())
    if found is None:
        raise PeopleError(f"There is no such {Kind(kind).value.replace('_', ' ')} here.", field="subject")
    return found


def of_organization(organization: Organization) -> Subject:
    return Subject(Kind.ORGANIZATION, "", organization.name)


def of_connector(row: Connector) -> Subject:
    return Subject(Kind.CONNECTOR, str(row.pk), row.name)


def of_person(row: Membership) -> Subject:
    return Subject(Kind.PERSON, str(row.user_id), row.user.email)


def of_agent(row: Agent) -> Subject:
    return Subject(Kind.AGENT, str(row.pk), row.name)


def of_client(row: Application) -> Subject:
    return Subject(Kind.CLIENT, row.group_key, (row.name or row.client_id)[:200])


def of_client_name(name: str) -> Subject | None:
    words = " ".join(name.split())[:120]
    return Subject(Kind.CLIENT_NAME, words.lower(), words) if words else None


def of_risk(risk: str) -> Subject | None:
    return Subject(Kind.RISK, risk, Risk(risk).label) if risk in Risk.values else None


def _connector(organization: Organization, name: str) -> Subject | None:
    row = Connector.objects.filter(_id_or(name, slug=name), organization=organization).first()
    return of_connector(row) if row else None


def _person(organization: Organization, name: str) -> Subject | None:
    here = Membership.objects.filter(organization=organization).select_related("user")
    row = here.filter(_id_or(name, "user", user__email__iexact=name)).first()
    return of_person(row) if row else None


def _agent(organization: Organization, name: str) -> Subject | None:
    here = Agent.objects.filter(organization=organization).exclude(state=Agent.State.ENDED)
    row = here.filter(_id_or(name, name=name)).first()
    return of_agent(row) if row else None


def _client(organization: Organization, name: str) -> Subject | None:
    rows = clients_of(organization)
    row = rows.filter(_id_or(name, client_id=name)).first() or rows.filter(name=name).first()
    return of_client(row) if row else None


def _id_or(given: str, column: str = "pk", /, **by_name: str) -> Q:
    try:
        return Q(**{column: UUID(given)}) | Q(**by_name)
    except ValueError:
        return Q(**by_name)


_BY_KIND: dict[Kind, Callable[[Organization, str], Subject | None]] = {
    Kind.ORGANIZATION: lambda organization, _: of_organization(organization),
    Kind.CONNECTOR: _connector,
    Kind.PERSON: _person,
    Kind.AGENT: _agent,
    Kind.CLIENT: _client,
    Kind.CLIENT_NAME: lambda _, name: of_client_name(name),
    Kind.RISK: lambda _, name: of_risk(name),
}
