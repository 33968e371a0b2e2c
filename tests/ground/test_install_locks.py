"""The locks install as they are, with the oldest pip that README promises, whatever a package index gains tomorrow."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.processes
REPOSITORY = Path(__file__).resolve().parents[2]
WHEELS = REPOSITORY / ".venv/wheels"
OLDEST = "pip-23.0.1-py3-none-any.whl"
PINNED = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[[\w,-]+\])?==([\w.+]+)", re.MULTILINE)
WHAT_IS_THERE = (
    "import importlib.metadata as m, json; print(json.dumps({d.name: d.version for d in m.distributions()}))"
)


@pytest.fixture(scope="module")
def tomorrow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index that has gained a newer, broken release of everything that the locks name."""
    folder = tmp_path_factory.mktemp("tomorrow")
    for name in {name for name, _ in pins("requirements-test.lock")}:
        write_wheel(folder, name.replace("-", "_"), "99999.0")
    return folder


@pytest.fixture(scope="module")
def oldest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with the pip of Debian 12."""
    folder = tmp_path_factory.mktemp("oldest")
    run(sys.executable, "-m", "venv", "--without-pip", str(folder))
    python = folder / "bin/python"
    run(str(python), str(WHEELS / OLDEST / "pip"), "install", "--no-index", str(WHEELS / OLDEST))
    assert run(str(python), "-m", "pip", "--version").startswith("pip 23.0.1 ")
    return python


@pytest.mark.parametrize(
    ("target", "lock"), [("install", "requirements.lock"), ("install-test", "requirements-test.lock")]
)
def test_a_lock_installs_exactly_what_it_names(
    target: str, lock: str, oldest: Path, tomorrow: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "a folder"
    for name in ("Makefile", "requirements.lock", "requirements-test.lock", "harriet/start/install.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, folder / name)
    offline = {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": f"{WHEELS.as_uri()} {tomorrow.as_uri()}",
        "PIP_CONFIG_FILE": os.devnull,
    }
    said = run("make", "-C", str(folder), target, f"PYTHON={oldest}", **offline)
    assert lock in said
    assert "all are here" in said
    assert "WARNING" not in said
    there = json.loads(run(str(folder / ".venv/bin/python"), "-c", WHAT_IS_THERE))
    named = pins(lock)
    assert there, "nothing was installed"
    assert {(canonical(name), version) for name, version in there.items()} <= named
    assert {"django", "psycopg", "gunicorn"} <= {canonical(name) for name in there}


def test_a_package_that_a_lock_forgot_stops_the_install(oldest: Path, tmp_path: Path) -> None:
    """Of Django and what it needs, so that little has to be installed before it is missed."""
    lock = "".join(block for block in blocks("requirements.lock") if block.startswith(("django==", "sqlparse==")))
    (tmp_path / "short.lock").write_text(lock)
    run(sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv"))
    done = subprocess.run(
        [oldest, REPOSITORY / "harriet/start/install.py", tmp_path / "venv/bin/python", tmp_path / "short.lock"],
        capture_output=True,
        text=True,
        env={**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": WHEELS.as_uri(), "PIP_CONFIG_FILE": os.devnull},
    )
    assert done.returncode != 0
    assert "requires asgiref, which is not installed" in done.stdout + done.stderr


def pins(lock: str) -> set[tuple[str, str]]:
    """Names and versions: of one package there may be two, each for some versions of Python."""
    return {(canonical(name), version) for name, version in PINNED.findall((REPOSITORY / lock).read_text())}


def blocks(lock: str) -> list[str]:
    """Each requirement with its hashes."""
    return re.split(r"(?m)^(?=\S)", (REPOSITORY / lock).read_text())


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def write_wheel(folder: Path, name: str, version: str) -> None:
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        info = f"{name}-{version}.dist-info"
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


def run(*command: str, **env: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **env}, timeout=600)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout + done.stderr
