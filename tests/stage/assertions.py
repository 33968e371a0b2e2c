"""An identity provider that vouches for people by assertion (ID-JAG), and a client that brings its assertions."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.utils import timezone

from harriet.lib.ids import new_id
from harriet.people.models import AssertedIdentity, Membership, Organization, User
from harriet.signin.models import TrustedIssuer
from harriet.signin.protocol.id_jag import JWT_BEARER, TYPE
from tests.stage.signing_app import App, resource

OKTA = "https://acme.okta.example"
ALL = "tools.read tools.write tools.dangerous"


@cache
def key(name: str = "first") -> rsa.RSAPrivateKey:
    """Another one for each name."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_keys(*names: str) -> dict[str, Any]:
    algorithm = jwt.algorithms.RSAAlgorithm
    return {
        "keys": [
            {**json.loads(algorithm.to_jwk(key(name).public_key())), "kid": name, "use": "sig", "alg": "RS256"}
            for name in names
        ]
    }


def trusted(organization: Organization, client_id: str, **facts: Any) -> TrustedIssuer:
    usual = {
        "name": "Acme Okta",
        "issuer": OKTA,
        "accepts_id_jag": True,
        "keys": public_keys("first"),
        "client_ids": [client_id],
        "scopes": ALL,
    }
    return TrustedIssuer.objects.create(organization=organization, **usual | facts)


def signed_in_by_sso(user: User, organization: Organization) -> AssertedIdentity:
    return AssertedIdentity.objects.create(
        membership=Membership.objects.get(user=user, organization=organization),
        provider_id=new_id(),
        source="oidc",
        subject=f"sub-{user.email}",
        email=user.email,
        signed_in_at=timezone.now(),
    )


@dataclass
class Bearer:
    """A client with a secret, which registered itself, and the assertions that it gets for Dana."""

    app: App = field(default_factory=App)
    email: str = "dana@acme.test"

    def __post_init__(self) -> None:
        self.app.register(token_endpoint_auth_method="client_secret_post", application_type="web")

    def claims(self, **changed: Any) -> dict[str, Any]:
        """One that is None is left out."""
        now = int(time.time())
        usual = {
            "iss": OKTA,
            "sub": f"sub-{self.email}",
            "email": self.email,
            "aud": f"{settings.BASE_URL}/oauth/acme",
            "client_id": self.app.client_id,
            "resource": resource(),
            "scope": ALL,
            "jti": new_id().hex,
            "iat": now,
            "exp": now + 300,
        }
        return {name: value for name, value in (usual | changed).items() if value is not None}

    def assertion(self, header: dict[str, Any] | None = None, signer: str = "first", **changed: Any) -> str:
        headers = {"typ": TYPE, "kid": signer} | (header or {})
        return jwt.encode(self.claims(**changed), key(signer), algorithm="RS256", headers=headers)

    def bring(self, assertion: str | None = None, **changed: Any) -> Any:
        """The token endpoint's answer."""
        usual = {
            "grant_type": JWT_BEARER,
            "assertion": self.assertion() if assertion is None else assertion,
            "client_secret": self.app.secret,
        }
        return self.app.token(**usual | changed)
