"""The connection doctor, for a person's own clients."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from harriet.console.me.page import MyPage
from harriet.pages.context import show
from harriet.people.pages.guards import OrganizationRequest, in_organization
from harriet.signin.doctor import Attempt, attempts_of
from harriet.signin.pages.doctor import uuid_in


@dataclass(frozen=True, slots=True)
class MyDoctorPage(MyPage):
    template = "me/doctor.html"
    tab = "apps"
    attempts: list[Attempt]
    older: str


@require_safe
@in_organization
def my_doctor_page(request: OrganizationRequest) -> HttpResponse:
    """What others did is not there: a step without a person is shown where it led to one of theirs."""
    found = attempts_of(request.organization, Q(user=request.user), uuid_in(request.GET.get("cursor", "")))
    mine = [attempt for attempt in found.attempts if attempt.person == request.user]
    return show(request, MyDoctorPage(mine, found.older))
