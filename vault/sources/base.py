"""Where the secret of a credential version comes from. One file of this folder for each kind of source."""

from __future__ import annotations

from typing import Protocol

from harriet.lib.secret import Secret
from vault.stored import SealedCredential

Revealed = tuple[str, Secret]
"""User name (empty but for types that have one) and secret, to be taken apart at once. A plain tuple: every call makes
one, and a named one would take a sixth of what opening takes."""


class SecretSource(Protocol):
    """Made for one organization, with its keys, whenever its snapshot is compiled.

    Every call of a tool asks it, in the event loop: it answers from memory, without the database and the network. A
    store elsewhere is therefore asked beside the calls, and its answer kept sealed until then.
    """

    def reveal(self, stored: SealedCredential) -> Revealed:
        """Raises CannotOpen, from a frame that holds nothing secret."""
        ...
