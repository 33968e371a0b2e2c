"""The installation's keys: three files that only their owner may read, made once and never overwritten.

`vault.key` and `audit.key` hold 32 random bytes in base64; `django.key` (48) signs sessions and links.
"""

import base64
import os
import secrets
import stat
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from harriet.lib.errors import Problem

KEY_BYTES = 32
RANDOM_BYTES = {"vault": KEY_BYTES, "audit": KEY_BYTES, "django": 48}


class KeyProblem(Problem):
    """A key file is missing, open to others or damaged. Names the file, never its content."""


def make_keys(folder: Path) -> list[str]:
    """Make the keys that are missing; returns their names."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return [name for name, size in RANDOM_BYTES.items() if _make_key(folder / f"{name}.key", size)]


def _make_key(path: Path, size: int) -> bool:
    if path.exists():
        return False
    draft = path.with_suffix(f".{os.getpid()}.new")
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(base64.b64encode(secrets.token_bytes(size)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)  # fails when another process was faster, so that no key is ever replaced
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    return True


def read_key(name: str) -> bytes:
    """The 32 bytes of the key `name` ("vault", "audit"). Raises KeyProblem."""
    path = Path(settings.KEYS_DIR) / f"{name}.key"
    try:
        refuse_if_open(path)
        key = base64.b64decode(path.read_bytes().strip(), validate=True)
    except FileNotFoundError:
        raise KeyProblem(f"The key file {path} is missing. Restore it from your backup of the keys folder.") from None
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyProblem(f"The key file {path} is damaged. Restore it from your backup of the keys folder.")
    return key


def refuse_if_open(path: Path) -> None:
    """Raises KeyProblem when the group or others may read or change the file."""
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise KeyProblem(f"Others on this machine may read the key file {path}. Run: chmod 600 '{path}'")


@cache
def derive(name: str, purpose: str) -> bytes:
    """32 bytes for one purpose, from the key `name` (HKDF-SHA512, RFC 5869). Kept for the life of the process."""
    return HKDF(algorithm=SHA512(), length=32, salt=None, info=purpose.encode()).derive(read_key(name))
