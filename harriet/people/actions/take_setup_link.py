"""Uses up a set-up link. The caller founds the organization in the same transaction, or the link stays good."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now

from harriet.people.errors import NotFound
from harriet.people.models import SetupLink
from harriet.people.queries import open_setup_links
from harriet.people.tokens import hash_token

GONE = (
    "This set-up link was used, has expired or never existed. "
    "Run “manage.py setup_link” on the machine that runs Harriet for a fresh one."
)


def take_setup_link(token: str) -> None:
    """Compare-and-set; of two who come at once, one waits for the other's commit and is then refused."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("take_setup_link belongs into its caller's transaction")
    links = list(SetupLink.objects.select_for_update().filter(used_at=None))  # one at a time, whichever link
    wanted = hash_token(token)
    if not any(bytes(link.token_hash) == wanted for link in links):
        raise NotFound(GONE)
    if not open_setup_links().filter(token_hash=wanted).update(used_at=Now()):
        raise NotFound(GONE)
