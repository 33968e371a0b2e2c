"""A company's directory that speaks SCIM: requests as a program sends them, with the token that Alice made."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from harriet.people.actions.issue_scim_token import issue_scim_token
from harriet.people.models import Membership, Organization, User
from tests.stage.cast import Cast

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


@dataclass
class Said:
    status: int
    json: Any
    headers: Any


@dataclass
class Directory:
    organization: Organization
    token: str
    client: Client = field(default_factory=Client)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Said:
        sent = {} if body is None else {"data": body if isinstance(body, bytes) else json.dumps(body)}
        address = f"/scim/v2/{self.organization.slug}{path}"
        allowed = {"Authorization": f"Bearer {self.token}"} | headers
        made = self.client.generic(method, address, content_type="application/scim+json", headers=allowed, **sent)
        return Said(made.status_code, json.loads(made.content) if made.content else None, made.headers)

    def get(self, path: str, **query: str) -> Said:
        from urllib.parse import urlencode

        return self.ask("GET", path + ("?" + urlencode(query) if query else ""))

    def create(self, user_name: str, **said: Any) -> Any:
        found = self.ask("POST", "/Users", {"schemas": [USER], "userName": user_name, "active": True} | said)
        assert found.status == 201, found.json
        return found.json

    def group(self, name: str, *members: str) -> Any:
        body = {"schemas": [GROUP], "displayName": name, "members": [{"value": member} for member in members]}
        found = self.ask("POST", "/Groups", body)
        assert found.status == 201, found.json
        return found.json

    def patch(self, path: str, *operations: Any) -> Said:
        return self.ask("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)})


def directory(cast: Cast, organization: Organization | None = None, by: User | None = None) -> Directory:
    organization, by = organization or cast.acme, by or cast.alice
    secret = issue_scim_token(organization, "Entra ID", 30, actor=cast.actor(by)).secret
    return Directory(organization, secret.reveal())


def user_id(user: User, organization: Organization) -> str:
    """As the directory knows them."""
    return str(Membership.objects.get(user=user, organization=organization).pk)
