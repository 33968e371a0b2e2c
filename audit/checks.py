"""System checks: `manage.py check --deploy --database default` warns when the log could be rewritten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps.config import AppConfig
from django.core.checks import CheckMessage, Tags, Warning, register

from audit.database.roles import protection_gaps


# Only with --deploy: `migrate` runs the other database checks, and rightly runs as the owner.
@register(Tags.database, deploy=True)
def audit_log_is_protected(
    *, app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    if "default" not in (databases or ()):
        return []
    hint = "Run Harriet as a role of its own: docs/audit.md, “The runtime role”."
    return [Warning(gap, hint=hint, id="audit.W001") for gap in protection_gaps()]
