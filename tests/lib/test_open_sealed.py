"""What was sealed opens for its purpose and its owner alone, and what older versions sealed opens still: ids of client
sessions, states between the rounds of a request, letters between processes, second factors."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from harriet.gateway.processes.mailbox import SEALED
from harriet.gateway.questions.request_state import LONGEST, STATES
from harriet.gateway.streams.sessions import IDS
from harriet.lib import keyfile
from harriet.lib.sealed import NotSealedHere, Sealer
from harriet.signin.sealing import open_text

TOKEN, PROFILE, ORGANIZATION = UUID(int=1).bytes, UUID(int=2).bytes, UUID(int=3).bytes
# Made under the key below by the version before this module was.
SESSION = (
    "FyxkOQS-LQ2m0tZtHfEcaKN5axy64xXmN5LPr2yXEU3g0dYOjLX9z1En4X4Nhk1grjxXR3e58V6L4DWcmbRLWKCBYdW2b1SJVcaSHJJEnGLbR7LMtDXl"
    "DxZ2_Po"
)
STATE = (
    "tbqTR4hBzLCfsG90yUjJI-XU0EoIeinfPpH5YVq5UWfEy9afBd8KPgMqwds96Daou50HGHJmwPrPGf5Ma_b1OCvoXXig6sT1HSSBJw_8uMPTQXdtcSbU"
    "_S3wpyxGgGxO8cyw1Q"
)
REQUEST = bytes.fromhex("20f56feca366832aa7f0f81894d725d5c093b0bb85c38708fe06264dd8534fb7")
SECOND_FACTOR = "UfJwqzdMVuZbWf8vSd2UBOMv3HzESpLc6HuaVEDeMAGn34ml1daDmcKl7bs="
LETTER = bytes.fromhex("55ac61ae4ddb88b24656aeb9849e1cb51b8ac671e4057a593b9a6c9059731c57ad03982b983bece6533303c241")


@pytest.fixture(autouse=True)
def known_key(tmp_path: Path, settings: object) -> Iterator[None]:
    path = tmp_path / "vault.key"
    path.write_bytes(base64.b64encode(bytes(range(32))))
    path.chmod(0o600)
    settings.KEYS_DIR = tmp_path  # type: ignore[attr-defined]
    keyfile.derive.cache_clear()
    yield
    keyfile.derive.cache_clear()


def test_older_values_open() -> None:
    opened = msgspec.msgpack.decode(IDS.open_text(SESSION, TOKEN + PROFILE, longest=4096))
    assert opened[1:] == ["2025-11-25", {"elicitation": {}}, "Claude 1.0", 1795651200.0]
    state = msgspec.json.decode(STATES.open_text(STATE, ORGANIZATION + TOKEN + PROFILE + REQUEST, longest=LONGEST))
    assert state == {"expires_at": 1795654800.0, "upstream": "page 2", "process": "", "parked": ""}
    assert SEALED.open(LETTER, b"harriet:gateway:everyone") == b"roots-changed\0abc"
    assert open_text(SECOND_FACTOR) == "JBSWY3DPEHPK3PXP"


def test_new_values_have_the_same_form() -> None:
    seal = Sealer("tests/v1")
    text = seal.seal_text(b"what is known", b"Dana")
    assert seal.open_text(text, b"Dana", longest=len(text)) == b"what is known"
    assert seal.seal_text(b"what is known", b"Dana") != text
    assert len(seal.seal(b"what is known", b"Dana")) == len(b"what is known") + 28


@pytest.mark.parametrize("owner", [b"Charlie", b"", b"Dana "])
def test_another_owner_opens_nothing(owner: bytes) -> None:
    seal = Sealer("tests/v1")
    with pytest.raises(NotSealedHere):
        seal.open(seal.seal(b"what is known", b"Dana"), owner)


def test_another_purpose_opens_nothing() -> None:
    with pytest.raises(NotSealedHere):
        Sealer("tests/v2").open(Sealer("tests/v1").seal(b"what is known", b"Dana"), b"Dana")


def test_what_is_broken_too_short_or_spelled_otherwise_opens_nothing() -> None:
    seal = Sealer("tests/v1")
    text = seal.seal_text(b"what is known", b"Dana")
    other = "A" if text[20] != "A" else "B"
    for broken in ("", "AAAA", "é", text + "=", text[:-1], text[:20] + other + text[21:], "A" * 30):
        with pytest.raises(NotSealedHere):
            seal.open_text(broken, b"Dana", longest=4096)
    with pytest.raises(NotSealedHere):
        seal.open_text(text, b"Dana", longest=len(text) - 1)
