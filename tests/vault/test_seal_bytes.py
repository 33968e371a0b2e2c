"""Sealed bytes open where they were sealed and nowhere else; the format stays what it is."""

import hmac
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from harriet.lib.secret import Secret
from vault.errors import CannotOpen
from vault.keys.data_keys import Keyring
from vault.open import Opener
from vault.place import Place
from vault.seal import OVERHEAD, Key, KeyKind, _seal_with_salt, key_version_of, length_prefixed, unseal
from vault.stored import SealedCredential

many = settings(max_examples=300)
few = settings(max_examples=100)
ACME, CRM, RECORD, DANA = (UUID(int=number) for number in (1, 2, 3, 4))
DATA_KEYS = {1: Key(bytes(range(32))), 2: Key(bytes(range(32, 64)))}
OLD_KEY = Opener(Keyring(ACME, {1: DATA_KEYS[1]}))
ACME_VAULT = Opener(Keyring(ACME, DATA_KEYS))
PLAINTEXT = b"sk-live-4eC39HqLyjWDarjtT1zdp7dc"

FROZEN = bytes.fromhex(
    "48010101000000077373737373737373737373737373737373737373737373737373737373737373abffe3ff148b0ac0"
    "e713a80c145af45f4cd5cc3008625b50cae2dbf4af558132a4370421d8a05d527f4682eddccb0170a711d99b23239bac"
    "b7ae5820fb0d936a9042df1a05b384d2f441d2ffc2d9919a"
)


def frozen_message() -> bytes:
    context = Place(ACME, CRM, RECORD, "secret", 5, DANA).bound_to(7)
    return _seal_with_salt(Key(b"k" * 32), KeyKind.CONNECTOR, 7, context, PLAINTEXT, b"s" * 32)


def test_the_format_is_frozen() -> None:
    """Sealed by the first version of Harriet: whatever changes later, this still opens."""
    assert frozen_message() == FROZEN
    context = Place(ACME, CRM, RECORD, "secret", 5, DANA).bound_to(7)
    assert unseal(Key(b"k" * 32), KeyKind.CONNECTOR, 7, context, FROZEN) == PLAINTEXT


def test_the_header_reads_as_documented() -> None:
    assert FROZEN[:1] == b"H"
    assert tuple(FROZEN[1:4]) == (1, 1, KeyKind.CONNECTOR)
    assert key_version_of(FROZEN) == 7
    assert FROZEN[8:40] == b"s" * 32
    assert len(FROZEN) == OVERHEAD + len(PLAINTEXT) == 88 + len(PLAINTEXT)


