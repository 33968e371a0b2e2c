"""No cache keeps what Harriet shows: pages, the API, exports, refusals and pages that are not there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client, override_settings

from tests.console.addresses import WITHOUT_THE_SHELL, Likely, by_route
from tests.console.test_walk_every_url import ids_of
from tests.stage.cast import Cast


@pytest.fixture
def alice(cast: Cast) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(cast.alice)
    return client


def test_nothing_that_alice_is_shown_is_stored(cast: Cast, alice: Client) -> None:
    """Each page once, and what is said of whatever is no id of its kind, until one is."""
    seen, shown, likely = 0, {"account_logout"}, Likely()
    for addresses in by_route(ids_of(cast)):
        tries = iter(likely.first(addresses))
        headers: dict[str, str] = {}
        while (address := next(tries, None)) is not None and address.name not in shown:
            answer = alice.get(address.path, headers=headers)
            assert answer["Cache-Control"] == "private, no-store", address.path
            seen += 1
            if answer.status_code == 200:
                assert alice.get(address.path)["Cache-Control"] == "private, no-store", address.path
                shown.add(address.name)
                likely.opened(address)
            elif answer.status_code == 405:
                break
            headers = WITHOUT_THE_SHELL
    assert seen > 100 and len(shown) > 60
    print(f"asked {seen} times, shown {len(shown)} pages")


@pytest.mark.parametrize("path", ["/nowhere/", "/settings/people/", "/api/v1/people/", "/api/v1/tokens/", "/me/"])
def test_refusals_are_not_stored_either(cast: Cast, path: str) -> None:
    dana = Client()
    dana.force_login(cast.dana)
    for client in (dana, Client()):
        assert client.get(path)["Cache-Control"] == "private, no-store"
        assert client.post(path, {"q": "x"}, "application/json")["Cache-Control"] == "private, no-store"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Any]:
    (tmp_path / "style.css").write_text("p {}")
    with override_settings(STATIC_ROOT=str(tmp_path), WHITENOISE_AUTOREFRESH=False):
        yield Client()


def test_static_files_may_be_kept(served: Client) -> None:
    answer = served.get("/static/style.css")
    assert answer.status_code == 200 and "no-store" not in answer["Cache-Control"]
