"""Form fields for AI clients, for the forms of this floor and of the floors above."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from harriet.pages.picking import Choice, Source
from harriet.people.models import Organization
from harriet.signin.models import Application
from harriet.signin.queries import clients_of


class Clients(Source[Application]):
    """One for each client as people know it."""

    key, one, many = "clients", "AI client", "AI clients"
    searched = "a part of the name"

    def __init__(self, organization: Organization) -> None:
        self.organization = organization

    def rows(self) -> QuerySet[Application]:
        return clients_of(self.organization)

    def choice(self, row: Application) -> Choice:
        return Choice(str(row.pk), row.name or row.client_id, row.software)

    def found_by(self, text: str) -> Q:
        return Q(name__icontains=text)
