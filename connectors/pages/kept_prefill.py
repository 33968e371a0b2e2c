"""What a preset or a pasted configuration says about a draft, kept in the session while the wizard goes on."""

from __future__ import annotations

from typing import cast

from harriet.people.pages.guards import OrganizationRequest

_KEY = "prefills"
_MOST = 10


def keep_prefill(request: OrganizationRequest, key: str, fields: dict[str, str]) -> None:
    """For one draft: a connector's id, or a key in the page's address. `fields` are those of the wizard's forms."""
    kept = {**request.session.get(_KEY, {}), key: fields}
    request.session[_KEY] = dict(list(kept.items())[-_MOST:])


def kept_prefill(request: OrganizationRequest, key: str) -> dict[str, str]:
    return cast(dict[str, str], request.session.get(_KEY, {}).get(key, {}))
