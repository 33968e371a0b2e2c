"""Answers of a SAML provider that are not what they say: wrapped, unsigned, doubled, late, for somebody else, bent."""

from __future__ import annotations

import base64
import copy
import hmac
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod

from harriet.signin.claims import Names
from harriet.signin.errors import SignInRefused
from harriet.signin.saml.response import Expected, asserted, decoded
from tests.stage.saml import DS, ISSUER, SAML, SAMLP, Said, posted, sign, signer

ACS = "https://harriet.test/accounts/sso/1/acs/"
ENTITY = "https://harriet.test/accounts/sso/1/metadata/"
REQUEST = "_request1"
ASSERTION = f"{{{SAML}}}Assertion"
SIGNATURE = f"{{{DS}}}Signature"
NAME_ID = f".//{{{SAML}}}NameID"


def said(**changes: object) -> Said:
    return Said(acs=ACS, audience=ENTITY, request_id=REQUEST, **changes)  # type: ignore[arg-type]


def judged(answer: etree._Element | bytes, *, certificate: str = "") -> str:
    """The subject, when the answer is believed."""
    expected = Expected(ISSUER, [certificate or signer().certificate], ENTITY, ACS, Names())
    root = decoded(posted(answer))
    return asserted(root, expected, REQUEST, datetime.now(UTC)).claims.subject


def refusal(answer: etree._Element | bytes, **options: str) -> str:
    with pytest.raises(SignInRefused) as refused:
        judged(answer, **options)
    return refused.value.message


@pytest.mark.parametrize("what", ["Assertion", "Response"])
def test_signed_answer_is_believed(what: str) -> None:
    assert judged(sign(said().xml(), what)) == "dana-1"


def test_answer_with_both_signatures_is_believed() -> None:
    assert judged(sign(sign(said().xml(), "Assertion"), "Response")) == "dana-1"


def test_claims_come_from_signed_part() -> None:
    expected = Expected(ISSUER, [signer().certificate], ENTITY, ACS, Names())
    root = decoded(posted(sign(said(groups=("a", "b")).xml())))
    found = asserted(root, expected, REQUEST, datetime.now(UTC))
    assert found.claims.groups == ("a", "b")
    assert found.claims.email == "dana@acme.test"
    assert found.claims.sid == "s1"
    assert found.assertion_id == "_assertion1"


def test_unsigned_is_refused() -> None:
    assert "not signed" in refusal(said().xml())


def test_other_key_is_refused() -> None:
    assert "can't be verified" in refusal(sign(said().xml(), by=signer("Mallory")))


def test_certificate_in_answer_is_not_trusted() -> None:
    """The signature brings its own certificate along; only the saved one counts."""
    assert "can't be verified" in refusal(sign(said().xml(), by=signer("Mallory")), certificate=signer().certificate)


def test_ended_certificate_is_refused() -> None:
    old = signer("Ended", days=-1)
    assert "can't be verified" in refusal(sign(said().xml(), by=old), certificate=old.certificate)


def test_sha1_is_refused() -> None:
    answer = sign(said().xml(), method=SignatureMethod.RSA_SHA1, digest=DigestAlgorithm.SHA1)
    assert "SHA-1" in refusal(answer)


def evil(assertion: etree._Element, new_id: str = "_evil") -> etree._Element:
    """A copy that says it is Alice, without a signature."""
    made = copy.deepcopy(assertion)
    for signature in made.findall(SIGNATURE):
        made.remove(signature)
    made.set("ID", new_id)
    name = made.find(NAME_ID)
    assert name is not None
    name.text = "alice-1"
    return made


def _parts() -> tuple[etree._Element, etree._Element, etree._Element]:
    root = sign(said().xml())
    assertion = root.find(ASSERTION)
    assert assertion is not None
    signature = assertion.find(SIGNATURE)
    assert signature is not None
    return root, assertion, signature


def xsw1() -> etree._Element:
    """A signed response goes into the signature of another."""
    root = sign(said().xml(), "Response")
    outer = copy.deepcopy(root)
    name = outer.find(NAME_ID)
    assert name is not None
    name.text = "alice-1"
    outer.set("ID", "_evil")
    signature = outer.find(SIGNATURE)
    assert signature is not None
    inner = copy.deepcopy(root)
    old = inner.find(SIGNATURE)
    assert old is not None
    inner.remove(old)
    signature.append(inner)
    return outer


