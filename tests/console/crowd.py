"""An organization of any size: every table that can grow holds as many rows of it as asked, each like a row of another
organization's, each leading to rows of its own."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import Field, ForeignKey, IntegerField, Model
from psycopg import sql

from harriet.console.records.registry import model_of, record_of
from harriet.lib.records import Record
from harriet.people.models import Group, Organization

GROWING = (
    "people.User",
    "people.Membership",
    "people.Group",
    "people.Invitation",
    "people.Device",
    "connectors.Profile",
    "people.AccessToken",
    "people.CredentialOffer",
    "people.RightGiven",
    "people.Notice",
    "connectors.Connector",
    "connectors.Tool",
    "connectors.ToolVersion",
    "connectors.ToolPermission",
    "connectors.ConnectorGroupPermission",
    "connectors.ResourceAddresses",
    "connectors.SyncRun",
    "gateway.ClientSession",
    "vault.Credential",
    "vault.CredentialVersion",
    "approvals.Ticket",
    "approvals.PendingAction",
    "approvals.Decision",
    "audit.Event",
    "audit.Seal",
    "audit.Checkpoint",
    "audit.SetAside",
)
"""In the order in which they lead to each other. Events fill the queue of the sealer as well."""
_MANY_TO_MANY = (
    ("people.Membership", "groups"),
    ("connectors.Profile", "people"),
    ("connectors.Profile", "connectors"),
    ("connectors.Profile", "tools"),
)
UNIQUE = ("email", "slug", "name", "key", "number", "sequence", "token_hash", "digest", "binding")


def crowd(like: Organization, organization: Organization, many: int) -> None:
    """`many` rows in each table, the n-th a second older than the one before, leading to the n-th of the others."""
    with connection.cursor() as cursor:
        for label in GROWING:
            record = record_of(label)
            assert record is not None
            cursor.execute(_insert(record), {"like": _like(record, like), "home": organization.pk, "many": many})
            cursor.execute(_numbered(record), {"home": organization.pk})
        _join(cursor)
        cursor.execute("ANALYZE")


def _like(record: Record, like: Organization) -> Any:
    return model_of(record)._default_manager.filter(**{record.scope: like.pk}).order_by("pk")[0].pk


def _insert(record: Record) -> sql.Composed:
    model = model_of(record)
    fields = [field for field in model._meta.concrete_fields if field.get_internal_type() != "BigAutoField"]
    return sql.SQL(
        "INSERT INTO {table} ({columns}) SELECT {values}"
        " FROM {table} t, generate_series(1, %(many)s) AS n(n) WHERE t.{pk} = %(like)s"
    ).format(
        table=sql.Identifier(model._meta.db_table),
        columns=sql.SQL(", ").join([sql.Identifier(str(field.column)) for field in fields]),
        values=sql.SQL(", ").join([sql.SQL(_value(record, field)) for field in fields]),
        pk=sql.Identifier(_column(model)),
    )


def _column(model: type[Model]) -> str:
    return str(model._meta.pk.column)


def _value(record: Record, field: Field[Any, Any]) -> str:
    """What stands in a column of the n-th row."""
    leads, column = _leads(record, field), f't."{field.column}"'
    if leads == "people.Organization" or field.column == "organization_id":
        return "%(home)s"
    if leads in GROWING and leads != record.model:
        found = f"(SELECT id FROM crowd_{leads.replace('.', '_').lower()} c WHERE c.n = n.n)"
        return f"CASE WHEN {column} IS NULL THEN NULL ELSE {found} END"
    if field.primary_key and not leads:
        return "gen_random_uuid()"
    if field.name == record.time:
        return "now() - n.n * interval '1 second'"
    return _of_its_own(field, column) if field.name in UNIQUE else column


def _of_its_own(field: Field[Any, Any], column: str) -> str:
    if isinstance(field, IntegerField):
        return "n.n + 1000"
    if field.get_internal_type() == "BinaryField":
        return "sha256(n.n::text::bytea)"
    return f"n.n || 'x' || left({column}, 20)" if field.name == "email" else f"left({column}, 20) || n.n"


def _leads(record: Record, field: Field[Any, Any]) -> str:
    if isinstance(field, ForeignKey):
        return str(field.related_model._meta.label)
    return record.links.get(field.name, "")


def _numbered(record: Record) -> sql.Composed:
    """What the next tables lead to."""
    model = model_of(record)
    name = sql.Identifier(f"crowd_{record.model.replace('.', '_').lower()}")
    scope = (
        sql.SQL("organization_id = %(home)s")
        if any(field.column == "organization_id" for field in model._meta.concrete_fields)
        else sql.SQL("email LIKE '%%x%%' AND %(home)s IS NOT NULL")
        if record.model == "people.User"
        else sql.SQL("%(home)s IS NULL")
    )
    return sql.SQL(
        "CREATE TEMPORARY TABLE {name} ON COMMIT PRESERVE ROWS AS"
        " SELECT {pk} AS id, row_number() OVER (ORDER BY {order}) AS n FROM {table} WHERE {scope};"
        " CREATE INDEX ON {name} (n); ANALYZE {name}"
    ).format(
        name=name,
        pk=sql.Identifier(_column(model)),
        order=sql.SQL("{} DESC").format(sql.Identifier(record.time)) if record.time else sql.Identifier(_column(model)),
        table=sql.Identifier(model._meta.db_table),
        scope=scope,
    )


def _join(cursor: Any) -> None:
    """The n-th of one in the n-th of the other; and all in the first."""
    for owner, name in _MANY_TO_MANY:
        field: Any = apps.get_model(owner)._meta.get_field(name)
        left, right = (f"crowd_{label.replace('.', '_').lower()}" for label in (owner, field.related_model._meta.label))
        first = "a.n > 1 AND b.n = 1" if field.related_model is Group else "a.n = 1 AND b.n > 1"
        for same in ("a.n = b.n", first):
            cursor.execute(
                f"INSERT INTO {field.m2m_db_table()} ({field.m2m_column_name()}, {field.m2m_reverse_name()})"
                f" SELECT a.id, b.id FROM {left} a, {right} b WHERE {same}"
            )
