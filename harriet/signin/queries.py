"""Reads of clients that sign in and of what people allowed them: each in one organization."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from oauth2_provider.settings import oauth2_settings

from harriet.people.models import Agent, Organization, User
from harriet.people.queries import or_not_found
from harriet.signin.models import Application, ConnectedApp, TrustedIssuer, TrustedProfile, WorkloadIdentity

SCOPES: dict[str, str] = oauth2_settings.SCOPES


def apps_of(organization: Organization, user: User | None = None) -> QuerySet[ConnectedApp]:
    """What is connected, of everybody or of one person: neither ended nor revoked with its device. Newest first."""
    apps = ConnectedApp.objects.filter(organization=organization, ended_at=None, device__revoked_at=None)
    if user is not None:
        apps = apps.filter(user=user)
    return apps.select_related("application", "device", "user", "organization", "given_by").order_by(
        "-consented_at", "pk"
    )


def app_of(organization: Organization, app_id: UUID, user: User | None = None) -> ConnectedApp:
    """Raises NotFound; also for somebody else's, when a person is given."""
    return or_not_found(apps_of(organization, user).filter(pk=app_id).first(), "There is no such connected app here.")


def clients_of(organization: Organization) -> QuerySet[Application]:
    """One row for each client as people know it: of those that registered again and again, the newest."""
    same = Application.objects.filter(organization=OuterRef("organization"), group_key=OuterRef("group_key"))
    newer = Q(created__gt=OuterRef("created")) | Q(created=OuterRef("created"), pk__gt=OuterRef("pk"))
    found = Application.objects.filter(~Exists(same.filter(newer)), organization=organization)
    return found.select_related("organization", "decided_by", "user")


def client_of(organization: Organization, application_id: UUID) -> Application:
    """The newest of its group, whichever of them is asked for. Raises NotFound."""
    key = Application.objects.filter(organization=organization, pk=application_id).values("group_key")
    return or_not_found(clients_of(organization).filter(group_key__in=key).first(), "There is no such AI client here.")


def registrations_of(client: Application) -> QuerySet[Application]:
    """All that are one client with it, itself among them. Newest first."""
    same = Application.objects.filter(organization=client.organization_id, group_key=client.group_key)
    return same.order_by("-created", "-pk")


def scope_words(scopes: str) -> list[str]:
    """ "Look things up" for `tools.read`; a scope that Harriet does not know is left out: it allows nothing."""
    asked = scopes.split()
    return [words for scope, words in SCOPES.items() if scope in asked]


MOST_PROFILES = 100
"""On the page of one trusted issuer: those that wait first."""


def issuers_of(organization: Organization) -> list[tuple[TrustedIssuer, int]]:
    """Each with how many of its profiles wait for a yes. An organization has few."""
    waits = Count("profiles", filter=~Q(profiles__wanted=""))
    found = TrustedIssuer.objects.filter(organization=organization).annotate(waiting=waits)
    return [(one, one.waiting) for one in found.order_by("name", "pk")]


def issuer_named(organization: Organization, issuer_id: UUID) -> TrustedIssuer:
    """Raises NotFound."""
    found = TrustedIssuer.objects.filter(organization=organization, pk=issuer_id).select_related("organization")
    return or_not_found(found.first(), "There is no such trusted issuer here.")


def profiles_of_issuer(issuer: TrustedIssuer) -> QuerySet[TrustedProfile]:
    return TrustedProfile.objects.filter(issuer=issuer).order_by("-wanted", "since", "pk")[:MOST_PROFILES]


def waiting_profile(organization: Organization, pinned_id: UUID) -> TrustedProfile:
    """Raises NotFound."""
    found = TrustedProfile.objects.filter(issuer__organization=organization, pk=pinned_id)
    return or_not_found(found.select_related("issuer__organization").first(), "Nothing waits there any more.")


MOST_WORKLOADS = 200
"""On the page of one trusted issuer."""


def workloads_of_issuer(issuer: TrustedIssuer) -> QuerySet[WorkloadIdentity]:
    return WorkloadIdentity.objects.filter(issuer=issuer).select_related("agent").order_by("subject")[:MOST_WORKLOADS]


def workloads_of(agent: Agent) -> QuerySet[WorkloadIdentity]:
    mine = WorkloadIdentity.objects.filter(agent=agent, issuer__organization=agent.organization_id)
    return mine.select_related("issuer", "agent__owner", "agent__organization").order_by("issuer__name", "subject")


def issuers_of_workloads(organization: Organization) -> QuerySet[TrustedIssuer]:
    return TrustedIssuer.objects.filter(organization=organization, accepts_workloads=True).order_by("name", "pk")
