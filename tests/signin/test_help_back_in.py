"""Dana forgot her password and lost her phone: Alice helps her back in, without mail, and nobody gains by it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db.models import F
from django.test import Client
from django.urls import reverse

from approvals.deciders import approvers_of
from audit.models import Event
from harriet.people.errors import NotAllowed
from harriet.people.models import Membership, Notice, RecoveryLink, User
from harriet.people.roles import Role
from harriet.signin.actions.make_recovery_link import LASTS, make_recovery_link
from harriet.signin.actions.reset_factors import reset_factors
from tests.stage.cast import Cast, person
from tests.stage.held_calls import hold, make_mailing

pytestmark = pytest.mark.django_db
NEW = "a new path through the reeds"


def membership(user: User) -> Membership:
    return Membership.objects.select_related("organization", "user").get(user=user)


def link_made(client: Client, user: User) -> str:
    """As the page shows it once."""
    answer = client.post(reverse("people:recovery_link", args=[membership(user).pk]), {"confirmation": user.email})
    assert answer.status_code == 200 and "no-store" in answer["Cache-Control"]
    found = re.search(r"/recover/[^/<\s]+/", answer.content.decode())
    assert found
    return found[0]


def test_dana_sets_a_new_password_with_alices_link(client: Client, cast: Cast) -> None:
    client.force_login(cast.alice)
    page = client.get(reverse("people:recover", args=[membership(cast.dana).pk])).content.decode()
    assert "counts as not proved" in page and "sends no mail" in page
    path = link_made(client, cast.dana)
    dana, elsewhere = Client(), Client()
    elsewhere.force_login(cast.dana)
    assert "dana@acme.test" in dana.get(path).content.decode()
    assert dana.post(path, {"password": "short"}).status_code == 400
    assert dana.post(path, {"password": NEW})["Location"] == reverse("account_login")
    assert dana.get(path).status_code == 404, "once"
    assert elsewhere.get(reverse("me:home")).status_code == 302, "signed out everywhere"
    assert dana.post(reverse("account_login"), {"login": cast.dana.email, "password": NEW}).status_code == 302
    cast.dana.refresh_from_db()
    assert not cast.dana.is_proven and cast.dana.vouched_by == cast.alice
    texts = " ".join(Notice.objects.filter(kind="sign_in", user=cast.dana).values_list("text", flat=True))
    assert "made a link with which dana@acme.test" in texts
    codes = set(Event.objects.values_list("code", flat=True))
    assert {"signin.recovery_link_made", "signin.recovery_link_used"} <= codes


def test_whoever_handed_it_over_decides_on_none_of_her_calls(client: Client, cast: Cast) -> None:
    mailing = make_mailing(cast)
    client.force_login(cast.alice)
    Client().post(link_made(client, cast.dana), {"password": NEW})
    action = mailing.action(hold(mailing.call(user=User.objects.get(pk=cast.dana.pk))))
    assert {one.user for one in approvers_of(action)} == {cast.bob}


def test_only_the_newest_link_opens_and_not_for_long(client: Client, cast: Cast) -> None:
    client.force_login(cast.alice)
    first, second = link_made(client, cast.dana), link_made(client, cast.dana)
    assert Client().get(first).status_code == 404 and Client().get(second).status_code == 200
    RecoveryLink.objects.update(expires_at=F("expires_at") - LASTS)
    assert Client().post(second, {"password": NEW}).status_code == 404
    assert not User.objects.get(pk=cast.dana.pk).check_password(NEW)


def test_a_link_of_somebody_who_lost_their_power_opens_nothing(client: Client, cast: Cast) -> None:
    ivo = person(cast.acme, "Ivo", Role.MCP_ADMIN)
    client.force_login(ivo)
    path = link_made(client, cast.dana)
    Membership.objects.filter(user=ivo).update(role="member")
    assert Client().post(path, {"password": NEW}).status_code == 404


def test_the_second_factor_goes_after_the_typed_address(client: Client, cast: Cast) -> None:
    Authenticator.objects.create(user=cast.dana, type="totp", data={"secret": "x"})
    client.force_login(cast.alice)
    address = reverse("people:reset_factors", args=[membership(cast.dana).pk])
    assert client.post(address, {"confirmation": "yes"}).status_code == 400
    assert Authenticator.objects.exists()
    assert client.post(address, {"confirmation": cast.dana.email}).status_code == 302
    assert not Authenticator.objects.exists()
    assert Notice.objects.get(user=cast.dana).kind == "sign_in"
    assert "removed the second factors of dana@acme.test" in Event.objects.get(code="signin.factors_reset").sentence


def who_may_not(cast: Cast) -> dict[str, tuple[User, User]]:
    """Whom, by whom."""
    ivo = person(cast.acme, "Ivo", Role.MCP_ADMIN)
    eve = person(cast.acme, "Eve", Role.MEMBER)
    Membership.objects.create(organization=cast.globex, user=eve, role="owner")
    operator = person(cast.acme, "Otto", Role.MEMBER)
    User.objects.filter(pk=operator.pk).update(is_superuser=True)
    return {
        "an admin an owner": (cast.alice, ivo),
        "a member anybody": (cast.bob, cast.dana),
        "an owner of elsewhere": (cast.dana, cast.charlie),
        "of another company as well": (eve, cast.alice),
        "an operator": (User.objects.get(pk=operator.pk), cast.alice),
        "oneself": (cast.alice, cast.alice),
    }


@pytest.mark.parametrize("action", [make_recovery_link, reset_factors])
def test_nobody_gains_what_they_could_not_have(cast: Cast, action: Any) -> None:
    for name, (whom, by) in who_may_not(cast).items():
        Authenticator.objects.get_or_create(user=whom, type="totp", defaults={"data": {"secret": "x"}})
        with pytest.raises(NotAllowed):
            action(Membership.objects.get(user=whom, organization=cast.acme), actor=cast.actor(by))
        assert Authenticator.objects.filter(user=whom).exists(), name
    assert not RecoveryLink.objects.exists()


def test_an_owner_helps_another_owner(cast: Cast) -> None:
    second = person(cast.acme, "Olga", Role.OWNER)
    assert make_recovery_link(membership(second), actor=cast.actor(cast.alice))


def test_a_locked_out_owner_is_helped_on_the_machine(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("setup_link", "--for", "Alice@acme.test")
    found = re.search(r"/recover/\S+", capsys.readouterr().out)
    assert found and Client().post(found[0], {"password": NEW}).status_code == 302
    assert User.objects.get(pk=cast.alice.pk).check_password(NEW)
    with pytest.raises(CommandError, match="Nobody with the address"):
        call_command("setup_link", "--for", "nobody@acme.test")
