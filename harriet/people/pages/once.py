"""Forms that make something whose secret is shown once: sent twice they make one thing, and a reload shows nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from secrets import token_bytes
from uuid import UUID

from harriet.lib.secret import Secret
from harriet.people.actions.make_once import Made, make_once, make_once_outside, take_secret
from harriet.people.errors import NotFound
from harriet.people.models import MadeOnce
from harriet.people.pages.guards import OrganizationRequest

MARK = "once"
"""The form's hidden field, made anew each time it is shown: {% once %} in harriet/pages/parts.py."""
_ELSEWHERE = {"csrfmiddlewaretoken"}


def made_once(request: OrganizationRequest, make: Callable[[], Made], *, is_outside: bool = False) -> MadeOnce:
    """For the form that the request sent. `is_outside`: what makes it may not be inside a transaction."""
    how = make_once_outside if is_outside else make_once
    return how(request.organization, request.user, _hash_of(request), make)


def first_of(request: OrganizationRequest, make: Callable[[], UUID]) -> UUID:
    """The id of what the form made, though it was sent twice: the second is led to the first, not to an error."""
    return made_once(request, lambda: Made(make(), None)).subject


def shown_once(request: OrganizationRequest, made_id: UUID) -> MadeOnce:
    """The person's own. Raises NotFound for somebody else's, and when a day has passed."""
    mine = MadeOnce.objects.filter(pk=made_id, user=request.user, organization=request.organization)
    row = mine.exclude(subject_id=None).first()
    if row is None:
        raise NotFound("There is nothing to show here any more. The lists have what was made.")
    return row


def secret_of(request: OrganizationRequest, row: MadeOnce) -> Secret | None:
    """The secret for the answer to this request; None when it was shown before."""
    return take_secret(row) if request.method == "GET" else None


def _hash_of(request: OrganizationRequest) -> bytes:
    """What was sent, with its mark: somebody who goes back and sends something else means something else."""
    sent = sorted((name, request.POST.getlist(name)) for name in request.POST if name not in _ELSEWHERE)
    mark = b"" if request.POST.get(MARK) else token_bytes(16)
    return hashlib.sha256(repr((request.path, sent)).encode("utf-8", "surrogatepass") + mark).digest()
