"""What a SAML provider says of itself, and what we say of ourselves to it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from harriet.people.errors import PeopleError
from harriet.signin.errors import SignInRefused
from harriet.signin.saml.document import read_document
from harriet.signin.saml.names import DS_NS, METADATA_NS, POST, PROTOCOL_NS, REDIRECT, ds, md

MOST_CERTIFICATES = 5


@dataclass(frozen=True, slots=True)
class ProviderMetadata:
    entity_id: str
    sso_url: str
    """Where requests go (HTTP-Redirect)."""
    certificates: Sequence[str]
    """As PEM: those that sign."""


def read_metadata(xml: bytes) -> ProviderMetadata:
    """Raises PeopleError, beside the field `metadata`."""
    try:
        root = read_document(xml)
    except SignInRefused:
        raise _problem("This is no SAML metadata: it has to be one XML document without a document type.") from None
    entity = root if root.tag == md("EntityDescriptor") else root.find(md("EntityDescriptor"))
    role = entity.find(md("IDPSSODescriptor")) if entity is not None else None
    if entity is None or role is None or not entity.get("entityID"):
        raise _problem("This metadata describes no identity provider (there is no IDPSSODescriptor in it).")
    return ProviderMetadata(str(entity.get("entityID"))[:500], _sso_url(role), _certificates(role))


def _sso_url(role: etree._Element) -> str:
    for service in role.findall(md("SingleSignOnService")):
        location = str(service.get("Location") or "")
        if service.get("Binding") == REDIRECT and location.startswith(("https://", "http://")):
            return location[:2000]
    raise _problem("This provider has no address for requests by redirect (SingleSignOnService, HTTP-Redirect).")


def _certificates(role: etree._Element) -> list[str]:
    found: list[str] = []
    for descriptor in role.findall(md("KeyDescriptor")):
        if descriptor.get("use") in (None, "signing"):
            found += [_pem(one.text or "") for one in descriptor.iter(ds("X509Certificate"))]
    if not found:
        raise _problem("This metadata has no certificate for signatures, so no answer could be verified.")
    return list(dict.fromkeys(found))[:MOST_CERTIFICATES]


def _pem(text: str) -> str:
    try:
        certificate = x509.load_der_x509_certificate(base64.b64decode("".join(text.split()), validate=True))
    except ValueError:
        raise _problem("A certificate in this metadata can't be read.") from None
    return certificate.public_bytes(Encoding.PEM).decode()


def expires_at(pem: str) -> datetime:
    return x509.load_pem_x509_certificate(pem.encode()).not_valid_after_utc


def _problem(words: str) -> PeopleError:
    return PeopleError(words, field="metadata")


def our_metadata(entity_id: str, acs_url: str) -> bytes:
    """For the provider to read: signed assertions to our one address, requests unsigned."""
    root = etree.Element(md("EntityDescriptor"), entityID=entity_id, nsmap={"md": METADATA_NS, "ds": DS_NS})
    role = etree.SubElement(
        root,
        md("SPSSODescriptor"),
        AuthnRequestsSigned="false",
        WantAssertionsSigned="true",
        protocolSupportEnumeration=PROTOCOL_NS,
    )
    etree.SubElement(role, md("AssertionConsumerService"), Binding=POST, Location=acs_url, index="0", isDefault="true")
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))
