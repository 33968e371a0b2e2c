"""What needs a person's attention, in sentences with the page where they act; and the steps of setting up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from allauth.mfa.models import Authenticator
from django.urls import reverse
from django.utils import timezone

from audit.verification.checkpoints import last_verification
from harriet.console import queries
from harriet.people.models import Organization, User


@dataclass(frozen=True, slots=True)
class Matter:
    kind: str
    word: str
    subject: str
    text: str
    url: str
    since: datetime | None = None


def matters_of(organization: Organization) -> list[Matter]:
    return [
        *_doubtful(organization),
        *_troubled(organization),
        *_waiting(organization),
        *_quarantined(organization),
        *_due(organization),
    ]


def _doubtful(organization: Organization) -> Iterator[Matter]:
    """Somebody was at the audit log past Harriet."""
    checked = last_verification(organization.pk)
    url = reverse("audit:list")
    if checked is not None and checked.fault:
        yield Matter("danger", "Audit log", "Its verification found faults", checked.fault, url, checked.verified_at)
    elif (found_at := queries.rows_set_aside_at(organization)) is not None:
        text = "The audit log holds rows that Harriet did not write. They were set aside."
        yield Matter("danger", "Audit log", "Rows from elsewhere", text, url, found_at)


def _troubled(organization: Organization) -> Iterator[Matter]:
    for connector in queries.troubled_connectors(organization):
        is_down = connector.health == connector.Health.DOWN
        yield Matter(
            "danger" if is_down else "attention",
            connector.get_health_display(),
            connector.name,
            connector.health_reason,
            reverse("connectors:detail", args=[connector.pk]),
            connector.health_changed_at,
        )


def _waiting(organization: Organization) -> Iterator[Matter]:
    if count := queries.tickets_waiting(organization):
        subject = "1 call waits for approval" if count == 1 else f"{count} calls wait for approval"
        yield Matter("attention", "Tickets", subject, "", reverse("tickets:list"))


def _quarantined(organization: Organization) -> Iterator[Matter]:
    for connector in queries.connectors_with_quarantine(organization):
        count = connector.quarantined  # type: ignore[attr-defined]
        text = "a definition has changed and waits" if count == 1 else f"{count} definitions have changed and wait"
        url = reverse("connectors:detail", args=[connector.pk])
        yield Matter("attention", "Quarantine", connector.name, f"{text} for your look.", url)


def _due(organization: Organization) -> Iterator[Matter]:
    for credential in queries.credentials_due(organization):
        is_late = credential.rotation_due_at is not None and credential.rotation_due_at < timezone.now()
        yield Matter(
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


def steps_for(organization: Organization, user: User) -> list[FirstStep]:
    """The way to the first governed call."""
    done = queries.set_up_of(organization)
    is_protected = Authenticator.objects.filter(user=user).exists()
    return [
        FirstStep(
            "Connect a server",
            "Say where it is and how Harriet signs in to it.",
            reverse("connectors:new"),
            "New connector",
            done.connector,
        ),
        FirstStep(
            "Enable tools",
            "New tools are off until you have looked at them.",
            reverse("connectors:list"),
            "Choose tools",
            done.tools,
        ),
        FirstStep(
            "Make a group", "Groups say who may call which tool.", reverse("groups:list"), "New group", done.group
        ),
        FirstStep(
            "Invite a colleague",
            "By mail or with a link that you send yourself.",
            reverse("people:invite"),
            "Invite",
            done.colleague,
        ),
        FirstStep(
            "Make a profile",
            "One address that gathers connectors and tools for AI clients.",
            reverse("profiles:new"),
            "New profile",
            done.profile,
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
            is_protected,
        ),
    ]