def xsw2() -> etree._Element:
    """The same, with the signed response before its signature."""
    outer = xsw1()
    signature = outer.find(SIGNATURE)
    assert signature is not None
    inner = signature[-1]
    signature.remove(inner)
    signature.addprevious(inner)
    return outer


def xsw3() -> etree._Element:
    """Another assertion before the signed one."""
    root, assertion, _ = _parts()
    assertion.addprevious(evil(assertion))
    return root


def xsw4() -> etree._Element:
    """The signed assertion within another."""
    root, assertion, _ = _parts()
    outer = evil(assertion)
    root.replace(assertion, outer)
    outer.append(assertion)
    return root


def xsw5() -> etree._Element:
    """The signature in another assertion, the signed one at the end."""
    root, assertion, signature = _parts()
    outer = evil(assertion)
    assertion.remove(signature)
    outer.insert(1, signature)
    root.replace(assertion, outer)
    root.append(assertion)
    return root


def xsw6() -> etree._Element:
    """The signed assertion within the signature of another."""
    root, assertion, signature = _parts()
    outer = evil(assertion)
    assertion.remove(signature)
    root.replace(assertion, outer)
    outer.insert(1, signature)
    signature.append(assertion)
    return root


def xsw7() -> etree._Element:
    """Another assertion within extensions."""
    root, assertion, _ = _parts()
    extensions = etree.Element(f"{{{SAMLP}}}Extensions")
    extensions.append(evil(assertion, str(assertion.get("ID"))))
    assertion.addprevious(extensions)
    return root


def xsw8() -> etree._Element:
    """The signed assertion within an object of another's signature."""
    root, assertion, signature = _parts()
    outer = evil(assertion)
    assertion.remove(signature)
    root.replace(assertion, outer)
    outer.insert(1, signature)
    etree.SubElement(signature, f"{{{DS}}}Object").append(assertion)
    return root


@pytest.mark.parametrize("build", [xsw1, xsw2, xsw3, xsw4, xsw5, xsw6, xsw7, xsw8])
def test_wrapped_signature_is_refused(build: Callable[[], etree._Element]) -> None:
    assert "You are not signed in" in refusal(build())


def test_same_id_twice_is_refused() -> None:
    root, _, _ = _parts()
    root.set("ID", "_assertion1")
    assert "same id" in refusal(root)


def test_doubled_assertion_is_refused() -> None:
    root, assertion, _ = _parts()
    second = copy.deepcopy(assertion)
    second.set("ID", "_second")
    root.append(second)
    assert "more than one" in refusal(root)


def test_assertion_of_other_namespace_beside_is_refused() -> None:
    root, _, _ = _parts()
    etree.SubElement(root, "{urn:other}Assertion")
    assert "more than one" in refusal(root)


def test_encrypted_assertion_is_refused() -> None:
    root, _, _ = _parts()
    etree.SubElement(root, f"{{{SAML}}}EncryptedAssertion")
    assert "encrypts" in refusal(root)


def test_changed_after_signing_is_refused() -> None:
    root, assertion, _ = _parts()
    name = assertion.find(NAME_ID)
    assert name is not None
    name.text = "alice-1"
    assert "can't be verified" in refusal(root)


def test_empty_reference_is_refused() -> None:
    """URI="" means the whole document: not what is looked for."""
    root, _, signature = _parts()
    reference = signature.find(f".//{{{DS}}}Reference")
    assert reference is not None
    reference.set("URI", "")
    assert "not built" in refusal(root)


def test_other_transform_is_refused() -> None:
    root, _, signature = _parts()
    transform = signature.find(f".//{{{DS}}}Transform")
    assert transform is not None
    transform.set("Algorithm", "http://www.w3.org/TR/1999/REC-xpath-19991116")
    assert "not built" in refusal(root)


@pytest.mark.parametrize("where", ["dana@acme.test<!-- -->.evil.test", "dana<!--x-->"])
def test_comment_in_name_is_refused(where: str) -> None:
    """Canonical XML leaves comments out, so the signature holds: the text would end before it."""
    xml = etree.tostring(sign(said().xml())).replace(b"dana-1", where.encode())
    assert "comment" in refusal(xml)


