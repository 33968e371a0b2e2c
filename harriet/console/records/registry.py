"""Every model's entry in Records, by section; and the models that have none, with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import BinaryField, Field, Model
from django.utils.text import slugify

from approvals.records import RECORDS as OF_APPROVALS
from audit.records import RECORDS as OF_AUDIT
from connectors.records import RECORDS as OF_CONNECTORS
from harriet.gateway.records import RECORDS as OF_GATEWAY
from harriet.lib.records import Record
from harriet.people.records import RECORDS as OF_PEOPLE
from harriet.signin.records import RECORDS as OF_SIGNIN
from vault.records import RECORDS as OF_VAULT


@dataclass(frozen=True, slots=True)
class RecordSection:
    title: str
    records: tuple[Record, ...]


SECTIONS = (
    RecordSection("People", OF_PEOPLE),
    RecordSection("Connectors and tools", (*OF_CONNECTORS, *OF_GATEWAY)),
    RecordSection("Vault", OF_VAULT),
    RecordSection("Signing in", OF_SIGNIN),
    RecordSection("Approvals", OF_APPROVALS),
    RecordSection("Audit", OF_AUDIT),
)

WITHOUT_RECORD = {
    "admin.LogEntry": "Nothing is changed in the admin site; what happened to a row stands in the audit log.",
    "audit.CallCount": "Sums of what the events say, for charts and lists; `manage.py audit counts` counts them again.",
    "auth.Group": "Django's own groups: Harriet has its own, scoped to an organization.",
    "auth.Permission": "Names that Django makes from the models; the same in every installation.",
    "contenttypes.ContentType": "Names of models; the same in every installation.",
    "guardian.UserObjectPermission": "Unused: connectors have a permission model of their own.",
    "guardian.GroupObjectPermission": "Unused: connectors have a permission model of their own.",
    "people.SearchWord": "Words of names that other records show; the search finds rows by them.",
    "signin.IdToken": "Identity tokens of the library that issues tokens; Harriet gives none.",
    "sessions.Session": "What is in it signs somebody in, and it belongs to a person, not to an organization.",
    "account.EmailAddress": "A person's own addresses, which other organizations may know them by.",
    "account.EmailConfirmation": "Its key proves an address.",
    "mfa.Authenticator": "Second factors: a person's own, and secret.",
}
"""Models whose rows are in no organization's records, and why."""


@cache
def _by_model() -> dict[str, Record]:
    return {record.model: record for section in SECTIONS for record in section.records}


def all_records() -> list[Record]:
    return list(_by_model().values())


def record_of(label: str) -> Record | None:
    """By the model's label, such as "people.Device"."""
    return _by_model().get(label)


def model_of(record: Record) -> type[Model]:
    return apps.get_model(record.model)


def slug_of(record: Record) -> str:
    """Its part of the address."""
    return slugify(record.many)


def url_name(record: Record, page: str) -> str:
    """Django's own names: page is "changelist" (the list) or "change" (one row)."""
    return f"admin:{record.model.lower().replace('.', '_')}_{page}"


def field_of(record: Record, name: str) -> Field[Any, Any] | None:
    """The model's field; None for a property."""
    try:
        found = model_of(record)._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    return found if isinstance(found, Field) else None


def target_of(record: Record, name: str) -> Record | None:
    """The record that a field leads to: a relation's, or a plain id's that the entry names."""
    if name in record.links:
        return record_of(record.links[name])
    related = getattr(field_of(record, name), "related_model", None)
    return record_of(related._meta.label) if related else None


def leads_to(target: Record) -> list[tuple[Record, str]]:
    """Lists that can be filtered by a row of the target, each with the field it is filtered by."""
    return [(record, name) for record in all_records() for name in record.filters if target_of(record, name) is target]


def complaints() -> Iterator[str]:
    """What is wrong with the entries, in sentences: a model or a field that nobody decided about, a misspelt name."""
    labels = {model._meta.label for model in apps.get_models()}
    for label in sorted(labels - _by_model().keys() - WITHOUT_RECORD.keys()):
        yield f"{label} has no entry in its app's records.py."
    for label in sorted((_by_model().keys() | WITHOUT_RECORD.keys()) - labels):
        yield f"{label} is no model."
    for record in all_records():
        if record.model in labels:
            yield from (f"{record.model}: {what}" for what in _complaints_of(record))


def _complaints_of(record: Record) -> Iterator[str]:
    meta = model_of(record)._meta
    shown, hidden = record.fields.keys(), record.hidden.keys()
    own = {field.name for field in (*meta.fields, *meta.many_to_many)} - {"id", record.scope}
    named = {*shown, *hidden, *record.columns, *record.filters, *record.needs}
    misspelt = (name for name in named - own if not hasattr(model_of(record), name))
    bytes_shown = (name for name in shown if isinstance(field_of(record, name), BinaryField))
    nowhere = (name for name in record.links if target_of(record, name) is None)
    yield from _each(own - shown - hidden, "is neither among the fields nor hidden: say which.")
    yield from _each(misspelt, "is no field of it.")
    yield from _each({*record.columns} - shown, "is a column, and not among the fields.")
    yield from _each(shown & hidden, "is both shown and hidden.")
    yield from _each(bytes_shown, "holds bytes: sealed or hashed, and never shown.")
    yield from _each(nowhere, "leads to a model that has no entry.")


def _each(names: Iterable[str], complaint: str) -> Iterator[str]:
    return (f"{name} {complaint}" for name in sorted(names))
