"""Tells the owners, once, that a profile has gained riskier tools than a trusted issuer may open there."""

from __future__ import annotations

from uuid import UUID

from django.urls import reverse

from connectors.models import Profile
from harriet.lib.text import quoted
from harriet.people.actions.settle_matter import settle_matters
from harriet.people.actions.tell_people import tell_people
from harriet.people.notifications.kinds import ISSUER_WAITS, Matter
from harriet.people.notifications.recipients import with_roles
from harriet.people.roles import Power, roles_with
from harriet.signin.models import TrustedIssuer, TrustedProfile


def tell_of_waiting_profile(pinned: TrustedProfile, issuer: TrustedIssuer, profile: Profile) -> None:
    """Inside the transaction that notes it; again only when it waits for still more."""
    text = (
        f"The profile {quoted(profile.name, 80)} has gained riskier tools. AI clients that {quoted(issuer.name, 80)} "
        "lets in don’t get them before you approve it."
    )
    path = reverse("issuers:detail", args=[issuer.pk])
    matter = Matter(ISSUER_WAITS, issuer.organization_id, f"{_key(pinned)}{pinned.wanted}", text, path)
    tell_people(matter, with_roles(issuer.organization_id, roles_with(Power.MANAGE_ORGANIZATION)))


def settle_waiting_profile(pinned: TrustedProfile, organization_id: UUID) -> None:
    settle_matters(organization_id, _key(pinned))


def _key(pinned: TrustedProfile) -> str:
    return f"issuer waits {pinned.pk} "