def test_comment_in_attribute_is_refused() -> None:
    xml = etree.tostring(sign(said().xml())).replace(b"sales-team<", b"sales-team<!-- -->s<")
    assert "comment" in refusal(xml)


def test_instruction_is_refused() -> None:
    xml = etree.tostring(sign(said().xml())).replace(b"dana-1", b"dana-1<?x y?>")
    assert "instruction" in refusal(xml)


@pytest.mark.parametrize(
    "document",
    [
        b'<!DOCTYPE r [<!ENTITY a "b">]><r>&a;</r>',
        b'<!DOCTYPE r SYSTEM "file:///etc/passwd"><r/>',
        '<!DOCTYPE r [<!ENTITY a "b">]><r>&a;</r>'.encode("utf-16"),
        b"<r>&undefined;</r>",
        b"not xml",
        b"",
        b"<r>" + b"<a>" * 40 + b"</a>" * 40 + b"</r>",
        b"<r>" + b"<a/>" * 6000 + b"</r>",
        b"<r>" + b"a" * 300_000 + b"</r>",
        b'<?xml version="1.0" encoding="utf-7"?><r>+ADw-</r>',
    ],
)
def test_odd_document_is_refused(document: bytes) -> None:
    with pytest.raises(SignInRefused):
        decoded(posted(document))
        judged(document)


def test_no_base64_is_refused() -> None:
    with pytest.raises(SignInRefused):
        decoded("%%%")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"issuer": "https://other.test"}, "another identity provider"),
        ({"destination": "https://harriet.test/accounts/sso/2/acs/"}, "destination"),
        ({"recipient": "https://harriet.test/accounts/sso/2/acs/"}, "recipient"),
        ({"audience": "https://elsewhere.test"}, "audience"),
        ({"request_id": "_other"}, "does not fit the request"),
        ({"subject_request_id": "_other"}, "does not fit the request"),
        ({"not_before": 600}, "not valid at this time"),
        ({"not_on_or_after": -600}, "not valid at this time"),
        ({"subject_until": -600}, "not valid at this time"),
        ({"session_until": -600}, "not valid at this time"),
        ({"status": "urn:oasis:names:tc:SAML:2.0:status:Responder"}, "did not let you in"),
        ({"name_id": ""}, "who you are"),
        ({"name_id": "x" * 400}, "who you are"),
    ],
)
def test_what_does_not_fit_is_refused(changes: dict[str, object], why: str) -> None:
    made = Said(**({"acs": ACS, "audience": ENTITY, "request_id": REQUEST} | changes))  # type: ignore[arg-type]
    assert why in refusal(sign(made.xml()))


def test_small_skew_is_borne() -> None:
    assert judged(sign(said(not_before=60, not_on_or_after=-60, subject_until=-60).xml())) == "dana-1"


@pytest.mark.parametrize(
    ("part", "name", "at"),
    [
        ("Conditions", "NotOnOrAfter", "9999-12-31T23:59:59.999Z"),
        ("Conditions", "NotOnOrAfter", "9999-12-31T23:59:59-14:00"),
        ("Conditions", "NotBefore", "0001-01-01T00:00:00Z"),
        ("Conditions", "NotBefore", "0001-01-01T00:00:00+14:00"),
        ("SubjectConfirmationData", "NotOnOrAfter", "9999-12-31T23:59:59Z"),
        ("AuthnStatement", "SessionNotOnOrAfter", "9999-12-31T23:59:59Z"),
    ],
)
def test_times_at_the_ends_of_all_time_are_borne(part: str, name: str, at: str) -> None:
    root = said().xml()
    element = root.find(f".//{{{SAML}}}{part}")
    assert element is not None
    element.set(name, at)
    assert judged(sign(root)) == "dana-1"


def test_next_certificate_stands_beside_the_one_that_ends() -> None:
    """The provider signs with either while it changes over; one that has ended, or can't be read, spoils no other."""
    old, new = signer("Old", days=-1).certificate, signer("New")
    for certificates in ([old, new.certificate], [new.certificate, old], ["no certificate", new.certificate]):
        expected = Expected(ISSUER, certificates, ENTITY, ACS, Names())
        root = decoded(posted(sign(said().xml(), by=new)))
        assert asserted(root, expected, REQUEST, datetime.now(UTC)).claims.subject == "dana-1"


