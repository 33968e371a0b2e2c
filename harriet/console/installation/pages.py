"""Settings → This installation, and the licences of what it stands on."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from harriet.console.background import BackgroundWork, background
from harriet.console.installation.facts import (
    Database,
    Fact,
    database,
    key_facts,
    mail_server,
    retention_facts,
    version_facts,
)
from harriet.console.installation.licences import Package, packages
from harriet.console.installation.mail import send_test_mail
from harriet.console.installation.troubles import Trouble, troubles
from harriet.lib.errors import Problem
from harriet.pages.context import PageContext, show
from harriet.people.models import Backup, MailResult
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.permissions import has_power
from harriet.people.queries import last_backup, mail_result
from harriet.people.roles import Power


@dataclass(frozen=True, slots=True)
class ThisInstallationPage(PageContext):
    template = "console/this_installation.html"
    active = "settings"
    troubles: list[Trouble]
    versions: list[Fact]
    work: BackgroundWork
    database: Database
    mail_server: str
    mail: MailResult | None
    may_test_mail: bool
    keys: list[Fact]
    retention: list[Fact]
    backup: Backup | None


@require_safe
@needs(Power.VIEW_SETTINGS)
def this_installation_page(request: OrganizationRequest) -> HttpResponse:
    work, backup, mail = background(), last_backup(), mail_result()
    page = ThisInstallationPage(
        troubles=troubles(request, work, backup, mail),
        versions=version_facts(),
        work=work,
        database=database(),
        mail_server=mail_server(),
        mail=mail,
        may_test_mail=has_power(request.membership, Power.MANAGE_PEOPLE),
        keys=key_facts(request.organization),
        retention=retention_facts(),
        backup=backup,
    )
    return show(request, page)


@require_POST
@needs(Power.MANAGE_PEOPLE)
def test_mail(request: OrganizationRequest) -> HttpResponse:
    try:
        send_test_mail(request.user)
    except Problem as problem:
        messages.error(request, problem.message)
    else:
        messages.success(
            request, f"The mail server took a mail to {request.user.email}. Look whether it arrives; it can be delayed."
        )
    return redirect("organization:installation")


@dataclass(frozen=True, slots=True)
class LicencesPage(PageContext):
    template = "console/licences.html"
    active = "settings"
    packages: tuple[Package, ...]


@require_safe
@needs(Power.VIEW_SETTINGS)
def licences_page(request: OrganizationRequest) -> HttpResponse:
    return show(request, LicencesPage(packages()))
