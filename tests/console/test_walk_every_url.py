"""Nobody gets in from outside: every address, anonymously and as Charlie with the ids of another organization."""

from __future__ import annotations

from collections import Counter
from itertools import product

import pytest
from django.apps import apps
from django.db.models import Model
from django.test import Client

from audit.models import Event
from harriet.people.models import OrganizationVersion, User
from tests.console.addresses import WITHOUT_THE_SHELL, Address, Values, every_address
from tests.stage.cast import Cast
from tests.stage.company import make_busy_company

PUBLIC = {
    "account_login",
    "account_logout",
    "account_signup",
    "account_inactive",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "account_request_login_code",
    "mfa_authenticate",
    "mfa_login_webauthn",
    "people:setup",
    "people:join",
    "people:join_known",
    "client_document",
    "oauth:profile_document",
    "oauth:metadata",
    "oauth:openid",
    "oauth:openid_within",
    "oauth:within",
    "oauth:authorize",
    "oauth:token",
    "oauth:register",
    "oauth:revoke",
    "oauth:introspect",
    "oauth:device_authorization",
    "oauth:jwks",
    "sso:find",
    "sso:organization",
    "sso:start",
    "sso:callback",
    "sso:acs",
    "sso:done",
    "sso:link",
    "sso:metadata",
    "sso:logout",
    "enrol:enter",
    "enrol:shell",
    "enrol:powershell",
    "live_control_file",
}
"""Pages for people who are not signed in. What they open is proved by a link or a password, and tested there."""

CLOSED = {302, 401, 403, 404, 405}


def ids_of(cast: Cast) -> Values:
    """Every id of acme there is, whatever it is the id of."""
    connector = make_busy_company(cast).connectors[0]
    ids = {str(cast.acme.pk)}
    for model in apps.get_models():
        if "organization" in {field.name for field in model._meta.fields}:
            ids |= {str(row.pk) for row in _some(model, cast)}
    ids |= {str(user.pk) for user in (cast.alice, cast.dana)}
    pair = [str(connector.pk), str(connector.tools.first().pk)]
    return {
        "UUIDConverter": [*pair, *sorted(ids - {*pair})],
        "IntConverter": ["1", "2"],
        "SlugConverter": ["work", "acme"],
    }


def _some(model: type[Model], cast: Cast) -> list[Model]:
    """One of each kind is as good as a hundred."""
    return list(model._default_manager.filter(organization=cast.acme.pk)[:1])


def state_of(cast: Cast) -> tuple[int, int]:
    """Moves with every change to acme."""
    version = OrganizationVersion.objects.get(organization=cast.acme).number
    return version, Event.objects.filter(organization_id=cast.acme.pk).count()


def answers(client: Client, addresses: list[Address]) -> tuple[Counter[int], list[str]]:
    """How often each status came, and the addresses that were open. A method that a route doesn't have is asked for
    once: it has it for no id. The whole page that says no is asked for once, too, and then only what it says."""
    counted: Counter[int] = Counter()
    opened, said = [], dict[tuple[str, str], int]()
    for address, method in product(addresses, ("get", "post")):
        before = said.get((address.route, method))
        headers = {} if before is None else WITHOUT_THE_SHELL
        status = 405 if before == 405 else getattr(client, method)(address.path, headers=headers).status_code
        said[address.route, method] = status
        counted[status] += 1
        if status not in CLOSED:
            opened.append(f"{method} {address.path} ({address.name}): {status}")
    return counted, opened


@pytest.mark.django_db
def test_anonymous_gets_nowhere(cast: Cast, client: Client) -> None:
    values = ids_of(cast)
    first = {kind: found[:1] for kind, found in values.items()}
    addresses = [address for address in every_address(first) if address.name not in PUBLIC]
    before = state_of(cast)
    counted, opened = answers(client, addresses)
    assert not opened
    assert state_of(cast) == before
    assert sum(counted.values()) == 2 * len(addresses) > 150, counted
    print(f"anonymous: {dict(counted)}")


@pytest.mark.django_db
def test_outsider_gets_nowhere(cast: Cast, client: Client) -> None:
    addresses = [address for address in every_address(ids_of(cast)) if address.has_ids and address.name not in PUBLIC]
    client.force_login(User.objects.get(pk=cast.charlie.pk))
    before = state_of(cast)
    counted, opened = answers(client, addresses)
    assert not opened, opened[:20]
    assert state_of(cast) == before
    assert sum(counted.values()) == 2 * len(addresses) > 500, counted
    print(f"Charlie: {dict(counted)}")
