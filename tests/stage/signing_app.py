"""An AI client that signs in as the RFCs have it, by hand: every parameter is the story's own choice."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from django.conf import settings
from django.test import Client
from django.utils.html import escape

from harriet.people.models import Organization, User
from harriet.signin.models import Application

REDIRECT = "http://127.0.0.1:33418/callback"
VERIFIER = "v" * 43
ISSUER = "/oauth/acme"


def challenge_of(verifier: str = VERIFIER) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def resource(profile: str = "work", organization: str = "acme") -> str:
    return f"{settings.BASE_URL}/mcp/{organization}/{profile}"


@dataclass
class App:
    """A client that registered itself; public unless it says otherwise."""

    client_id: str = ""
    secret: str = ""
    redirect_uri: str = REDIRECT
    issuer: str = ISSUER
    http: Client = field(default_factory=Client)
    """Its own, without a person's cookies."""

    def register(self, **said: Any) -> dict[str, Any]:
        """What registering answers."""
        metadata = {
            "client_name": "Claude Code",
            "redirect_uris": [self.redirect_uri],
            "token_endpoint_auth_method": "none",
            "application_type": "native",
        } | said
        answer = self.http.post(f"{self.issuer}/register", json.dumps(metadata), content_type="application/json")
        assert answer.status_code == 201, answer.content
        found: dict[str, Any] = answer.json()
        self.client_id, self.secret = found["client_id"], found.get("client_secret", "")
        return found

    def asks(self, **changed: Any) -> dict[str, Any]:
        """The parameters of its authorization request; one that is None is left out."""
        usual = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "state": "st4te",
            "code_challenge": challenge_of(),
            "code_challenge_method": "S256",
            "resource": resource(),
        }
        return {name: value for name, value in (usual | changed).items() if value is not None}

    def sent_back(self, person: User | None, decision: str = "allow", **changed: Any) -> dict[str, str]:
        """What comes back to it when the person is asked and answers so; at once when they aren't asked."""
        answer = self.visit(person, decision, **changed)
        assert answer.status_code == 302, answer.content.decode()[:4000]
        return answer_in(answer["Location"])

    def visit(self, person: User | None, decision: str = "allow", **changed: Any) -> Any:
        """The person's browser opens the address, and sends the form as it stands."""
        scopes = changed.pop("ticked", None)
        browser = Client()
        if person is not None:
            browser.force_login(person)
        asked = self.asks(**changed)
        page = browser.get(f"{self.issuer}/authorize", asked)
        if page.status_code != 200 or not decision:
            return page
        query = page.request["QUERY_STRING"]
        form = {"decision": decision, "scope": ticked_in(page.content.decode()) if scopes is None else scopes}
        return browser.post(f"{self.issuer}/authorize?{query}", form)

    def token(self, **form: Any) -> Any:
        """The token endpoint's answer."""
        return self.post("token", {"client_id": self.client_id, **form})

    def post(self, endpoint: str, form: Mapping[str, Any], **headers: str) -> Any:
        """A form to one of the server's endpoints; a parameter that is None is left out."""
        sent = urlencode({name: one for name, one in form.items() if one is not None}, doseq=True)
        address = f"{self.issuer}/{endpoint}"
        return self.http.post(address, sent, content_type="application/x-www-form-urlencoded", headers=headers)

    def exchange(self, given: str, **changed: Any) -> Any:
        """Of a code that came back."""
        usual = {
            "grant_type": "authorization_code",
            "code": given,
            "redirect_uri": self.redirect_uri,
            "code_verifier": VERIFIER,
            "resource": resource(),
        }
        return self.token(**usual | changed)

    def refresh(self, token: str, **changed: Any) -> Any:
        return self.token(**{"grant_type": "refresh_token", "refresh_token": token} | changed)

    def sign_in(self, person: User, **changed: Any) -> dict[str, Any]:
        """From the first question to the tokens."""
        if not self.client_id:
            self.register()
        answer = self.exchange(self.sent_back(person, **changed)["code"])
        assert answer.status_code == 200, answer.content
        found: dict[str, Any] = answer.json()
        return found


def asking_client(organization: Organization) -> str:
    """The query with which a client that registered itself asks for any profile of whoever looks."""
    application = Application.objects.create(
        organization=organization,
        client_id="hrt_c_asking",
        name="Claude Code",
        redirect_uris=REDIRECT,
        client_type=Application.CLIENT_PUBLIC,
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
        client_secret="",
        hash_client_secret=False,
        registration_source=Application.RegistrationSource.DCR,
    )
    return urlencode(App(client_id=application.client_id).asks(resource=None))


def answer_in(location: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def ticked_in(page: str) -> list[str]:
    return re.findall(r'name="scope" value="([a-z.]+)" checked', page)


def says(page: Any, sentence: str) -> bool:
    return escape(sentence) in page.content.decode() or sentence in page.content.decode()
