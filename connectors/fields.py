"""A column that keeps JSON exactly as a server sent it: PostgreSQL's `json`, not `jsonb`.

jsonb reorders keys, drops the way numbers were written and refuses \\u0000: a pinned definition must survive unchanged.
"""

from __future__ import annotations

import json
from typing import Any

from django.db import models
from psycopg.types.json import Json


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class JsonAsSent(models.JSONField):
    def db_type(self, connection: Any) -> str:
        return "json"

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return None if value is None else Json(value, dumps=_dumps)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return value  # psycopg has parsed it
