"""A SAML provider by hand: answers as a provider would sign them, to be bent by whoever tests."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.signer import XMLSigner

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
DS = "http://www.w3.org/2000/09/xmldsig#"
ISSUER = "https://idp.acme.test/saml"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"


@dataclass(frozen=True, slots=True)
class Signer:
    key: rsa.RSAPrivateKey
    certificate: str
    """As PEM."""


@cache
def signer(name: str = "Acme", days: int = 30) -> Signer:
    """The same for the same name: making a key takes its time."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=60))
        .not_valid_after(now + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    return Signer(key, made.public_bytes(serialization.Encoding.PEM).decode())


def instant(seconds: float = 0) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Said:
    """What an answer says; each story changes what it is about."""

    acs: str
    audience: str
    request_id: str
    name_id: str = "dana-1"
    email: str = "dana@acme.test"
    groups: tuple[str, ...] = ("sales-team",)
    issuer: str = ISSUER
    destination: str | None = None
    recipient: str | None = None
    status: str = "urn:oasis:names:tc:SAML:2.0:status:Success"
    not_before: float = -10
    not_on_or_after: float = 120
    subject_until: float = 120
    session_until: float = 3600
    assertion_id: str = "_assertion1"
    subject_request_id: str | None = None

    def xml(self) -> etree._Element:
        groups = "".join(f"<saml:AttributeValue>{group}</saml:AttributeValue>" for group in self.groups)
        return etree.fromstring(f"""<samlp:Response xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="_response1"
 Version="2.0" IssueInstant="{instant()}" Destination="{self.destination or self.acs}" InResponseTo="{self.request_id}">
<saml:Issuer>{self.issuer}</saml:Issuer><samlp:Status><samlp:StatusCode Value="{self.status}"/></samlp:Status>
<saml:Assertion ID="{self.assertion_id}" Version="2.0" IssueInstant="{instant()}">
<saml:Issuer>{self.issuer}</saml:Issuer><saml:Subject><saml:NameID>{self.name_id}</saml:NameID>
<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData
 Recipient="{self.recipient or self.acs}" NotOnOrAfter="{instant(self.subject_until)}"
 InResponseTo="{self.subject_request_id or self.request_id}"/></saml:SubjectConfirmation></saml:Subject>
<saml:Conditions NotBefore="{instant(self.not_before)}" NotOnOrAfter="{instant(self.not_on_or_after)}">
<saml:AudienceRestriction><saml:Audience>{self.audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>
<saml:AuthnStatement AuthnInstant="{instant()}" SessionIndex="s1" SessionNotOnOrAfter="{instant(self.session_until)}">
<saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef>
</saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement>
<saml:Attribute Name="email"><saml:AttributeValue>{self.email}</saml:AttributeValue></saml:Attribute>
<saml:Attribute Name="groups">{groups}</saml:Attribute></saml:AttributeStatement></saml:Assertion></samlp:Response>""")


class _Careless(XMLSigner):  # type: ignore[misc]
    """As old providers do: it signs with SHA-1 when it is asked to."""

    def check_deprecated_methods(self) -> None:
        """Nothing is refused."""


def sign(
    root: etree._Element,
    what: str = "Assertion",
    by: Signer | None = None,
    method: SignatureMethod = SignatureMethod.RSA_SHA256,
    digest: DigestAlgorithm = DigestAlgorithm.SHA256,
) -> etree._Element:
    """The document with the first element of this name signed, as a provider does it."""
    with_key = by or signer()
    maker = _Careless(signature_algorithm=method, digest_algorithm=digest, c14n_algorithm=EXCLUSIVE)
    element = root if what == "Response" else root.find(f"{{{SAML}}}{what}")
    assert element is not None
    signed = maker.sign(
        element,
        key=with_key.key,
        cert=with_key.certificate,
        reference_uri=f"#{element.get('ID')}",
        id_attribute="ID",
    )
    _place_signature(signed)
    if element is root:
        return signed
    root.replace(element, signed)
    return etree.fromstring(etree.tostring(root))


def _place_signature(signed: etree._Element) -> None:
    """After the issuer, where the schema has it."""
    signature = signed.find(f"{{{DS}}}Signature")
    issuer = signed.find(f"{{{SAML}}}Issuer")
    assert signature is not None
    assert issuer is not None
    issuer.addnext(signature)


def posted(root: etree._Element | bytes) -> str:
    """As the form field has it."""
    xml = root if isinstance(root, bytes) else etree.tostring(root)
    return base64.b64encode(xml).decode()


def metadata(by: Signer | None = None, sso: str = "https://idp.acme.test/sso", issuer: str = ISSUER) -> str:
    body = "".join((by or signer()).certificate.splitlines()[1:-1])
    return f"""<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{issuer}">
<md:IDPSSODescriptor protocolSupportEnumeration="{SAMLP}"><md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="{DS}">
<ds:X509Data><ds:X509Certificate>{body}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{sso}"/>
</md:IDPSSODescriptor></md:EntityDescriptor>"""
