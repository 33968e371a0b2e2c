"""What one form of a new connector was filled in with: it belongs to that form, and then to the draft made with it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from harriet.people.pages.guards import OrganizationRequest

_KEY = "prefills"
_MOST = 10


@dataclass(frozen=True, slots=True)
class Prefill:
    """What a preset or a pasted configuration says."""

    name: str
    url: str
    description: str = ""

    def is_meant_for(self, name: str) -> bool:
        """Whether somebody who typed this name goes on with what was filled in. An address under another name is not
        taken: the next step would send that other company's key there."""
        typed, filled_in = name.strip().casefold(), self.name.strip().casefold()
        return bool(typed) and (filled_in in typed or typed in filled_in)


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
