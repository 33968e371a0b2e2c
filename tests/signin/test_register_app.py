"""Clients register themselves (RFC 7591): they are told all that holds of them, or what is wrong; unused ones go."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harriet.signin.actions import register_client
from harriet.signin.models import Application
from tests.stage.cast import Cast
from tests.stage.signing_app import REDIRECT, App

pytestmark = pytest.mark.django_db


def answered(metadata: Any) -> tuple[int, dict[str, Any]]:
    body = metadata if isinstance(metadata, str) else json.dumps(metadata)
    answer = App().http.post("/oauth/acme/register", body, content_type="application/json")
    return answer.status_code, answer.json()


@pytest.mark.parametrize("method", ["none", "client_secret_post", "client_secret_basic", None])
def test_a_client_is_told_all_that_holds_of_it(acme: Cast, method: str | None) -> None:
    metadata = {
        "client_name": "VS Code",
        "client_uri": "https://code.example",
        "redirect_uris": ["http://127.0.0.1/", "https://vscode.example/redirect"],
        "grant_types": ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
        "response_types": ["code"],
        "token_endpoint_auth_method": method,
        "application_type": "native",
        "software_id": "vscode",
        "software_version": "1.2",
        "contacts": ["it@code.example"],
        "something_else": 7,
    }
    status, said = answered({name: value for name, value in metadata.items() if value})
    assert status == 201 and said["client_id"] and isinstance(said["client_id_issued_at"], int)
    assert said["token_endpoint_auth_method"] == (method or "client_secret_basic")
    assert ("client_secret" in said) == (method != "none") and said.get("client_secret_expires_at", 0) == 0
    same = ("client_name", "client_uri", "redirect_uris", "grant_types", "application_type", "software_id", "contacts")
    assert {name: said[name] for name in same} == {name: metadata[name] for name in same}
    row = Application.objects.get()
    assert row.expires_at is not None and row.software == "vscode 1.2"


def test_a_client_that_is_used_is_kept(acme: Cast) -> None:
    App().sign_in(acme.dana)
    row = Application.objects.get()
    assert row.expires_at is None and row.first_user == acme.dana and row.last_used_at is not None


def test_clients_beyond_the_bound_push_out_the_oldest_unused(acme: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register_client, "MOST_UNUSED", 3)
    App().sign_in(acme.dana)
    ids = [App().register()["client_id"] for _ in range(5)]
    kept = set(Application.objects.filter(expires_at__isnull=False).values_list("client_id", flat=True))
    assert kept == set(ids[-3:]) and Application.objects.count() == 4, "whoever is used stays"


OK = {"client_name": "Claude", "redirect_uris": [REDIRECT]}
WRONG: list[tuple[Any, str]] = [
    ("", "invalid_client_metadata"),
    ("{", "invalid_client_metadata"),
    ("[]", "invalid_client_metadata"),
    ("null", "invalid_client_metadata"),
    ("[" * 10_000, "invalid_client_metadata"),
    ({}, "invalid_redirect_uri"),
    (OK | {"redirect_uris": []}, "invalid_redirect_uri"),
    (OK | {"redirect_uris": None}, "invalid_redirect_uri"),
    (OK | {"redirect_uris": REDIRECT}, "invalid_redirect_uri"),
    (OK | {"redirect_uris": [7]}, "invalid_redirect_uri"),
    (OK | {"redirect_uris": [f"https://x.example/{n}" for n in range(31)]}, "invalid_redirect_uri"),
    (OK | {"token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_metadata"),
    (OK | {"token_endpoint_auth_method": 7}, "invalid_client_metadata"),
    (OK | {"grant_types": ["password"]}, "invalid_client_metadata"),
    (OK | {"grant_types": ["refresh_token"]}, "invalid_client_metadata"),
    (OK | {"grant_types": "authorization_code"}, "invalid_client_metadata"),
    (OK | {"grant_types": [[]]}, "invalid_client_metadata"),
    (OK | {"response_types": ["token"]}, "invalid_client_metadata"),
    (OK | {"application_type": "desktop"}, "invalid_client_metadata"),
    (OK | {"application_type": {"a": 1}}, "invalid_client_metadata"),
    (OK | {"application_type": ["native"]}, "invalid_client_metadata"),
    (OK | {"client_name": ["x"]}, "invalid_client_metadata"),
    (OK | {"client_name": "x" * 201}, "invalid_client_metadata"),
    (OK | {"client_name": "Clau\u200bde"}, "invalid_client_metadata"),
    (OK | {"client_name": "Claude\nAllowed"}, "invalid_client_metadata"),
    (OK | {"client_name": "\ud800"}, "invalid_client_metadata"),
    (OK | {"client_name": "x\x00"}, "invalid_client_metadata"),
    (OK | {"client_uri": "javascript:alert(1)"}, "invalid_client_metadata"),
    (OK | {"client_uri": 7}, "invalid_client_metadata"),
    (OK | {"contacts": "x"}, "invalid_client_metadata"),
]


@pytest.mark.parametrize(("metadata", "code"), WRONG)
def test_what_is_wrong_is_told_with_its_code(acme: Cast, metadata: Any, code: str) -> None:
    status, said = answered(metadata)
    assert (status, said["error"]) == (400, code) and said["error_description"]
    assert not Application.objects.exists()


def test_very_much_metadata_is_refused(acme: Cast) -> None:
    status, said = answered(OK | {"x": "y" * 20_000})
    assert (status, said["error"]) == (413, "invalid_client_metadata")


REDIRECTS = {
    "http://localhost:3000/callback": True,
    "http://127.0.0.1/": True,
    "http://[::1]:9/x": True,
    "https://claude.ai/api/mcp/auth_callback": True,
    "https://x.example/cb?tenant=1": True,
    "cursor://anysphere.cursor-mcp/oauth/callback": True,
    "vscode://vscode.github-authentication/did-authenticate": True,
    "com.example.app:/callback": True,
    "http://x.example/callback": False,
    "http://127.0.0.1.evil.example/": False,
    "http://localhost.evil.example/": False,
    "http://0.0.0.0/": False,
    "https://x.example/callback#f": False,
    "https://x.example/*": False,
    "https://*.x.example/": False,
    "https://u@x.example/": False,
    "https://u:p@x.example/": False,
    "https://x.example/../y": False,
    "https://x.example/a/%2e%2e/y": False,
    "https://x.example/cb?code=1": False,
    "https://x.example/cb?iss=evil": False,
    "https://x.example\\@y": False,
    "https://x.example:99999/": False,
    "https:///callback": False,
    "https:callback": False,
    "javascript:alert(1)": False,
    "JavaScript:alert(1)": False,
    "data:text/html,x": False,
    "vbscript:x": False,
    "file:///etc/passwd": False,
    "blob:https://x.example/1": False,
    "about:blank": False,
    "urn:ietf:wg:oauth:2.0:oob": False,
    "intent://x/": False,
    "ms-msdt:/id": False,
    "search-ms:query=x": False,
    "cursor:": False,
    "cursor://": False,
    "/callback": False,
    "": False,
    "https://x.example/ü": False,
    "https://x.example/ x": False,
    "https://x.example/\n": False,
    "x" * 2000: False,
    "http://[::1": False,
}


@pytest.mark.parametrize("uri", REDIRECTS)
def test_where_a_client_may_be_answered(acme: Cast, uri: str) -> None:
    status, said = answered(OK | {"redirect_uris": [uri]})
    assert (status == 201) is REDIRECTS[uri], said
    assert status == 201 or said["error"] == "invalid_redirect_uri"
