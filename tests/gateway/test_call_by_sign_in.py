"""Calls of a connector that takes company sign-ins: each bears its caller's own token, and whoever has no sign-in that
is good is told to sign in; nothing leaves in its place."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction

from harriet.people.models import Membership
from harriet.signin.actions.forget_subjects import forget_subjects
from tests.servers.exchanging import Exchanging
from tests.stage.cast import Cast
from tests.stage.clients import Client
from tests.stage.company_sign_ins import IN_ONE_STEP, IN_TWO_STEPS, CompanySignIns
from tests.stage.processes import Gateway
from tests.stage.tokens import device_token, shared_key
from tests.stage.waiting import wait_for


@pytest.fixture
def server() -> Iterator[Exchanging]:
    with Exchanging() as running:
        yield running


@pytest.mark.parametrize("steps", [IN_ONE_STEP, IN_TWO_STEPS])
def test_two_people_are_never_mixed_up_and_a_third_is_told(
    committed_cast: Cast, server: Exchanging, gateway: Gateway, steps: str
) -> None:
    cast = committed_cast
    with transaction.atomic():
        company = CompanySignIns(cast, server, steps)
        cast.alice.memberships.get(organization=cast.acme).groups.add(cast.sales)
        tokens = {user: device_token(cast.acme, user) for user in (cast.dana, cast.bob, cast.alice)}
        key = shared_key(cast.acme, [cast.sales], cast.alice)
        for user in (cast.dana, cast.bob):
            company.sign_in(user)
    clients = {user: Client(gateway, token) for user, token in tokens.items()}
    for client in clients.values():
        client.until(200)
    for number in range(10):
        for user in (cast.dana, cast.bob):
            assert not clients[user].call("send_mail", {"text": f"{user.email} {number}"}).result.get("isError")
    assert len(server.calls) == 20 and all(said["text"].startswith(f"{whose} ") for whose, said in server.calls)
    local = clients[cast.alice].call("send_mail", {"text": "hi"})
    assert local.result["isError"] and f"/me/connections/{company.connector.pk}/" in local.text
    assert "Sign in once by your company's sign-in" in local.text
    nobodys = Client(gateway, key).call("send_mail", {"text": "hi"})
    assert nobodys.result["isError"] and "nobody's" in nobodys.text
    company.sign_in(cast.alice)
    assert not clients[cast.alice].call("send_mail", {"text": "alice@acme.test now"}).result.get("isError")
    dana = Membership.objects.get(user=cast.dana, organization=cast.acme)
    forget_subjects([dana], actor=cast.actor(cast.alice))
    wait_for(lambda: clients[cast.dana].call("send_mail", {"text": "dana@acme.test late"}).result.get("isError", False))
    assert all(said["text"].startswith(f"{whose} ") for whose, said in server.calls)
