"""The request that a browser carries to the provider (HTTP-Redirect binding)."""

from __future__ import annotations

import base64
import secrets
import zlib
from datetime import UTC, datetime
from urllib.parse import urlencode

from lxml import etree

from harriet.signin.saml.names import ASSERTION_NS, POST, PROTOCOL_NS, saml, samlp


def new_request_id() -> str:
    """An xs:ID: it can't begin with a digit."""
    return f"_{secrets.token_hex(20)}"


def request_url(request_id: str, *, sso_url: str, entity_id: str, acs_url: str, is_forced: bool = False) -> str:
    """Where the browser goes. `is_forced`: the provider asks again whom it knows already."""
    root = etree.Element(
        samlp("AuthnRequest"),
        ID=request_id,
        Version="2.0",
        IssueInstant=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        Destination=sso_url,
        AssertionConsumerServiceURL=acs_url,
        ProtocolBinding=POST,
        **({"ForceAuthn": "true"} if is_forced else {}),
        nsmap={"samlp": PROTOCOL_NS, "saml": ASSERTION_NS},
    )
    etree.SubElement(root, saml("Issuer")).text = entity_id
    packed = zlib.compressobj(wbits=-15)
    body = packed.compress(etree.tostring(root)) + packed.flush()
    return sso_url + ("&" if "?" in sso_url else "?") + urlencode({"SAMLRequest": base64.b64encode(body).decode()})
