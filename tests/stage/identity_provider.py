"""An identity provider that speaks OpenID Connect and SAML (nanoidp), and a browser that signs in at it."""

from __future__ import annotations

import html
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
import yaml
from django.test import Client

from tests.stage.processes import Process

PASSWORD = "at the provider"
CLIENT, SECRET = "harriet", "a-secret-of-26-characters"
_SETTINGS = {
    "config_version": 1,
    "server": {"host": "127.0.0.1"},
    "oauth": {
        "issuer": "http://127.0.0.1",
        "issuer_from_request": True,
        "clients": [{"client_id": CLIENT, "client_secret": SECRET}],
    },
    "saml": {"export_groups": True, "groups_attr_name": "groups"},
}


def _user(email: str, *groups: str) -> dict[str, Any]:
    return {"password": PASSWORD, "email": email, "roles": ["USER"], "groups": list(groups)}


_USERS = {
    "dana-1": _user("dana@acme.test", "sales-team"),
    "alice-1": _user("alice@acme.test", "it"),
    "erin-1": _user("erin@acme.test", "sales-team", "approvers"),
    "mallory-1": _user("dana@acme.test"),
    "victor-1": _user("victor@elsewhere.test"),
    "charlie-1": _user("charlie@globex.test"),
}
"""By their lasting names there. Mallory's address is Dana's; Victor's domain is nobody's; Charlie's is Globex's."""


@contextmanager
def identity_provider(folder: Path) -> Iterator[str]:
    """Gives its address, which is its issuer."""
    folder.mkdir(exist_ok=True)
    settings = _SETTINGS | {"jwt": {"keys_dir": str(folder / "keys")}}
    (folder / "settings.yaml").write_text(yaml.safe_dump(settings))
    (folder / "users.yaml").write_text(yaml.safe_dump({"config_version": 1, "users": _USERS}))
    command = [sys.executable, "-m", "nanoidp", "--config", str(folder), "--port", "{port}"]
    process = Process(command, ready="/health", log=folder / "provider.log")
    try:
        process.wait()
        yield process.url
    finally:
        process.stop()


def go(url: str, username: str) -> requests.Response:
    """What the provider answers once somebody has signed in there: a way back to Harriet."""
    browser = requests.Session()
    shown = browser.get(url, allow_redirects=False, timeout=30)
    form = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', shown.text))
    fields = {name: html.unescape(value) for name, value in form.items()}
    action = re.search(r'<form[^>]*action="([^"]*)"', shown.text)
    to = html.unescape(action.group(1)) if action and action.group(1) else url
    if to.startswith("/"):
        parts = urlsplit(url)
        to = f"{parts.scheme}://{parts.netloc}{to}"
    sent = fields | {"username": username, "password": PASSWORD}
    return browser.post(to, data=sent, allow_redirects=False, timeout=30)


def come_back(client: Client, answer: requests.Response) -> Any:
    """Harriet's last answer, after the browser brought the provider's."""
    if answer.is_redirect:
        parts = urlsplit(answer.headers["Location"])
        return client.get(f"{parts.path}?{parts.query}", follow=True)
    response = re.search(r'name="SAMLResponse" value="([^"]+)"', answer.text)
    action = re.search(r'action="([^"]+)"', answer.text)
    assert response is not None, answer.text[:500]
    assert action is not None
    return client.post(urlsplit(action.group(1)).path, {"SAMLResponse": html.unescape(response.group(1))}, follow=True)


def sign_in_through(client: Client, start: str, username: str) -> Any:
    """The whole way: to the provider from an address of Harriet's, and back."""
    there = client.get(start)
    assert there.status_code == 302, there.content.decode()
    return come_back(client, go(there["Location"], username))
