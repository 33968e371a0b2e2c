"""The facts of this installation, each with where it is changed."""

from __future__ import annotations

import platform
import socket
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

import django
from django.conf import settings
from django.db import connection

from harriet.gateway.models import SESSIONS_KEPT
from harriet.lib.errors import Problem
from harriet.lib.mcp.implementation import HARRIET
from harriet.people.models import Organization
from vault.keys.registry import root_key
from vault.models import DataKey
from vault.queries import KEPT_FOR


@dataclass(frozen=True, slots=True)
class Fact:
    name: str
    value: str
    note: str = ""


def version_facts() -> list[Fact]:
    return [
        Fact("Harriet", HARRIET["version"]),
        Fact("Runs on", f"Python {platform.python_version()}, Django {django.get_version()}"),
        Fact("Address", settings.BASE_URL, "What people and clients use: HARRIET_BASE_URL."),
        Fact("This page was answered by", socket.gethostname()),
    ]


@dataclass(frozen=True, slots=True)
class Database:
    version: str
    size: str
    """In words, such as “84 MB”."""


def database() -> Database:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version'), pg_size_pretty(pg_database_size(current_database()))")
        return Database(*cursor.fetchone())


def mail_server() -> str:
    """Host and port; empty when mail is only written to files."""
    if not settings.EMAIL_URL:
        return ""
    address = urlsplit(settings.EMAIL_URL)
    return f"{address.hostname or 'localhost'}:{address.port or 587}"


def key_facts(organization: Organization) -> list[Fact]:
    newest = DataKey.objects.filter(organization=organization, state=DataKey.State.ACTIVE).first()
    own = f"version {newest.version}, since {newest.created_at:%-d %B %Y}" if newest else "made with the first secret"
    return [
        Fact("Root key", _root_key(), "Wraps the organizations' keys. Keep a copy of it elsewhere."),
        Fact(f"Key of {organization.name}", own, "Seals your credentials, and nobody else's."),
    ]


def _root_key() -> str:
    try:
        return root_key().describe().label
    except Problem as problem:
        return problem.message


def retention_facts() -> list[Fact]:
    """What is kept for how long, as the code has it."""
    return [
        Fact("Audit log", "for ever", "Nothing deletes an event."),
        Fact("A secret that was replaced", _in_words(KEPT_FOR), "Then it is erased; until then one can switch back."),
        Fact("Sessions of AI clients that nobody uses", _in_words(SESSIONS_KEPT)),
        Fact("A sign-in to these pages", _in_words(timedelta(seconds=settings.SESSION_COOKIE_AGE))),
    ]


def _in_words(time: timedelta) -> str:
    hours = int(time.total_seconds() // 3600)
    number, unit = (hours // 24, "day") if hours % 24 == 0 else (hours, "hour")
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
