"""From an answer to the one assertion that the provider has signed: nothing outside the signed part is read as true.

What signature wrapping needs is refused before any signature is looked at: a second assertion anywhere, a signature
that is not a child of what it signs, two parts with one id. Then `signxml` verifies, and the assertion is taken from
what it returns, the bytes that were signed, not from the document.
"""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from harriet.signin.errors import refused
from harriet.signin.saml.names import ASSERTION_NS, ds, saml, samlp

_METHODS = frozenset(
    {
        SignatureMethod.RSA_SHA256,
        SignatureMethod.RSA_SHA384,
        SignatureMethod.RSA_SHA512,
        SignatureMethod.ECDSA_SHA256,
        SignatureMethod.ECDSA_SHA384,
        SignatureMethod.ECDSA_SHA512,
        SignatureMethod.SHA256_RSA_MGF1,
        SignatureMethod.SHA384_RSA_MGF1,
        SignatureMethod.SHA512_RSA_MGF1,
    }
)
_DIGESTS = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})
_TRANSFORMS = frozenset(
    {"http://www.w3.org/2000/09/xmldsig#enveloped-signature", "http://www.w3.org/2001/10/xml-exc-c14n#"}
)
_NOT_SIGNED = "the answer of the identity provider is not signed. Have the provider sign assertions."
_WRAPPED = "the answer of the identity provider is not built as a signed answer is."
_NOT_THEIRS = (
    "the signature of the identity provider’s answer can't be verified with the certificates that were saved, or it "
    "uses SHA-1. If the provider changed its certificate, or the saved one has ended, an owner reads its metadata "
    "again under Settings."
)


def signed_assertion(root: etree._Element, certificates: Iterable[str]) -> etree._Element:
    """The assertion as it was signed. Raises SignInRefused."""
    assertion = _only_assertion(root)
    signatures = list(root.iter(ds("Signature")))
    if not signatures:
        raise refused(_NOT_SIGNED)
    for signature in signatures:
        _check_shape(signature, root, assertion)
    pinned = list(certificates)
    verified = [_verified(root, signature.getparent(), pinned) for signature in signatures]
    return _taken_from(verified)


def _only_assertion(root: etree._Element) -> etree._Element:
    """By their local names: what another namespace calls an assertion is none, and has no business here."""
    if root.tag != samlp("Response"):
        raise refused("what came from the identity provider is no SAML response.")
    named = [one for one in root.iter() if etree.QName(one).localname in ("Assertion", "EncryptedAssertion")]
    if any(etree.QName(one).localname == "EncryptedAssertion" for one in named):
        raise refused("the identity provider encrypts its assertions. Switch that off there: the way is encrypted.")
    if len(named) != 1 or named[0].tag != saml("Assertion") or named[0].getparent() is not root:
        raise refused("the answer of the identity provider has no assertion, or more than one.")
    if sum(1 for one in root.iter() if etree.QName(one).localname == "Response") != 1:
        raise refused(_WRAPPED)
    return named[0]


def _check_shape(signature: etree._Element, root: etree._Element, assertion: etree._Element) -> None:
    """One signature for the response, one for the assertion; each the child of what it signs, and of nothing else."""
    signs = signature.getparent()
    if signs is not root and signs is not assertion:
        raise refused(_WRAPPED)
    if len(signs.findall(ds("Signature"))) != 1 or signature.find(f".//{ds('Object')}") is not None:
        raise refused(_WRAPPED)
    references = signature.findall(f".//{ds('Reference')}")
    if len(references) != 1 or not signs.get("ID") or references[0].get("URI") != f"#{signs.get('ID')}":
        raise refused(_WRAPPED)
    transforms = references[0].findall(f".//{ds('Transform')}")
    if not {one.get("Algorithm") for one in transforms} <= _TRANSFORMS or len(transforms) > 2:
        raise refused(_WRAPPED)


def _verified(root: etree._Element, signs: etree._Element, certificates: list[str]) -> etree._Element:
    """What the signature says is signed, parsed anew from the bytes that were signed."""
    location = "./" if signs is root else f"./{{{ASSERTION_NS}}}Assertion/"
    config = SignatureConfiguration(
        location=location, expect_references=1, signature_methods=_METHODS, digest_algorithms=_DIGESTS
    )
    for certificate in certificates:
        found = _by(root, certificate, config)
        if found is not None and found.tag == signs.tag and found.get("ID") == signs.get("ID"):
            return found
    raise refused(_NOT_THEIRS)


def _by(root: etree._Element, certificate: str, config: SignatureConfiguration) -> etree._Element | None:
    try:
        result = XMLVerifier().verify(root, x509_cert=certificate, expect_config=config, id_attribute="ID")
    except (SignXMLException, ValueError, TypeError, KeyError, AttributeError, etree.LxmlError):
        return None  # whatever is odd about it: not verified
    return result.signed_xml if not isinstance(result, list) else None


def _taken_from(verified: list[etree._Element]) -> etree._Element:
    """Every signature that is there holds; the assertion's own is the nearest."""
    for element in verified:
        if element.tag == saml("Assertion"):
            return element
    found = verified[0].findall(saml("Assertion"))
    if len(found) != 1:
        raise refused(_WRAPPED)
    return found[0]
