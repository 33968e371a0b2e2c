"""Filters and pages of SCIM: what the database finds is what the specification says, and nothing is without bounds."""

from __future__ import annotations

from typing import Any

import pytest

from harriet.people.models import Membership
from tests.stage.cast import Cast
from tests.stage.directory import ENTERPRISE, Directory, directory, user_id

pytestmark = pytest.mark.django_db
FILTERS = (
    'userName eq "EVE@acme.test"',
    'userName ne "eve@acme.test"',
    'userName sw "e"',
    'userName co "acme"',
    'userName ew ".TEST"',
    'userName gt "c"',
    'userName le "dana@acme.test"',
    'externalId eq "x1"',
    'externalId eq "X1"',
    "externalId pr",
    "not (externalId pr)",
    'displayName co "stone"',
    'name.familyName eq "Stone"',
    'name.givenName sw "E" and active eq true',
    "active eq false",
    "active eq true or externalId pr",
    'emails eq "eve@acme.test"',
    'emails.value co "work"',
    'emails.value ew "Acme.Test"',
    'emails.value ne "eve@acme.test"',
    'emails[type eq "work"]',
    'emails[type eq "home" and value sw "EVE"]',
    'emails[type eq "work" and not (primary eq true)]',
    'emails[value co "."]',
    "emails pr",
    'groups.display eq "sales"',
    'groups.value eq "{sales}"',
    'groups[display eq "sales"]',
    "groups pr",
    "name pr",
    "title pr",
    f'{ENTERPRISE}:employeeNumber eq "7"',
    f"{ENTERPRISE}:employeeNumber pr",
    'meta.created gt "2020-01-01T00:00:00Z"',
    'meta.lastModified lt "2020-01-01T00:00:00Z"',
    'id eq "{dana}"',
    'id eq "nonsense"',
    'meta.resourceType eq "User"',
    'userName eq "eve@acme.test" or (displayName co "o" and not (active eq false))',
)


@pytest.fixture
def entra(cast: Cast) -> Directory:
    made = directory(cast)
    made.create(
        "eve@acme.test",
        externalId="x1",
        displayName="Eve Stone",
        name={"givenName": "Eve", "familyName": "Stone"},
        emails=[
            {"value": "eve@acme.test", "type": "work", "primary": True},
            {"value": "eve.stone@home.test", "type": "home"},
        ],
        **{ENTERPRISE: {"employeeNumber": "7"}},
    )
    made.create("finn@acme.test", active=False, emails=[{"value": "finn@acme.test", "type": "work"}])
    return made


@pytest.mark.parametrize("text", FILTERS)
def test_the_database_finds_what_the_library_finds(cast: Cast, entra: Directory, text: str) -> None:
    # Imported here: it takes seconds, which every worker would spend.
    from scim2_models import InvalidFilterException, ScimFilter

    from harriet.signin.scim import people
    from harriet.signin.scim.resources import PROVIDER

    model: Any = PROVIDER.model_for("User")
    text = text.replace("{sales}", str(cast.sales.pk)).replace("{dana}", user_id(cast.dana, cast.acme))
    everybody = [people.told(one) for one in people.users_of(cast.acme).prefetch_related("groups")]
    answer = entra.get("/Users", filter=text)
    try:
        wanted = ScimFilter[model](text)
        expected = {one.id for one in everybody if wanted.match(one, strict=True)}
    except InvalidFilterException:
        assert (answer.status, answer.json["scimType"]) == (400, "invalidFilter")
        return
    if answer.status == 400:
        assert answer.json["scimType"] == "invalidFilter" and text.startswith(("groups[", "name pr"))
        return
    assert answer.status == 200, answer.json
    assert {one["id"] for one in answer.json["Resources"]} == expected
    assert answer.json["totalResults"] == len(expected)


@pytest.mark.parametrize(
    "text",
    [
        'userName eq "' + "a" * 3000 + '"',
        "(" * 60 + 'userName eq "a"' + ")" * 60,
        "not (" * 300 + "active eq true" + ")" * 300,
        " or ".join(['userName eq "a"'] * 200),
        'userName eq "unfinished',
        "nothing eq 1",
        "active gt true",
        "; DROP TABLE",
        'emails[type eq "work"',
    ],
)
def test_huge_deep_and_broken_filters_are_refused(entra: Directory, text: str) -> None:
    for answer in (
        entra.get("/Users", filter=text),
        entra.ask(
            "POST",
            "/Users/.search",
            {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": text},
        ),
    ):
        assert (answer.status, answer.json["scimType"]) == (400, "invalidFilter"), answer.json


@pytest.mark.parametrize("text", ['userName eq "\\u0000"', 'userName eq "\x00"', 'userName eq "\\ud800"'])
def test_what_is_no_text_is_refused_or_finds_nobody(entra: Directory, text: str) -> None:
    answer = entra.get("/Users", filter=text)
    assert answer.status == 400 or answer.json["totalResults"] == 0


def test_pages_are_bounded_and_hold_everybody_once(cast: Cast, entra: Directory) -> None:
    everybody = Membership.objects.filter(organization=cast.acme).count()
    found: list[str] = []
    while len(found) < everybody:
        page = entra.get("/Users", startIndex=str(len(found) + 1), count="2").json
        assert page["totalResults"] == everybody and page["itemsPerPage"] == len(page["Resources"]) > 0
        found += [one["id"] for one in page["Resources"]]
    assert len(found) == len(set(found)) == everybody
    assert entra.get("/Users", count="100000").json["itemsPerPage"] == everybody
    assert entra.get("/Users", count="0").json["totalResults"] == everybody
    assert entra.get("/Users", startIndex="99999999999999999999").json.get("Resources", []) == []
    assert entra.get("/Users", startIndex="-5").json["startIndex"] == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"schemas": 5}',
        b'{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": {"a": 1}}',
        b'{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "a\\u0000@acme.test"}',
        b'{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "a\\ud800@acme.test"}',
        b'{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "a@acme.test", "active": "perhaps"}',
        b'{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "a@acme.test", "displayName": "'
        + b"x" * 5000
        + b'"}',
        b'{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "a", "emails": [{"value": "no"}]}',
        b"[" * 100_000,
        b'{"userName":' * 5000,
        b"\xff\xfe",
    ],
)
def test_bodies_that_are_none_are_refused_with_a_sentence(entra: Directory, body: bytes) -> None:
    for method, path in (("POST", "/Users"), ("POST", "/Groups"), ("POST", "/Users/.search")):
        answer = entra.ask(method, path, body)
        assert answer.status in (400, 409) and answer.json["detail"], (path, answer.status, answer.json)
