"""A platform that vouches for workloads, and a workload of it that is an agent of Acme."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import jwt
from django.conf import settings
from django.test import Client

from connectors.models import Profile
from harriet.lib.ids import new_id
from harriet.people.actions.create_agent import create_agent
from harriet.people.models import Agent
from harriet.signin.actions.bind_workload import bind_workload
from harriet.signin.models import TrustedIssuer, WorkloadIdentity
from harriet.signin.protocol.id_jag import JWT_BEARER
from tests.stage.assertions import ALL, key, public_keys
from tests.stage.cast import Cast

CLUSTER = "https://cluster.acme.example"
SUBJECT = "system:serviceaccount:reports:nightly"


def trusted_platform(cast: Cast, **facts: Any) -> TrustedIssuer:
    usual = {"name": "Cluster", "issuer": CLUSTER, "accepts_workloads": True, "keys": public_keys("first")}
    return TrustedIssuer.objects.create(organization=cast.acme, **usual | {"scopes": ALL} | facts)


@dataclass
class Workload:
    """Bob answers for its agent, which is of Sales."""

    cast: Cast
    agent: Agent
    identity: WorkloadIdentity
    url: str = "/oauth/acme/token"

    def claims(self, **changed: Any) -> dict[str, Any]:
        """One that is None is left out."""
        now = int(time.time())
        usual = {
            "iss": CLUSTER,
            "sub": SUBJECT,
            "aud": [f"{settings.BASE_URL}/oauth/acme/token"],
            "jti": new_id().hex,
            "iat": now,
            "exp": now + 300,
        }
        return {name: value for name, value in (usual | changed).items() if value is not None}

    def token(self, header: dict[str, Any] | None = None, signer: str = "first", **changed: Any) -> str:
        headers = {"typ": "JWT", "kid": signer} | (header or {})
        return jwt.encode(self.claims(**changed), key(signer), algorithm="RS256", headers=headers)

    def bring(self, assertion: str | None = None, *, headers: dict[str, str] | None = None, **changed: Any) -> Any:
        """The token endpoint's answer."""
        form = {"grant_type": JWT_BEARER, "assertion": self.token() if assertion is None else assertion} | changed
        kind = "application/x-www-form-urlencoded"
        return Client().post(self.url, urlencode(form, doseq=True), content_type=kind, headers=headers)


def workload(cast: Cast, profile: Profile, issuer: TrustedIssuer | None = None) -> Workload:
    alice = cast.actor(cast.alice)
    agent = create_agent(cast.acme, "Nightly report", "", cast.bob, [cast.sales], actor=alice)
    issuer = issuer or trusted_platform(cast)
    return Workload(cast, agent, bind_workload(agent, issuer, SUBJECT, profile, actor=alice))
