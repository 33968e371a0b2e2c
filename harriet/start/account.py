"""Who the embedded servers run as. PostgreSQL refuses to run as root, so root lends it an unprivileged account."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from harriet.lib.errors import Problem

CANDIDATES = ("harriet", "postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    uid: int
    gid: int

    def own(self, path: Path) -> None:
        os.chown(path, self.uid, self.gid)


def lent_account() -> Account | None:
    """The account to change to; None when we are not root and simply stay who we are."""
    if os.geteuid() != 0:
        return None
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise Problem(
        "PostgreSQL doesn't run as root, and this machine has no account to run it as. "
        "Make one with `useradd --system harriet`, or start Harriet as an ordinary user."
    )
