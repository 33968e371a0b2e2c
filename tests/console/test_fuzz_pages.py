"""No request, however odd, ends in a 500: every page and route, as nobody, as a member and as the owner.

The dice always fall the same way. What is found here is mended where the kind is refused once, such as
harriet/pages/well_formed.py, and not in the page where it showed.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from django.test import Client

from harriet.people.models import User
from tests.console.addresses import Address, Values, every_address
from tests.console.hostile import JSON_BODIES, RAW_QUERIES, TEXTS, VALUES, json_names, query_names, written
from tests.console.test_walk_every_url import ids_of
from tests.stage.cast import Cast

LEAVES = {"account_logout", "admin:logout"}
"""Would end the walk."""


@pytest.fixture(scope="module")
def cast(shared_cast: Cast) -> Cast:
    """Each request has its own transactions, as for real."""
    return shared_cast


@pytest.fixture(scope="module")
def addresses(cast: Cast) -> list[Address]:
    """With ids that are there, and in their place what is none."""
    known = {kind: found[:1] for kind, found in ids_of(cast).items()}
    odd: Values = {
        "UUIDConverter": ["00000000-0000-0000-0000-000000000000"],
        "IntConverter": ["0", "9" * 30],
        "SlugConverter": ["x" * 300],
        "StringConverter": ["%00", "x" * 3000, "%F0%9F%98%80"],
        "PathConverter": ["%00", "a/../b"],
    }
    plain = [address for address in every_address(known) if address.name not in LEAVES]
    found = [*plain, *(address for address in every_address(odd) if address.has_ids)]
    assert len(found) > 200
    return found


def visitor(user: User | None) -> Client:
    client = Client(raise_request_exception=False)
    if user is not None:
        client.force_login(User.objects.get(pk=user.pk))
    return client


@pytest.fixture(params=["nobody", "Dana", "Alice"])
def who(request: pytest.FixtureRequest, cast: Cast) -> tuple[str, User | None]:
    return request.param, {"nobody": None, "Dana": cast.dana, "Alice": cast.alice}[request.param]


class Seen:
    """Counts, and keeps what must not happen."""

    def __init__(self) -> None:
        self.count = 0
        self.broken: list[str] = []

    def note(self, status: int, what: str) -> None:
        self.count += 1
        if status >= 500:
            self.broken.append(f"{status} {what}"[:300])

    def check(self, least: int) -> None:
        assert not self.broken, "\n".join([f"{len(self.broken)} of {self.count}", *self.broken[:40]])
        assert self.count >= least


def queries(dice: random.Random, names: list[str]) -> Iterator[str]:
    """Everything with one value, then each with its own."""
    yield urlencode(dict.fromkeys(names, "\x00"))
    yield urlencode({name: dice.choice(TEXTS[2:]) for name in names})
    yield dice.choice(RAW_QUERIES)


def test_every_page_answers_any_query(who: tuple[str, User | None], addresses: list[Address]) -> None:
    dice, seen, names, client = random.Random(11), Seen(), query_names(), visitor(who[1])
    for address in addresses:
        for query in queries(dice, names):
            seen.note(client.get(f"{address.path}?{query}").status_code, f"{who[0]} GET {address.path}?{query}")
    seen.check(600)


def test_every_filter_of_every_list_takes_any_value(cast: Cast) -> None:
    """One filter at a time: beside others it might not be read."""
    seen, client = Seen(), visitor(cast.alice)
    lists = [address for address in every_address({}) if not address.has_ids and address.name not in LEAVES]
    names = ["q", "kind", "risk", "show", "page", "cursor", "person", "connector", "tool", "code", "since", "until"]
    for turn, address in enumerate(lists):
        for step, name in enumerate(names):
            value = TEXTS[(turn + 3 * step) % len(TEXTS)]
            seen.note(client.get(address.path, {name: value}).status_code, f"GET {address.path}?{name}={value!r}")
    seen.check(600)


def test_every_form_takes_anything(who: tuple[str, User | None], addresses: list[Address]) -> None:
    dice, seen, names = random.Random(12), Seen(), query_names()
    client = visitor(who[1])
    for address in addresses:
        for values in (dict.fromkeys(names, "\x00"), {name: dice.choice(TEXTS[2:]) for name in names}):
            seen.note(client.post(address.path, values).status_code, f"{who[0]} POST {address.path} {values}")
        if who[1] is not None and "_auth_user_id" not in client.session:
            client = visitor(who[1])  # one of the forms signed out
    seen.check(400)


def test_every_route_of_the_api_takes_any_json(who: tuple[str, User | None], addresses: list[Address]) -> None:
    dice, seen, names, client = random.Random(13), Seen(), json_names(), visitor(who[1])
    for address in (one for one in addresses if one.path.startswith("/api/")):
        bodies = [*JSON_BODIES, *(written({name: dice.choice(VALUES) for name in names}) for _ in range(3))]
        for number, body in enumerate(bodies):
            method = ("post", "patch", "put", "delete")[number % 2 if number % 5 else dice.randrange(4)]
            answer = getattr(client, method)(address.path, data=body, content_type="application/json")
            seen.note(answer.status_code, f"{who[0]} {method} {address.path} {body[:200]!r}")
    seen.check(200)


def test_every_page_answers_any_method(who: tuple[str, User | None], addresses: list[Address]) -> None:
    seen, client = Seen(), visitor(who[1])
    for address in addresses:
        for method in ("OPTIONS", "HEAD", "TRACE", "PROPFIND"):
            seen.note(client.generic(method, address.path).status_code, f"{who[0]} {method} {address.path}")
    seen.check(800)


def test_every_header_takes_anything(who: tuple[str, User | None]) -> None:
    seen, client = Seen(), visitor(who[1])
    odd = {
        "HTTP_HOST": ("evil.example", "[::1", "a b", "", "127.0.0.1:99999999", "x" * 3000, "localhost:abc", "é"),
        "HTTP_COOKIE": ('session="\\000aaaaaaaa"', "session=\xff", "=;=;;", "csrf=\x01; messages=x", "a=" + "x" * 9000),
        "HTTP_AUTHORIZATION": ("Bearer", "Bearer hrt_per_\xff", "Basic !!", "Token \t", "Bearer " + "x" * 9000, "\xff"),
        "HTTP_ACCEPT": ("\xff", "application/json;q=x", ";;;", "x/y;" * 500, "*"),
        "HTTP_ACCEPT_LANGUAGE": ("x" * 9000, "-" * 500, "\xff", "en;q=NaN"),
        "HTTP_REFERER": ("http://[::1", "\xff", "//", "javascript:"),
        "HTTP_ORIGIN": ("http://[::1", "null", "\xff", "//"),
        "HTTP_IF_MODIFIED_SINCE": ("0", "\xff", "Thu, 00 Xxx 0000 00:00:00 GMT"),
        "HTTP_X_FORWARDED_FOR": ("\xff", ",,,", "999.999.999.999", "x" * 9000),
        "HTTP_X_HTTP_METHOD_OVERRIDE": ("DELETE", "\xff"),
        "CONTENT_TYPE": (
            *("application/json; charset=rot13", "multipart/form-data; boundary=\xff", "multipart/form-data"),
            *(
                "application/x-www-form-urlencoded; charset=utf-7",
                "text/plain; charset=undefined",
                "\xff",
                ";;=",
                "a/b/c",
            ),
            *("multipart/form-data; boundary=x; charset=raw_unicode_escape", "application/json; charset=utf-16"),
        ),
        "CONTENT_LENGTH": ("-1", "x", "9" * 40, ""),
    }
    paths = (
        "/",
        "/accounts/login/",
        "/settings/integrations/",
        "/api/v1/connectors/",
        "/api/v1/tokens/",
        "/static/x.css",
    )
    for path in (*paths, "/nothing", "/settings/r/1/1/", "/settings/jsi18n/", "/settings/autocomplete/", "/\x00"):
        for header, values in odd.items():
            for value in values:
                more = {header: value}
                seen.note(client.get(path, **more).status_code, f"{who[0]} GET {path} {more}")  # type: ignore[arg-type]
                if header.startswith("CONTENT"):
                    answer = client.generic("POST", path, b'{"a": "b"}&q=%00', **more)  # type: ignore[arg-type]
                    seen.note(answer.status_code, f"{who[0]} POST {path} {more}")
    seen.check(500)
