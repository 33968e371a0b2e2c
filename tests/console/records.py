"""Where Records shows a table and a row, and what the database has there."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, QuerySet
from django.urls import reverse

from harriet.console.records.registry import model_of, url_name
from harriet.lib.records import INSTALLATION, Record
from harriet.people.models import Organization


def rows_in(record: Record, organization: Organization) -> QuerySet[Any]:
    """As the database has them, not as Records reads them; the newest first."""
    rows: QuerySet[Model] = model_of(record)._default_manager.order_by(f"-{record.time or 'pk'}", "-pk")
    return rows if record.scope == INSTALLATION else rows.filter(**{record.scope: organization.pk})


def list_url(record: Record) -> str:
    return reverse(url_name(record, "changelist"))


def row_url(record: Record, row: Model) -> str:
    return reverse(url_name(record, "change"), args=[row.pk])
