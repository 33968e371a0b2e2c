"""An identity provider that exchanges what it said of people, an authorization server that takes its assertions, and an
MCP server that logs whose token each call bore, in one thread. Each parameter is looked at, and any other refused."""

from __future__ import annotations

import base64
import json
import secrets
import time
from typing import Any
from urllib.parse import parse_qs

import jwt

from tests.servers.authorization_server import Answer, Asked, AuthorizationServer, Reply
from tests.servers.moody import Server

SSO, REGISTERED = ("harriet-sso", "secret-of-sign-ins"), ("harriet-at-crm", "secret-of-the-registration")
"""Client ids and secrets: of Harriet where people sign in, and where the server's tokens are given."""
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TYPES = "urn:ietf:params:oauth:token-type:"
KEY = "a key that only the identity provider and the authorization server of this story know"


class Exchanging(AuthorizationServer):
    def __init__(self) -> None:
        super().__init__()
        self.idp = f"{self.origin}/idp"
        self.sign_ins: dict[str, str] = {}
        """Subjects by the ID token that says who they are."""
        self.given: dict[str, str] = {}
        """Subjects by the access token that they were given."""
        self.calls: list[tuple[str, Any]] = []
        """Whose each call was, and its arguments."""
        self.more: dict[str, Any] = {}
        """What answers say otherwise; None leaves out."""
        self.assertion_more: dict[str, Any] = {}
        self.header_more: dict[str, Any] = {}
        self.renewals: dict[str, str] = {}
        """Subjects by the refresh token that renews their sign-in, once."""
        self.word_more: dict[str, Any] = {}
        """Claims of renewed ID tokens; None leaves out."""
        self.renewal_more: dict[str, Any] = {}
        self.mood: dict[str, Reply] = {}
        """Replies by path, in the place of its own."""
        self.publish(grant_types_supported=[EXCHANGE, JWT_BEARER])
        self.pages |= {"/token": self._judged(self._token), "/idp/token": self._judged(self._of_provider)}
        self.pages |= {"/revoke": self._judged(self._revoked), "/idp/revoke": self._judged(self._revoked)}
        self._inside = Server()
        self.pages["/mcp"] = self._mcp

    def __exit__(self, *problem: object) -> None:
        super().__exit__(*problem)
        self._inside.stop()

    def sign_in(self, subject: str) -> str:
        now = int(time.time())
        claims = {"iss": self.idp, "aud": SSO[0], "sub": subject, "jti": secrets.token_hex(8)}
        said = claims | {"iat": now, "exp": now + 3600} | self.word_more
        token = jwt.encode(_without_none(said), KEY, algorithm="HS256")
        self.sign_ins[token] = subject
        return token

    def renewable(self, subject: str) -> str:
        token = secrets.token_urlsafe(16)
        self.renewals[token] = subject
        return token

    def tokens_at(self, path: str) -> list[str]:
        """That were taken back there."""
        return [asked.fields["token"] for asked in self.at(path)]

    def _judged(self, answer: Answer) -> Answer:
        def judge(asked: Asked) -> Reply:
            doubled = [name for name, values in parse_qs(asked.body.decode()).items() if len(values) > 1]
            if asked.method != "POST" or doubled:
                return Reply(400, {"error": "invalid_request"})
            return self.mood.get(asked.path) or answer(asked)

        return judge

    def _exchange_problem(self, asked: Asked, wanted: str, client: tuple[str, str], allowed: dict[str, str]) -> str:
        fields, pair = asked.fields, base64.b64encode(":".join(client).encode()).decode()
        if asked.headers.get("authorization") != f"Basic {pair}":
            return "invalid_client"
        if fields.get("grant_type") != EXCHANGE:
            return "unsupported_grant_type"
        asked_for = (fields.pop("subject_token_type", ""), fields.pop("requested_token_type", ""))
        if asked_for != (f"{TYPES}id_token", f"{TYPES}{wanted}") or fields.get("subject_token") not in self.sign_ins:
            return "invalid_request"
        rest = {name: one for name, one in fields.items() if name not in {"grant_type", "subject_token", "scope"}}
        return "" if rest == allowed else "invalid_target"

    def _token(self, asked: Asked) -> Reply:
        if asked.fields.get("grant_type") == JWT_BEARER:
            return self._taken(asked)
        subject = self.sign_ins.get(asked.fields.get("subject_token", ""), "")
        problem = self._exchange_problem(asked, "access_token", REGISTERED, {"resource": self.url})
        return Reply(400, {"error": problem}) if problem else self._gives(subject, "access_token")

    def _of_provider(self, asked: Asked) -> Reply:
        return self._renewed(asked) if asked.fields.get("grant_type") == "refresh_token" else self._assertion(asked)

    def _renewed(self, asked: Asked) -> Reply:
        """Strict: each refresh token is good once."""
        pair = base64.b64encode(":".join(SSO).encode()).decode()
        if asked.headers.get("authorization") != f"Basic {pair}":
            return Reply(401, {"error": "invalid_client"})
        if set(asked.fields) != {"grant_type", "refresh_token"}:
            return Reply(400, {"error": "invalid_request"})
        subject = self.renewals.pop(asked.fields["refresh_token"], None)
        if subject is None:
            return Reply(400, {"error": "invalid_grant"})
        said = {"access_token": "of-no-use-here", "token_type": "Bearer", "expires_in": 3600}
        said |= {"refresh_token": self.renewable(subject), "id_token": self.sign_in(subject)}
        return Reply(body=_without_none(said | self.renewal_more))

    def _revoked(self, asked: Asked) -> Reply:
        return Reply(body={}) if asked.fields.get("token") else Reply(400, {"error": "invalid_request"})

    def _assertion(self, asked: Asked) -> Reply:
        subject = self.sign_ins.get(asked.fields.get("subject_token", ""), "")
        to = {"resource": self.url, "audience": self.issuer}
        problem = self._exchange_problem(asked, "id-jag", SSO, to)
        if problem:
            return Reply(400, {"error": problem})
        now = int(time.time())
        claims = {"iss": self.idp, "sub": subject, "aud": self.issuer, "client_id": REGISTERED[0]}
        times = {"jti": secrets.token_hex(8), "iat": now, "exp": now + 300, "resource": self.url}
        header = {"typ": "oauth-id-jag+jwt"} | self.header_more
        text = jwt.encode(claims | times | self.assertion_more, KEY, algorithm="HS256", headers=header)
        said = {"access_token": text, "issued_token_type": f"{TYPES}id-jag", "token_type": "N_A", "expires_in": 300}
        return Reply(body=_without_none(said | self.more.pop("assertion", {})))

    def _taken(self, asked: Asked) -> Reply:
        pair = base64.b64encode(":".join(REGISTERED).encode()).decode()
        if asked.headers.get("authorization") != f"Basic {pair}":
            return Reply(401, {"error": "invalid_client"})
        if set(asked.fields) != {"grant_type", "assertion"}:
            return Reply(400, {"error": "invalid_request"})
        try:
            said = jwt.decode(asked.fields["assertion"], KEY, algorithms=["HS256"], audience=self.issuer)
        except jwt.PyJWTError:
            return Reply(400, {"error": "invalid_grant"})
        return self._gives(said["sub"], "")

    def _gives(self, subject: str, kind: str) -> Reply:
        token = f"{subject}-{secrets.token_hex(8)}"
        self.given[token] = subject
        said: dict[str, Any] = {"access_token": token, "token_type": "Bearer", "expires_in": 3600}
        said["issued_token_type"] = f"{TYPES}{kind}" if kind else None
        return Reply(body=_without_none(said | self.more))

    def _mcp(self, asked: Asked) -> Reply:
        subject = self.given.get(asked.headers.get("authorization", "").removeprefix("Bearer "))
        if subject is None:
            return Reply(401, {"error": "invalid_token"}, {"WWW-Authenticate": "Bearer"})
        message = json.loads(asked.body)
        if message.get("method") == "tools/call":
            self.calls.append((subject, message["params"].get("arguments")))
        said = {"jsonrpc": "2.0", "id": message["id"], **self._inside.answer(message)} if "id" in message else {}
        return Reply(body=said) if said else Reply(202, "")


def _without_none(said: dict[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in said.items() if one is not None}
