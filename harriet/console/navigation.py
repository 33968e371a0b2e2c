"""The rail: which pages a role can use, what waits first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.urls import reverse

from harriet.pages.counts import NONE, AtMost
from harriet.people.models import Membership
from harriet.people.permissions import has_power
from harriet.people.roles import Power


@dataclass(frozen=True, slots=True)
class Entry:
    key: str
    label: str
    icon: str
    view: str
    power: Power | None
    url: str = ""
    is_counted: bool = False
    """Shows how many wait there."""
    count: AtMost = NONE


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    entries: tuple[Entry, ...]


_COMPANY = (
    Section(
        "",
        (
            Entry("overview", "Overview", "overview", "console:overview", Power.VIEW_SETTINGS),
            Entry("tickets", "Tickets", "tickets", "tickets:list", Power.DECIDE_ACTIONS, is_counted=True),
            Entry("reviews", "Reviews", "reviews", "reviews:list", Power.VIEW_SETTINGS),
        ),
    ),
    Section(
        "Tools",
        (
            Entry("integrations", "Integrations", "integrations", "connectors:list", Power.VIEW_SETTINGS),
            Entry("profiles", "Profiles", "profiles", "profiles:list", Power.VIEW_SETTINGS),
            Entry("workflows", "Workflows", "workflows", "workflows:list", Power.MANAGE_CONNECTORS),
            Entry("vault", "Vault", "vault", "vault:list", Power.VIEW_SETTINGS),
        ),
    ),
    Section(
        "People and clients",
        (
            Entry("people", "People", "people", "people:list", Power.VIEW_SETTINGS),
            Entry("groups", "Groups", "groups", "groups:list", Power.VIEW_SETTINGS),
            Entry("devices", "Devices", "devices", "devices:list", Power.VIEW_SETTINGS),
            Entry("agents", "Agents", "agents", "agents:list", Power.VIEW_SETTINGS),
            Entry("clients", "AI clients", "clients", "clients:list", Power.VIEW_SETTINGS),
            Entry("doctor", "Connection doctor", "doctor", "doctor:list", Power.MANAGE_TOKENS),
            Entry("unmanaged", "Unmanaged servers", "unmanaged", "unmanaged:list", Power.VIEW_SETTINGS),
        ),
    ),
    Section(
        "Control",
        (
            Entry("explain", "Explain", "explain", "explain:why", Power.VIEW_SETTINGS),
            Entry("limits", "Limits", "limits", "limits:list", Power.VIEW_SETTINGS),
            Entry("stops", "Emergency stop", "stop", "stops:list", Power.VIEW_SETTINGS),
            Entry("settings", "Settings", "settings", "organization:detail", Power.VIEW_SETTINGS),
        ),
    ),
    Section(
        "Evidence",
        (
            Entry("usage", "Usage", "usage", "usage:page", Power.VIEW_AUDIT),
            Entry("audit", "Audit", "audit", "audit:list", Power.VIEW_AUDIT),
            Entry("records", "Records", "records", "admin:records", Power.VIEW_RECORDS),
        ),
    ),
)
_INSTALLATION = (
    Entry("installation", "Organizations", "overview", "admin:installation", None),
    Entry("installation-records", "Records", "records", "admin:records", None),
)
_OWN = (
    Entry("me", "My AI", "me", "me:home", None),
    Entry("runs", "Runs", "runs", "workflows:runs", None),
)


def sections_for(membership: Membership | None, *, tickets: AtMost, is_operator: bool = False) -> list[Section]:
    """What this member may open; nothing before an organization is chosen, but for the installation's operators."""
    installation = [Section("Installation", tuple(_placed(_INSTALLATION)))] if is_operator else []
    if membership is None:
        return installation
    counts = {"tickets": tickets}
    every = (*_COMPANY, Section("Yours", _OWN))
    shown = (Section(one.title, tuple(_shown(one.entries, membership, counts))) for one in every)
    return [section for section in (*shown, *installation) if section.entries]


def _placed(entries: Iterable[Entry]) -> Iterable[Entry]:
    return (replace(entry, url=reverse(entry.view)) for entry in entries)


def _shown(entries: Iterable[Entry], membership: Membership, counts: dict[str, AtMost]) -> Iterable[Entry]:
    for entry in entries:
        if entry.power is None or has_power(membership, entry.power):
            yield replace(entry, url=reverse(entry.view), count=counts.get(entry.key, NONE))
