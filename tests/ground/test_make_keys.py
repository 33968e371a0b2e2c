"""The installation's keys: made once, private, never overwritten."""

import stat
from pathlib import Path

import pytest

from harriet.lib import keyfile
from tests.ground.installation import Installation
from tests.servers.running import free_port


def test_keys_are_private_and_never_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    assert keyfile.make_keys(folder) == ["vault", "audit", "django"]
    before = (folder / "vault.key").read_bytes()
    assert keyfile.make_keys(folder) == []
    assert (folder / "vault.key").read_bytes() == before
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_a_key_that_others_may_read_is_refused(tmp_path: Path, settings: object) -> None:
    keyfile.make_keys(tmp_path)
    settings.KEYS_DIR = tmp_path  # type: ignore[attr-defined]
    assert len(keyfile.read_key("vault")) == 32
    (tmp_path / "vault.key").chmod(0o640)
    with pytest.raises(keyfile.KeyProblem, match=r"vault\.key.*chmod 600"):
        keyfile.read_key("vault")


def test_a_damaged_key_is_named_and_not_shown(tmp_path: Path, settings: object) -> None:
    keyfile.make_keys(tmp_path)
    settings.KEYS_DIR = tmp_path  # type: ignore[attr-defined]
    (tmp_path / "audit.key").write_text("c2hvcnQ=")
    with pytest.raises(keyfile.KeyProblem, match=r"audit\.key is damaged") as caught:
        keyfile.read_key("audit")
    assert "c2hvcnQ" not in str(caught.value)


def test_each_purpose_has_its_own_key() -> None:
    assert keyfile.derive("vault", "one") == keyfile.derive("vault", "one")
    assert keyfile.derive("vault", "one") != keyfile.derive("vault", "two")
    assert keyfile.derive("vault", "one") != keyfile.derive("audit", "one")


def test_lost_keys_are_missed_and_not_made_anew(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "run")
    (installation.run / "postgres").mkdir(parents=True)
    done = installation.command("start", "--bind", f"127.0.0.1:{free_port()}")
    assert done.returncode != 0
    assert "vault.key is missing. Restore it from your backup" in done.stderr
    assert not (installation.run / "keys").exists()