def hkdf_sha512(key: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869 with nothing but the standard library: a second opinion."""
    made, block, extracted = b"", b"", hmac.digest(salt, key, "sha512")
    while len(made) < length:
        block = hmac.digest(extracted, block + info + bytes([len(made) // 64 + 1]), "sha512")
        made += block
    return made[:length]


def test_a_second_reading_of_the_format_agrees() -> None:
    parts = [ACME.bytes, CRM.bytes, RECORD.bytes, DANA.bytes, b"secret", b"\0\0\0\7", b"\0\0\0\5", b"\1"]
    context = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    material = hkdf_sha512(b"k" * 32, b"s" * 32, FROZEN[:8] + context, 76)
    assert material[44:] == FROZEN[40:72]
    assert AESGCM(material[:32]).decrypt(material[32:44], FROZEN[72:], FROZEN[:8] + context) == PLAINTEXT


def test_the_connector_key_is_frozen() -> None:
    key = Key(bytes(range(32))).derive(b"harriet/connector/v1" + length_prefixed([CRM.bytes]))
    assert key.reveal().hex() == ("d8375d371de5c307618f4b1600b25b96e7cc457f6a944483c435fba172be13d6")


def sealed() -> bytes:
    return ACME_VAULT.seal(CRM, RECORD, "arguments", PLAINTEXT, owner_id=DANA)


def refused(message: bytes, *, vault: Opener = ACME_VAULT) -> bool:
    try:
        vault.open(CRM, RECORD, "arguments", message, owner_id=DANA)
    except CannotOpen as error:
        return error.message == CannotOpen().message and error.__cause__ is error.__context__ is None
    return False


@given(st.binary(max_size=3000))
@many
def test_what_was_sealed_opens(plaintext: bytes) -> None:
    message = ACME_VAULT.seal(CRM, RECORD, "arguments", plaintext)
    assert ACME_VAULT.open(CRM, RECORD, "arguments", message) == plaintext
    assert message != ACME_VAULT.seal(CRM, RECORD, "arguments", plaintext)


def test_every_single_flipped_bit_is_refused() -> None:
    message = sealed()
    for bit in range(len(message) * 8):
        changed = bytearray(message)
        changed[bit // 8] ^= 1 << bit % 8
        assert refused(bytes(changed)), f"bit {bit}"


def test_every_truncation_and_extension_is_refused() -> None:
    message = sealed()
    for length in range(len(message)):
        assert refused(message[:length])
        assert refused(message[length + 1 :])
    assert refused(message + b"\0")
    assert refused(b"\0" + message)


@given(st.binary(max_size=300))
@many
def test_any_other_bytes_are_refused(noise: bytes) -> None:
    assert refused(noise)
    assert refused(b"H\x01\x01\x01\x00\x00\x00\x02" + noise)


@given(st.integers(0, 200), st.integers(0, 200), st.binary(min_size=1, max_size=8))
@many
def test_any_overwritten_part_is_refused(start: int, cut: int, patch: bytes) -> None:
    message = sealed()
    changed = message[:start] + patch + message[start + cut :]
    assume(changed != message)
    assert refused(changed)


places = st.builds(
    Place,
    organization_id=st.uuids(),
    connector_id=st.sampled_from([CRM, RECORD]) | st.uuids(),
    record_id=st.sampled_from([CRM, RECORD]) | st.uuids(),
    field=st.sampled_from(["secret", "arguments", "result", ""]) | st.text(max_size=20).filter(str.isprintable),
    version=st.integers(0, 2**32 - 1),
    owner_id=st.none() | st.sampled_from([CRM, RECORD, DANA]) | st.uuids(),
)


@given(places, places, st.integers(1, 2**32 - 1), st.integers(1, 2**32 - 1))
@few
def test_two_places_never_read_the_same(one: Place, other: Place, key_version: int, other_version: int) -> None:
    assert (one.bound_to(key_version) == other.bound_to(other_version)) == (
        (one, key_version) == (other, other_version)
    )


@given(places)
@many
def test_a_transplant_to_any_other_place_is_refused(elsewhere: Place) -> None:
    here = (CRM, RECORD, "arguments", DANA, 1)
    there = (elsewhere.connector_id, elsewhere.record_id, elsewhere.field, elsewhere.owner_id, 1)
    assume(here != there)
    with pytest.raises(CannotOpen):
        ACME_VAULT.open(*there[:3], sealed(), owner_id=there[3])


@given(st.uuids())
@many
def test_another_organization_can_not_open_it_even_with_the_same_key(organization: UUID) -> None:
    assume(organization != ACME)
    assert refused(sealed(), vault=Opener(Keyring(organization, DATA_KEYS)))


@given(st.binary(min_size=32, max_size=32))
@many
def test_another_key_is_refused(key: bytes) -> None:
    assert refused(sealed(), vault=Opener(Keyring(ACME, {2: Key(key)})))


def test_an_older_data_key_still_opens_and_an_unknown_one_does_not() -> None:
    message = OLD_KEY.seal(CRM, RECORD, "arguments", PLAINTEXT, owner_id=DANA)
    assert ACME_VAULT.open(CRM, RECORD, "arguments", message, owner_id=DANA) == PLAINTEXT
    assert refused(message, vault=Opener(Keyring(ACME, {2: DATA_KEYS[2]})))


def credential(**changes: object) -> SealedCredential:
    place = Place(ACME, CRM, RECORD, "secret", 4)
    message, key_version = ACME_VAULT.seal_secret(place, "", Secret("sk-live-4eC39HqLyjWDarjtT1zdp7dc"))
    fields: dict[str, object] = {
        "organization_id": ACME, "connector_id": CRM, "credential_id": RECORD, "name": "CRM", "type": "bearer",
        "version": 4, "placement": {"in": "header", "name": "X-Key", "template": "{{secret}}"},
        "key_version": key_version, "sealed": message,
    }  # fmt: skip
    return SealedCredential(**fields | changes)  # type: ignore[arg-type]


def test_a_credential_opens_as_itself() -> None:
    with ACME_VAULT.credential(credential()) as opened:
        assert opened.headers == {"X-Key": PLAINTEXT.decode()}


@given(st.uuids(), st.integers(0, 2**32 - 1))
@many
def test_a_credential_put_elsewhere_is_refused(other: UUID, version: int) -> None:
    assume(other not in {ACME, CRM, RECORD} and version not in {2, 4})
    message = credential().sealed
    for changes in (
        {"organization_id": other},
        {"connector_id": other},
        {"credential_id": other},
        {"version": version},
        {"key_version": version},
        {"key_version": 1},
    ):
        with pytest.raises(CannotOpen):
            ACME_VAULT.credential(credential(sealed=message, **changes))


def test_a_pending_arguments_seal_is_not_a_credential() -> None:
    message = ACME_VAULT.seal(CRM, RECORD, "secret", b'{"username":"","secret":"x"}')
    with pytest.raises(CannotOpen):
        ACME_VAULT.credential(credential(sealed=message))


def test_no_credential_opens_to_nothing() -> None:
    with ACME_VAULT.credential(None) as opened:
        assert (opened.headers, opened.query, opened.cookies, opened.secrets) == ({}, {}, {}, ())
