"""Dana's browser, for clients that open one: it follows the address that a client shows, and presses Allow."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import httpx2
from django.conf import settings

from tests.stage.signing_app import ticked_in

_CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass
class Browser:
    """Signed in with this session."""

    session: str
    seen: list[str] = field(default_factory=list)
    """The addresses that clients opened."""

    def allow(self, address: str) -> str:
        """Where the client is answered: at once when the person allowed it before, else after they press the button."""
        self.seen.append(address)
        with httpx2.Client(cookies={settings.SESSION_COOKIE_NAME: self.session}, timeout=30) as http:
            page = http.get(address)
            if page.status_code == 200:
                form = {"decision": "allow", "scope": ticked_in(page.text)}
                found = _CSRF.search(page.text)
                assert found, page.text
                page = http.post(address, data={**form, "csrfmiddlewaretoken": found[1]})
        assert page.status_code == 302, page.text
        return str(page.headers["location"])

    def allow_and_follow(self, address: str) -> None:
        """For a client that listens at its redirect itself."""
        answer = httpx2.get(self.allow(address), timeout=30)
        assert answer.status_code < 400, answer.text


def members_of(location: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
