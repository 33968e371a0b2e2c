"""The scripts as they are sent: Harriet's address and the clients that they know, filled in."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from harriet.console.me.client_files import FILES
from harriet.people import machine_report

_HERE = Path(__file__).parent / "scripts"
_PROGRAM_BEGINS = "import io\n"
"""Where it goes on, below what stands in the first part already."""
_SHARED = "from harriet.people.machine_report import clean_server\n"


class Script(NamedTuple):
    name: str
    """As it is called on the machine."""
    text: str

    @property
    def digest(self) -> str:
        """The SHA-256, for whoever compares what they have got."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@lru_cache(maxsize=8)
def _filled_in(source: str, name: str, base_url: str) -> Script:
    text = (_HERE / source).read_text()
    if source.endswith(".sh"):
        text = text.replace("@@PROGRAM@@", _program().rstrip())
    return Script(name, text.replace("@@CLIENTS@@", _clients()).replace("@@BASE_URL@@", base_url))


def shell_script() -> Script:
    return _filled_in("enrol.sh", "harriet.sh", settings.BASE_URL)


def powershell_script() -> Script:
    return _filled_in("enrol.ps1", "harriet.ps1", settings.BASE_URL)


def _program() -> str:
    """What the shell script runs with Python: what may be told, and then what is done."""
    assert machine_report.__file__
    first = Path(machine_report.__file__).read_text()
    _, begins, rest = (_HERE / "on_machine.py").read_text().partition(_PROGRAM_BEGINS)
    return first + "\n\n" + begins + rest.replace(_SHARED, "")


def _clients() -> str:
    """Where each client keeps its servers."""
    rows = [
        {
            "name": file.name,
            "linux": file.place.linux,
            "darwin": file.place.darwin,
            "windows": file.place.windows,
            "servers": file.servers,
            "kind": file.kind,
        }
        for file in FILES
    ]
    return json.dumps(rows)
