"""The recipe for a new permission on connectors: a line in `ConnectorPermission`, its row, an action that gives it with
an event and, where it lets somebody decide, a note of who gave it, a form that asks for it, a view that hands it on,
and whoever goes by it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission

from connectors.models import Connector, ConnectorPermission

ROOT = Path(settings.BASE_DIR)
GIVEN = [one for one in ConnectorPermission if one != ConnectorPermission.MANAGE]


def speaking_of(permission: ConnectorPermission) -> dict[str, str]:
    """Our own modules that name the permission, with what is in them."""
    name = f"ConnectorPermission.{permission.name}"
    files = (path for app in ("connectors", "approvals", "harriet") for path in (ROOT / app).rglob("*.py"))
    texts = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in files}
    return {path: text for path, text in texts.items() if name in text and path != "connectors/models/connectors.py"}


def handed_to(action: str) -> list[Path]:
    """The views that call it."""
    calls = re.compile(rf"^    .*\b{action}\(", re.MULTILINE)
    return [path for path in (ROOT / "connectors/pages").rglob("*.py") if calls.search(path.read_text())]


@pytest.mark.django_db
@pytest.mark.parametrize("permission", ConnectorPermission)
def test_each_has_its_row(permission: ConnectorPermission) -> None:
    row = Permission.objects.get(codename=permission, content_type__app_label="connectors")
    assert (row.content_type.model_class(), row.name) == (Connector, permission.label)


@pytest.mark.parametrize("permission", GIVEN)
def test_each_is_given_by_an_action_asked_for_by_a_form_and_gone_by(permission: ConnectorPermission) -> None:
    found = speaking_of(permission)
    actions = {path: text for path, text in found.items() if path.startswith("connectors/actions/")}
    assert actions, "no action gives it"
    assert all("record(" in text or ".write(" in text for text in actions.values()), "giving it is an event"
    decides = "approvals/deciders.py" in found
    for path, text in actions.items():
        assert ("note_right(" in text) == decides, f"{path}: who gave a right to decide decides on none of its calls"
        assert handed_to(Path(path).stem), f"no view hands what a form asks for to {path}"
    assert any(path.startswith("connectors/pages/") for path in found), "no form asks for it"
    assert any(not path.startswith("connectors/") or "/access/" in path for path in found), "nothing goes by it"


@pytest.mark.parametrize("permission", ConnectorPermission)
def test_nobody_writes_its_name_beside_it(permission: ConnectorPermission) -> None:
    """In quotes it would be found by nobody who looks for who goes by it."""
    files = (path for app in ("connectors", "approvals", "harriet") for path in (ROOT / app).rglob("*.py"))
    named = [path.relative_to(ROOT).as_posix() for path in files if f'"{permission}"' in path.read_text("utf-8")]
    assert [path for path in named if "/migrations/" not in path] == ["connectors/models/connectors.py"]
