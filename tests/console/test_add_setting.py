"""Adding a setting of the organization: each place that it takes is walked, and one that is missing is named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from inspect import signature
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import Event
from harriet.console.organization import OrganizationForm
from harriet.people.actions.change_organization import change_organization
from harriet.people.models import Organization
from tests.stage.cast import Cast

SETTINGS = [name for name in signature(change_organization).parameters if name not in {"organization", "actor"}]
"""The action is where a setting begins: what it takes are the settings."""

OTHER = {"name": "Acme Works", "hold_seconds": "40", "internal_hosts": "crm.acme.test", "new_clients": "waiting"}
"""A new setting needs another value here, so that it can be seen to change."""

KEPT = {
    "harriet/people/actions/change_organization.py",
    "harriet/console/organization.py",
    "harriet/console/setup_file/apply.py",
}


def ours() -> Iterator[Path]:
    for folder in ("harriet", "connectors", "vault", "approvals"):
        yield from Path(folder).rglob("*.py")


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_setting_is_a_column_a_field_and_a_line_of_the_page(setting: str) -> None:
    assert setting in OTHER, "OTHER in this file"
    assert setting in {field.name for field in Organization._meta.fields}, (
        "harriet/people/models/organizations.py, and a migration"
    )
    assert setting in OrganizationForm.base_fields, "the form in harriet/console/organization.py"
    page = Path("templates/console/organization.html").read_text()
    assert f"request.organization.{setting}" in page, "those who may not change it read it"


@pytest.mark.parametrize("setting", SETTINGS)
def test_somebody_goes_by_a_setting(setting: str) -> None:
    """Elsewhere than where it is asked for, kept and shown: as a snapshot has it, or of the organization itself."""
    reads = re.compile(rf"(?:organization|facts)\.{setting}\b")
    readers = [path for path in ours() if str(path) not in KEPT and reads.search(path.read_text())]
    assert readers, f"nothing goes by {setting}"


@pytest.mark.django_db
@pytest.mark.parametrize("setting", SETTINGS)
def test_a_setting_is_shown_saved_and_told_to_the_log(cast: Cast, client: Client, setting: str) -> None:
    client.force_login(cast.alice)
    saved = OrganizationForm.of(cast.acme).initial
    assert client.post(reverse("organization:detail"), {**saved, setting: OTHER[setting]}).status_code == 302
    cast.acme.refresh_from_db()
    assert str(OrganizationForm.of(cast.acme).initial[setting]) == OTHER[setting] != str(saved[setting])
    told = Event.objects.filter(organization_id=cast.acme.pk, code="organization.changed").latest("recorded_at")
    assert OTHER[setting] in told.sentence, "_facts in change_organization.py"