@pytest.mark.parametrize("gone", ["Conditions", "AuthnStatement", "Subject", "Issuer"])
def test_missing_part_is_refused(gone: str) -> None:
    root = said().xml()
    assertion = root.find(ASSERTION)
    assert assertion is not None
    part = assertion.find(f"{{{SAML}}}{gone}")
    assert part is not None
    if gone == "Issuer":
        part.text = ""
    else:
        assertion.remove(part)
    assert "You are not signed in" in refusal(sign(root))


def bent(change: Callable[[etree._Element], object]) -> etree._Element:
    """Changed before the provider signs it: what it says itself, not what somebody made of it."""
    root = said().xml()
    assertion = root.find(ASSERTION)
    assert assertion is not None
    change(assertion)
    return sign(root)


def part(name: str, **attributes: str) -> etree._Element:
    return etree.Element(f"{{{SAML}}}{name}", attributes)


def of(assertion: etree._Element, path: str) -> etree._Element:
    found = assertion.find(path, {"saml": SAML})
    assert found is not None
    return found


def again(path: str) -> Callable[[etree._Element], None]:
    """A second one behind the first, that says something else."""

    def change(assertion: etree._Element) -> None:
        first = of(assertion, path)
        second = copy.deepcopy(first)
        for name in second.iter(f"{{{SAML}}}NameID"):
            name.text = "alice-1"
        first.addnext(second)

    return change


def put(path: str, **attributes: str) -> Callable[[etree._Element], None]:
    return lambda assertion: of(assertion, path).attrib.update(attributes)


def take_attribute(path: str, name: str) -> Callable[[etree._Element], object]:
    return lambda assertion: of(assertion, path).attrib.pop(name)


TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
HOLDER = "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"
CONFIRMATION = "saml:Subject/saml:SubjectConfirmation"
DATA = f"{CONFIRMATION}/saml:SubjectConfirmationData"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (again("saml:Subject"), "not built as SAML 2.0"),
        (again("saml:Subject/saml:NameID"), "not built as SAML 2.0"),
        (again("saml:Conditions"), "not built as SAML 2.0"),
        (again("saml:Issuer"), "not built as SAML 2.0"),
        (lambda assertion: assertion.set("Version", "1.1"), "not built as SAML 2.0"),
        (again(CONFIRMATION), "who may present it"),
        (put(CONFIRMATION, Method=HOLDER), "who may present it"),
        (take_attribute(DATA, "InResponseTo"), "does not fit the request"),
        (take_attribute(DATA, "NotOnOrAfter"), "not valid at this time"),
        (take_attribute(DATA, "Recipient"), "its recipient"),
        (put(DATA, NotBefore="2020-01-01T00:00:00Z"), "not valid at this time"),
        (put("saml:Conditions", NotOnOrAfter="tomorrow"), "not valid at this time"),
        (lambda a: of(a, "saml:Conditions").append(part("Condition")), "a condition that Harriet does not know"),
        (again("saml:Conditions/saml:AudienceRestriction"), "its audience"),
        (put("saml:Subject/saml:NameID", Format=TRANSIENT), "another name at each sign-in"),
        (lambda a: etree.SubElement(of(a, "saml:Subject/saml:NameID"), "b"), "who you are"),
    ],
)
def test_signed_answer_that_says_too_much_or_too_little_is_refused(
    change: Callable[[etree._Element], object], why: str
) -> None:
    """Whoever runs a provider may set it up wrongly: what two readers would read differently is read by none."""
    assert why in refusal(bent(change))


def test_answer_that_nobody_asked_for_is_refused() -> None:
    root = said().xml()
    del root.attrib["InResponseTo"]
    assert "does not fit the request" in refusal(sign(root))


def test_use_once_and_pass_on_to_nobody_are_kept() -> None:
    def change(assertion: etree._Element) -> None:
        of(assertion, "saml:Conditions").extend([part("OneTimeUse"), part("ProxyRestriction", Count="0")])

    assert judged(bent(change)) == "dana-1"


