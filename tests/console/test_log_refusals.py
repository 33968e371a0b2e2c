"""A traceback in the log means a fault of ours: what is refused for good reasons is a line."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest
from django.test import Client

from harriet.signin.hide_links import HideLinks
from tests.stage.cast import Cast

FORM = "application/x-www-form-urlencoded"
REFUSED: dict[str, tuple[str, str, dict[str, str], bytes, int]] = {
    "a foreign host": ("GET", "/", {"HTTP_HOST": "evil.example"}, b"", 400),
    "a foreign host at the API": ("GET", "/api/v1/connectors/", {"HTTP_HOST": "evil.example"}, b"", 400),
    "a foreign host at static files": ("GET", "/nothing", {"HTTP_HOST": "a b"}, b"", 400),
    "a form that another site sent": ("POST", "/accounts/login/", {"CONTENT_TYPE": FORM}, b"a=b", 403),
    "a form that is too large": ("POST", "/accounts/login/", {"CONTENT_TYPE": FORM}, b"a=" + b"x" * 3_000_000, 413),
    "a form of too many fields": ("POST", "/accounts/login/", {"CONTENT_TYPE": FORM}, b"a=1&" * 2000, 400),
    "a form that can't be read": ("POST", "/", {"CONTENT_TYPE": "multipart/form-data"}, b"abc", 400),
    "a charset that can't be read": ("POST", "/", {"CONTENT_TYPE": f"{FORM}; charset=rot13"}, b"a=b", 400),
    "another charset": ("POST", "/", {"CONTENT_TYPE": "text/plain; charset=utf-16"}, b"a=b", 400),
    "a NUL": ("GET", "/api/v1/connectors/?kind=%00", {}, b"", 400),
    "a NUL beside a form": ("POST", "/accounts/login/?next=%00", {"CONTENT_TYPE": FORM}, b"a=b", 400),
    "a NUL in a form": ("POST", "/accounts/login/", {"CONTENT_TYPE": FORM}, b"a=%00", 400),
    "a NUL in a cookie": ("GET", "/", {"HTTP_COOKIE": 'session="\\000aaaaaaaaa"'}, b"", 400),
    "a NUL in the path": ("GET", "/%00/", {}, b"", 400),
    "a page that is none": ("GET", "/nothing/at/all", {}, b"", 404),
    "a page that asks to sign in again": ("GET", "/accounts/2fa/totp/activate/", {}, b"", 302),
    "a link that is none": ("GET", "/setup/aaaaaaaaaaaaaaaaaaaaaaaaaaaa/", {}, b"", 404),
    "an API token that is none": ("GET", "/api/v1/connectors/", {"HTTP_AUTHORIZATION": "Bearer hrt_per_x"}, b"", 401),
}


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the server would write: its own handler, with its filters and its form."""
    handler = next(one for one in logging.getLogger().handlers if any(isinstance(f, HideLinks) for f in one.filters))
    assert isinstance(handler, logging.StreamHandler)
    written, before = io.StringIO(), handler.stream
    handler.setStream(written)
    yield written
    handler.setStream(before)


@pytest.mark.django_db
@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_is_one_line(cast: Cast, log: io.StringIO, case: str) -> None:
    method, path, headers, body, status = REFUSED[case]
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    client.force_login(cast.dana)
    answer = client.generic(method, path, body, **headers)  # type: ignore[arg-type]
    lines = log.getvalue().splitlines()
    assert answer.status_code == status, lines
    assert len(lines) <= 1
    assert "Traceback" not in log.getvalue()
    assert "ERROR" not in log.getvalue()


@pytest.mark.django_db
def test_a_page_that_is_looked_for_with_a_nul_finds_nothing(cast: Cast, log: io.StringIO) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(cast.alice)
    for path in ("/settings/people/", "/settings/integrations/", "/settings/audit/", "/tickets/", "/settings/vault/"):
        for query in ("q=%00", "kind=%00&risk=%00", "%00=%00", "page=%00", "cursor=%00", "show=%00", "state=a%00b"):
            assert client.get(f"{path}?{query}").status_code in (200, 404), (path, query)
    assert "ERROR" not in log.getvalue()


@pytest.mark.django_db
def test_who_can_not_sign_in_again_is_one_line(cast: Cast, log: io.StringIO) -> None:
    """Charlie came over the company's sign-in and has no password."""
    cast.charlie.set_unusable_password()
    cast.charlie.save()
    client = Client(raise_request_exception=False)
    client.force_login(cast.charlie)
    assert client.get("/accounts/reauthenticate/").status_code == 403
    assert "Permission denied" in log.getvalue()
    assert len(log.getvalue().splitlines()) == 1


@pytest.mark.django_db
def test_a_fault_of_ours_has_its_traceback(client: Client, cast: Cast, log: io.StringIO) -> None:
    logging.getLogger("django.request").error("x", exc_info=ValueError("ours"), extra={"status_code": 500})
    logging.getLogger("harriet.gateway").exception("y", exc_info=ValueError("ours, too"))
    assert log.getvalue().count("ValueError: ours") == 2


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/api/v1/connectors/"])
def test_the_refusal_says_what_is_wrong(cast: Cast, path: str) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(cast.dana)
    assert "NUL character" in client.post(f"{path}?kind=%00").text
    assert "host name is not one" in client.get(path, HTTP_HOST="evil.example").text.replace("&#x27;", "'")
