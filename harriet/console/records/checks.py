"""A system check: Harriet does not start with a model or a field that nobody decided about."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, register

from harriet.console.records.registry import complaints


@register("records")
def every_model_has_its_record(**_: Any) -> list[CheckMessage]:
    return [Error(complaint, id="records.E001") for complaint in complaints()]
