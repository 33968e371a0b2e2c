"""What one form of a new connector was filled in with: it belongs to that form, and then to the draft made with it."""

from __future__ import annotations

from uuid import UUID

from connectors.pages.prefill import Prefill
from harriet.people.pages.guards import OrganizationRequest

_KEY = "prefills"
_MOST = 10


def keep_prefill(request: OrganizationRequest, form_id: UUID, prefill: Prefill) -> None:
    """For one form, whose id is that of the draft it makes. An address may hold a key: it never goes into a URL."""
    fields = {"name": prefill.name, "url": prefill.url, "description": prefill.description}
    kept = {**request.session.get(_KEY, {}), _place(request, form_id): fields}
    request.session[_KEY] = dict(list(kept.items())[-_MOST:])


def kept_prefill(request: OrganizationRequest, form_id: UUID) -> Prefill | None:
    fields = request.session.get(_KEY, {}).get(_place(request, form_id))
    return Prefill(**fields) if fields else None


def _place(request: OrganizationRequest, form_id: UUID) -> str:
    """Not for another company of the same person."""
    return f"{request.organization.pk}:{form_id}"
