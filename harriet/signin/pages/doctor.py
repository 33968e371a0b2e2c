"""The connection doctor's pages: for oneself, and for those who look after everybody's clients."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from harriet.pages.context import PageContext, show
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.roles import Power
from harriet.signin.doctor import Attempt, attempts_of
from harriet.signin.models import Application, ConnectionStep
from harriet.signin.queries import client_of, registrations_of

PROBLEMS, EVERYTHING = "problems", "all"
SHOWN = (("", "Attempts"), (PROBLEMS, "Problems"), (EVERYTHING, "Every look"))


@dataclass(frozen=True, slots=True)
class DoctorPage(PageContext):
    template = "clients/doctor.html"
    active = "doctor"
    attempts: list[Attempt]
    older: str
    text: str
    shown: str
    client: Application | None
    choices: tuple[tuple[str, str], ...] = SHOWN

    @property
    def is_filtered(self) -> bool:
        return bool(self.text or self.shown or self.client)


@require_safe
@needs(Power.MANAGE_TOKENS)
def doctor_page(request: OrganizationRequest) -> HttpResponse:
    """By person and client. What failed for somebody is shown with what they did before it."""
    text, shown = request.GET.get("q", "").strip()[:100], request.GET.get("show", "")
    wanted = uuid_in(request.GET.get("client", ""))
    client = client_of(request.organization, wanted) if wanted else None
    fits = _searched(text) & _narrowed(shown)
    if client is not None:
        fits &= Q(application_id__in=registrations_of(client).order_by().values("pk"))
    found = attempts_of(request.organization, fits, uuid_in(request.GET.get("cursor", "")))
    return show(request, DoctorPage(found.attempts, found.older, text, shown, client))


def _searched(text: str) -> Q:
    if not text:
        return Q()
    return Q(client__icontains=text) | Q(user__email__icontains=text) | Q(user__name__icontains=text)


def _narrowed(shown: str) -> Q:
    if shown == PROBLEMS:
        failed = ConnectionStep.objects.filter(
            user=OuterRef("user"), application_id=OuterRef("application_id"), organization=OuterRef("organization")
        ).exclude(problem="")
        return Q(Exists(failed)) | ~Q(problem="")
    return Q() if shown == EVERYTHING else Q(user__isnull=False) | Q(application_id__isnull=False) | ~Q(problem="")


def uuid_in(text: str) -> UUID | None:
    """None for anything else."""
    try:
        return UUID(text)
    except ValueError:
        return None
