"""Makes something once for one sent form, and keeps its secret sealed until the page that shows it was opened.

A reload, a second click or the browser's way back sends the same form again: that makes nothing, and leads to the same
page. No audit event: what is made has its own.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from harriet.lib.sealed import Sealer
from harriet.lib.secret import Secret
from harriet.people.models import MadeOnce, Organization, User

KEPT = timedelta(days=1)
"""So long the same form sent again is known for the same."""
_SEALER = Sealer("shown-once/v1")


class Made(NamedTuple):
    """What was made, and its secret; None for one that nobody is to see."""

    subject_id: UUID
    secret: Secret | None


def make_once(organization: Organization, user: User, form_hash: bytes, make: Callable[[], Made]) -> MadeOnce:
    """What `make` raises undoes everything. Of two at once, the second waits for the first and gets its row."""
    _forget_old(user)
    try:
        with transaction.atomic():
            row = _claimed(organization, user, form_hash)
            _fill(row, make())
    except _AlreadyMade:
        return MadeOnce.objects.get(user=user, form_hash=form_hash)
    return row


def make_once_outside(organization: Organization, user: User, form_hash: bytes, make: Callable[[], Made]) -> MadeOnce:
    """The same for what has to be made outside a transaction, such as what a mail server takes: whoever comes second
    meanwhile gets a row that nothing is known of yet."""
    _forget_old(user)
    try:
        row = _claimed(organization, user, form_hash)
    except _AlreadyMade:
        return MadeOnce.objects.get(user=user, form_hash=form_hash)
    try:
        made = make()
    except BaseException:
        row.delete()
        raise
    _fill(row, made)
    return row


def take_secret(row: MadeOnce) -> Secret | None:
    """For the page that shows it; None for everyone who comes later. Only its own person asks: the caller checks."""
    with transaction.atomic():
        locked = MadeOnce.objects.select_for_update().get(pk=row.pk)
        if locked.sealed is None:
            return None
        secret = Secret(_SEALER.open(bytes(locked.sealed), _bound_to(locked)).decode())
        MadeOnce.objects.filter(pk=row.pk).update(sealed=None, shown_at=Now())
    return secret


class _AlreadyMade(Exception):
    """The same form was sent before."""


def _claimed(organization: Organization, user: User, form_hash: bytes) -> MadeOnce:
    try:
        with transaction.atomic():
            return MadeOnce.objects.create(organization=organization, user=user, form_hash=form_hash)
    except IntegrityError:
        raise _AlreadyMade from None


def _fill(row: MadeOnce, made: Made) -> None:
    row.subject_id = made.subject_id
    if made.secret is not None:
        row.sealed = _SEALER.seal(made.secret.reveal().encode(), _bound_to(row))
    row.save(update_fields=["subject_id", "sealed"])


def _bound_to(row: MadeOnce) -> bytes:
    return row.pk.bytes + row.user_id.bytes


def _forget_old(user: User) -> None:
    MadeOnce.objects.filter(user=user, created_at__lt=Now() - KEPT).delete()