def test_groups_that_come_one_by_one_are_put_together() -> None:
    """As Keycloak sends them, unless it is told to send one attribute."""

    def change(assertion: etree._Element) -> None:
        for name in ("b", "c"):
            more = etree.SubElement(of(assertion, "saml:AttributeStatement"), f"{{{SAML}}}Attribute", Name="groups")
            etree.SubElement(more, f"{{{SAML}}}AttributeValue").text = name

    expected = Expected(ISSUER, [signer().certificate], ENTITY, ACS, Names())
    found = asserted(decoded(posted(bent(change))), expected, REQUEST, datetime.now(UTC))
    assert found.claims.groups == ("sales-team", "b", "c")


def test_friendly_name_stands_behind_a_name() -> None:
    def change(assertion: etree._Element) -> None:
        statement = of(assertion, "saml:AttributeStatement")
        other = etree.Element(f"{{{SAML}}}Attribute", Name="urn:nickname", FriendlyName="email")
        etree.SubElement(other, f"{{{SAML}}}AttributeValue").text = "alice@acme.test"
        statement.insert(0, other)

    expected = Expected(ISSUER, [signer().certificate], ENTITY, ACS, Names())
    found = asserted(decoded(posted(bent(change))), expected, REQUEST, datetime.now(UTC))
    assert found.claims.email == "dana@acme.test"


def secret_by_certificate() -> etree._Element:
    """HMAC with the published certificate as the key: whoever reads metadata could sign so."""
    root, _, signature = _parts()
    method = signature.find(f".//{{{DS}}}SignatureMethod")
    assert method is not None
    method.set("Algorithm", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256")
    signed = etree.tostring(signature[0], method="c14n", exclusive=True)
    value = signature.find(f"{{{DS}}}SignatureValue")
    assert value is not None
    value.text = base64.b64encode(hmac.digest(signer().certificate.encode(), signed, "sha256")).decode()
    return root


def key_of_its_own() -> etree._Element:
    """The signature brings a bare key along."""
    root = sign(said().xml(), by=signer("Mallory"))
    info = root.find(f".//{{{DS}}}KeyInfo")
    assert info is not None
    info.clear()
    numbers = signer("Mallory").key.public_key().public_numbers()
    pair = etree.SubElement(etree.SubElement(info, f"{{{DS}}}KeyValue"), f"{{{DS}}}RSAKeyValue")
    for name, number in (("Modulus", numbers.n), ("Exponent", numbers.e)):
        raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
        etree.SubElement(pair, f"{{{DS}}}{name}").text = base64.b64encode(raw).decode()
    return root


def two_references() -> etree._Element:
    root, _, signature = _parts()
    reference = signature.find(f".//{{{DS}}}Reference")
    assert reference is not None
    reference.addnext(copy.deepcopy(reference))
    return root


def two_signatures() -> etree._Element:
    root, assertion, signature = _parts()
    assertion.append(copy.deepcopy(signature))
    return root


def without_a_value() -> etree._Element:
    root, _, signature = _parts()
    value = signature.find(f"{{{DS}}}SignatureValue")
    assert value is not None
    value.text = ""
    return root


def digest_of_sha1() -> etree._Element:
    return sign(said().xml(), digest=DigestAlgorithm.SHA1)


def response_changed() -> etree._Element:
    root = sign(said().xml(), "Response")
    name = root.find(NAME_ID)
    assert name is not None
    name.text = "alice-1"
    return root


def response_by_another() -> etree._Element:
    """The assertion is the provider's; the response around it somebody else's."""
    return sign(sign(said().xml()), "Response", by=signer("Mallory"))


def unsigned_beside_signed_response() -> etree._Element:
    root = sign(said().xml(), "Response")
    assertion = root.find(ASSERTION)
    assert assertion is not None
    assertion.addnext(evil(assertion))
    return root


@pytest.mark.parametrize(
    "build",
    [
        secret_by_certificate,
        key_of_its_own,
        two_references,
        two_signatures,
        without_a_value,
        digest_of_sha1,
        response_changed,
        response_by_another,
        unsigned_beside_signed_response,
    ],
)
def test_signature_that_is_none_is_refused(build: Callable[[], etree._Element]) -> None:
    assert "You are not signed in" in refusal(build())
