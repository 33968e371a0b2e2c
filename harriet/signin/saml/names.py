"""The names of SAML 2.0 that are used here, and how elements are found by them."""

from __future__ import annotations

ASSERTION_NS = "urn:oasis:names:tc:SAML:2.0:assertion"
PROTOCOL_NS = "urn:oasis:names:tc:SAML:2.0:protocol"
METADATA_NS = "urn:oasis:names:tc:SAML:2.0:metadata"
DS_NS = "http://www.w3.org/2000/09/xmldsig#"

SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"


def saml(name: str) -> str:
    return f"{{{ASSERTION_NS}}}{name}"


def samlp(name: str) -> str:
    return f"{{{PROTOCOL_NS}}}{name}"


def md(name: str) -> str:
    return f"{{{METADATA_NS}}}{name}"


def ds(name: str) -> str:
    return f"{{{DS_NS}}}{name}"
