"""Installs a lock into an environment, exactly: `python harriet/start/install.py ENVIRONMENT LOCK`.

Run by make before anything is installed, as a file, so the standard library is all there is. Nothing is resolved
(`--no-deps`: the lock is complete), nothing is built (`--only-binary`: a build would fetch tools that no lock names),
everything has a hash, and at the end pip itself confirms that nothing is missing.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "--no-color"]
EXACTLY = ["--no-deps", "--only-binary", ":all:", "--require-hashes", "--progress-bar", "off"]
_PINNED = re.compile(r"^[A-Za-z0-9][\w.\[\],-]*==", re.MULTILINE)
_LOOKED_AT = ("Collecting ", "Processing ", "Requirement already satisfied: ", "Ignoring ")
_TOLD_EVERY = 25
"""Packages between two lines on the screen."""
_MISFIT = """The packages don't fit together. If the environment is older than the lock, remove it (make clean) and
install anew. If that doesn't help, the lock is not complete: make it anew (make lock)."""


def install(environment: str, lock: str) -> int:
    """Exit status. Prints how far it is; of pip's words only errors, and all of them when it failed."""
    expected = len(_PINNED.findall(Path(lock).read_text()))
    print(f"Installing the {expected} packages of {lock} into {Path(environment).parts[0]} …", flush=True)
    python = ["--python", environment]
    with subprocess.Popen(
        [*PIP, *python, "install", *EXACTLY, "--requirement", lock],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as pip:
        said = list(_followed(pip.stdout or iter(()), expected))
    if pip.returncode:
        print("\n".join(line for line in said if not line.startswith("WARNING:")), file=sys.stderr)
        return pip.returncode
    return _checked(python)


def _checked(python: list[str]) -> int:
    """Whether every package finds what it needs; what is missing is said."""
    check = subprocess.run([*PIP, *python, "check"], capture_output=True, text=True, check=False)
    if check.returncode:
        print(check.stdout + check.stderr + _MISFIT, file=sys.stderr)
    return check.returncode


def _followed(lines: Iterator[str], expected: int) -> Iterator[str]:
    """What pip says, line by line, while the person in front of the screen learns how far it is."""
    looked_at = 0
    for line in lines:
        yield line.rstrip()
        if line.startswith(_LOOKED_AT):
            looked_at += 1
            if looked_at % _TOLD_EVERY == 0:
                print(f"  {looked_at} of {expected} are here", flush=True)
        elif line.startswith("Installing collected packages"):
            print("  all are here; unpacking them", flush=True)


if __name__ == "__main__":
    raise SystemExit(install(*sys.argv[1:]))
