"""What needs a person's attention, in sentences with the page where they act; and the steps of setting up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.urls import reverse
from django.utils import timezone

from audit.verification.checkpoints import last_verification
from connectors.models import Connector, Tool
from harriet.console import queries
from harriet.console.queries import SetUp
from harriet.pages.counts import NONE, AtMost, several
from harriet.people.models import Membership, Organization, Stop
from harriet.people.permissions import has_power
from harriet.people.roles import Power
from harriet.people.sends_mail import sends_mail
from harriet.people.standing_stops import stops_of
from harriet.people.stop_powers import subject_of
from vault.models import Credential


@dataclass(frozen=True, slots=True)
class Matter:
    kind: str
    word: str
    subject: str
    text: str
    url: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Matters:
    """Of one sort: the first few, how many more there are, and the list that has all of them."""

    shown: list[Matter]
    more: AtMost = NONE
    url: str = ""
    what: str = ""
    """What the others are, to be read after their number."""

    @property
    def total(self) -> AtMost:
        return AtMost(len(self.shown)) + self.more


def matters_of(membership: Membership, tickets: AtMost) -> list[Matters]:
    """What waits for somebody, of what this member may open; `tickets` wait for a decision."""
    organization = membership.organization
    seldom = queries.seldom_true_of(organization)
    may = partial(has_power, membership)
    sorts = [
        _stopped(organization) if may(Power.VIEW_SETTINGS) else Matters([]),
        Matters(list(_doubtful(organization, seldom.set_aside_at)) if may(Power.VIEW_AUDIT) else []),
        _troubled(organization),
        Matters(list(_waiting(tickets)) if may(Power.DECIDE_ACTIONS) else []),
        _quarantined(organization),
        Matters(list(_reviews(seldom.reviews)) if may(Power.REVIEW_CONNECTORS) else []),
        _due(organization),
        Matters(list(_ownerless(seldom.ownerless)) if may(Power.MANAGE_PEOPLE) else []),
    ]
    return [sort for sort in sorts if sort.shown]


def _stopped(organization: Organization) -> Matters:
    """Emergency stops that somebody has to release."""
    found = several(stops_of(organization))
    return Matters([_of_stop(one) for one in found], found.more, reverse("stops:list"), "emergency stops")


def _of_stop(stop: Stop) -> Matter:
    url = reverse("stops:detail", args=[stop.pk])
    subject = f"Stopped: {subject_of(stop).words}"
    return Matter("danger", "Emergency stop", subject, stop.reason, url, stop.began_at)


def _doubtful(organization: Organization, set_aside_at: datetime | None) -> Iterator[Matter]:
    """Somebody was at the audit log past Harriet."""
    checked = last_verification(organization.pk)
    url = reverse("audit:list")
    if checked is not None and checked.fault:
        yield Matter("danger", "Audit log", "Its verification found faults", checked.fault, url, checked.verified_at)
    elif set_aside_at is not None:
        text = "The audit log holds rows that Harriet did not write. They were set aside."
        yield Matter("danger", "Audit log", "Rows from elsewhere", text, url, set_aside_at)


def _troubled(organization: Organization) -> Matters:
    found = several(queries.troubled_connectors(organization))
    url = f"{reverse('connectors:list')}?show=attention"
    return Matters([_of_troubled(one) for one in found], found.more, url, "connectors that don't work")


def _of_troubled(connector: Connector) -> Matter:
    return Matter(
        "danger" if connector.health == connector.Health.DOWN else "attention",
        connector.get_health_display(),
        connector.name,
        connector.health_reason,
        reverse("connectors:detail", args=[connector.pk]),
        connector.health_changed_at,
    )


def _waiting(tickets: AtMost) -> Iterator[Matter]:
    if tickets:
        subject = "1 call waits for approval" if tickets == AtMost(1) else f"{tickets} calls wait for approval"
        yield Matter("attention", "Tickets", subject, "", reverse("tickets:list"))


def _quarantined(organization: Organization) -> Matters:
    found = several(queries.quarantined_tools(organization))
    url = f"{reverse('connectors:list')}?show=attention"
    return Matters([_of_quarantined(one) for one in found], found.more, url, "changed definitions in quarantine")


def _reviews(count: AtMost) -> Iterator[Matter]:
    if count:
        subject = "1 connector waits for review" if count == AtMost(1) else f"{count} connectors wait for review"
        yield Matter("attention", "Reviews", subject, "", reverse("reviews:list"))


def _ownerless(count: AtMost) -> Iterator[Matter]:
    """Whoever looked after it has no access any more."""
    if count:
        are = "thing is" if count == AtMost(1) else "things are"
        text = "whoever looked after them has no access any more."
        yield Matter("attention", "Owners", f"{count} {are} looked after by nobody", text, reverse("console:hand_over"))


def _of_quarantined(tool: Tool) -> Matter:
    url = reverse("connectors:tool", args=[tool.connector_id, tool.pk])
    text = f"a definition has changed and waits for your look, at {tool.connector.name}."
    return Matter("attention", "Quarantine", str(tool), text, url)


def _due(organization: Organization) -> Matters:
    found = several(queries.credentials_due(organization))
    url = f"{reverse('vault:list')}?show=due"
    return Matters([_of_due(one) for one in found], found.more, url, "credentials to rotate")


def _of_due(credential: Credential) -> Matter:
    is_late = credential.rotation_due_at is not None and credential.rotation_due_at < timezone.now()
    return Matter(
        "danger" if is_late else "attention",
        "Rotation overdue" if is_late else "Rotation due",
        credential.name,
        "the credential has an agreed rotation date.",
        reverse("vault:list"),
        credential.rotation_due_at,
    )


@dataclass(frozen=True, slots=True)
class FirstStep:
    title: str
    why: str
    url: str
    label: str
    is_done: bool
    power: Power | None = None
    """Who may not take the step is not asked to."""


def steps_for(membership: Membership, done: SetUp) -> list[FirstStep]:
    """The way to the first governed call, for those who go it: nothing that this member may not do."""
    if not has_power(membership, Power.MANAGE_CONNECTORS):
        return []
    return [step for step in _steps(done) if step.power is None or has_power(membership, step.power)]


def _steps(done: SetUp) -> list[FirstStep]:
    return [
        FirstStep(
            "Connect a server",
            "Say where it is and how Harriet signs in to it.",
            reverse("connectors:new"),
            "New connector",
            done.connector,
            Power.MANAGE_CONNECTORS,
        ),
        FirstStep(
            "Enable tools",
            "New tools are off until you have looked at them.",
            reverse("connectors:list"),
            "Choose tools",
            done.tools,
            Power.MANAGE_CONNECTORS,
        ),
        FirstStep(
            "Make a group",
            "Groups say who may call which tool.",
            reverse("groups:list"),
            "New group",
            done.group,
            Power.MANAGE_PEOPLE,
        ),
        FirstStep(
            "Invite a colleague",
            "By mail or with a link that you send yourself." if sends_mail() else "With a link that you send yourself.",
            reverse("people:invite"),
            "Invite",
            done.colleague,
            Power.MANAGE_PEOPLE,
        ),
        FirstStep(
            "Make a profile",
            "One address that gathers connectors and tools for AI clients.",
            reverse("profiles:new"),
            "New profile",
            done.profile,
            Power.MANAGE_PROFILES,
        ),
        FirstStep(
            "Connect a client",
            "Give a device its own credential and make the first call.",
            reverse("me:connect"),
            "Connect",
            done.client,
        ),
        FirstStep(
            "Protect your sign-in",
            "Add an authenticator app or a passkey to your account.",
            reverse("mfa_index"),
            "Set up",
            done.protection,
        ),
    ]
