"""A device is set up with a link and a short code: its person alone gets the code, the machine its credential, once."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from audit.models import Event
from connectors.models import Profile
from harriet.people.actions.activate_person import activate_person
from harriet.people.actions.deactivate_person import deactivate_person
from harriet.people.actions.invite_device import invite_device
from harriet.people.actions.make_enrolment_code import make_enrolment_code
from harriet.people.actions.register_device import register_device
from harriet.people.enrolment_codes import ALPHABET, hash_code, new_code
from harriet.people.errors import NotAllowed
from harriet.people.models import AccessToken, Device, DeviceInvitation, Membership, Notice, User
from harriet.people.queries import enrolment_path

pytestmark = pytest.mark.django_db
CODE = re.compile(r"\b[B-Z3-9]{3}-[B-Z3-9]{3}-[B-Z3-9]{3}\b")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture(autouse=True)
def _nobody_has_tried_yet() -> None:
    cache.clear()


@pytest.fixture
def work(cast: Any) -> Profile:
    profile = Profile.objects.create(organization=cast.acme, slug="work", name="Work")
    profile.groups.add(cast.sales)
    return profile


def code_for(cast: Any, work: Profile, client: str = "cursor") -> tuple[DeviceInvitation, str]:
    dana = cast.actor(cast.dana)
    invitation = invite_device(cast.acme, cast.dana, device_name="Laptop", actor=dana)
    given = {"device_name": "Laptop", "client": client, "profile_id": work.pk, "expires_in_days": 30}
    return invitation, make_enrolment_code(invitation, **given, actor=dana).reveal()


def take(code: str, **headers: str) -> Any:
    return Client(headers={"accept": "text/plain"} | headers).post(reverse("enrol:take"), {"code": code})


def test_alice_invites_dana_who_alone_opens_it(
    cast: Any, work: Profile, django_capture_on_commit_callbacks: Any
) -> None:
    dana_here = Membership.objects.get(user=cast.dana)
    with django_capture_on_commit_callbacks(execute=True):
        answer = signed_in(cast.alice).post(reverse("devices:invite", args=[dana_here.pk]), {"device_name": "Laptop"})
    assert answer.status_code == 302
    path = enrolment_path(DeviceInvitation.objects.get().pk)
    assert path in signed_in(cast.alice).get(answer["Location"]).content.decode()
    assert Notice.objects.get(user=cast.dana).path == path and path in mail.outbox[0].body
    for other in (cast.alice, cast.bob, cast.charlie):
        assert signed_in(other).get(path).status_code == 404
    assert Client().get(path).status_code == 302
    assert "alice@acme.test" in signed_in(cast.dana).get(path).content.decode()
    assert Event.objects.filter(code="device.invited").exists()


def test_the_code_is_shown_once_and_to_nobody_else(cast: Any, work: Profile) -> None:
    invitation = invite_device(cast.acme, cast.dana, device_name="Laptop", actor=cast.actor(cast.alice))
    dana, path = signed_in(cast.dana), enrolment_path(invitation.pk)
    given = {"device_name": "Laptop", "client": "cursor", "profile": str(work.pk), "expires_in_days": "30"}
    made = dana.post(path, given)["Location"]
    shown = dana.get(made).content.decode()
    code = CODE.search(shown)
    assert code and set(code.group().replace("-", "")) <= set(ALPHABET)
    assert "/enrol/script.sh" in shown and not CODE.search(dana.get(made).content.decode())
    assert signed_in(cast.alice).get(made).status_code == 404
    with pytest.raises(NotAllowed):
        make_enrolment_code(
            invitation,
            device_name="L",
            client="cursor",
            profile_id=work.pk,
            expires_in_days=30,
            actor=cast.actor(cast.alice),
        )
    assert code.group() not in str(list(Event.objects.values_list("body", flat=True)))


def test_a_machine_takes_its_credential_once(cast: Any, work: Profile) -> None:
    invitation, code = code_for(cast, work)
    answer = take(code.lower().replace("-", " "))
    assert answer.status_code == 200 and answer["Cache-Control"] == "private, no-store"
    lines = dict(line.partition("=")[::2] for line in answer.content.decode().splitlines())
    assert lines["token"].startswith("hrt_dev_") and lines["profile"] == "work" and lines["linux"] == ".cursor/mcp.json"
    token = AccessToken.objects.get(kind="device")
    assert (token.user, token.profile_id, token.device.name) == (cast.dana, work.pk, "Laptop")
    assert take(code).status_code == 404
    invitation.refresh_from_db()
    assert invitation.device == token.device and invitation.used_at
    assert Event.objects.filter(code="device.enrolled").exists()
    assert signed_in(cast.dana).get(enrolment_path(invitation.pk)).status_code == 404


def test_codes_that_open_nothing_are_answered_alike(cast: Any, work: Profile) -> None:
    _, used = code_for(cast, work)
    take(used)
    old, expired = code_for(cast, work)
    DeviceInvitation.objects.filter(pk=old.pk).update(code_expires_at=Now() - timedelta(seconds=1))
    gone, withdrawn = code_for(cast, work)
    signed_in(cast.dana).post(reverse("enrol:withdraw", args=[gone.pk]))
    answers = {(a.status_code, a.content) for a in map(take, [used, expired, withdrawn, "BCD-FGH-JKM", "", "é" * 9])}
    assert len(answers) == 1 and next(iter(answers))[0] == 404


def test_guessing_is_slowed_and_the_right_code_costs_nothing(cast: Any, work: Profile) -> None:
    for _ in range(12):
        assert take(code_for(cast, work)[1]).status_code == 200
    assert [take("BCD-FGH-JKM").status_code for _ in range(11)] == [404] * 10 + [429]
    _, code = code_for(cast, work)
    assert take(code).status_code == 429
    page = Client().post(reverse("enrol:enter"), {"code": code})
    assert page.status_code == 429 and "Too many codes" in page.content.decode()


def test_who_left_enrols_nothing(cast: Any, work: Profile) -> None:
    _, code = code_for(cast, work)
    deactivate_person(Membership.objects.get(user=cast.dana), actor=cast.actor(cast.alice))
    assert take(code).status_code == 404
    assert not AccessToken.objects.filter(kind="device").exists()
    activate_person(Membership.objects.get(user=cast.dana), actor=cast.actor(cast.alice))
    assert take(code).status_code == 404 and DeviceInvitation.objects.get().withdrawn_at


def test_the_checklist_names_what_is_about_to_be_set_up(cast: Any, work: Profile) -> None:
    take(code_for(cast, work)[1])
    code_for(cast, work)
    dana = Membership.objects.get(user=cast.dana)
    page = signed_in(cast.alice).get(reverse("console:off_board", args=[dana.pk])).content.decode()
    assert "Laptop" in page and "1 device that they are about to set up" in page


def test_a_phone_sees_the_credential_on_the_code_page(cast: Any, work: Profile) -> None:
    _, code = code_for(cast, work, "claude-desktop")
    phone = Client()
    assert phone.get(reverse("enrol:enter")).status_code == 200
    looked = phone.post(reverse("enrol:enter"), {"code": code}).content.decode()
    assert "Laptop" in looked and "hrt_dev_" not in looked
    shown = phone.post(reverse("enrol:enter"), {"code": code, "take": "yes"})
    assert shown.status_code == 200 and "hrt_dev_" in shown.content.decode()
    again = phone.post(reverse("enrol:enter"), {"code": code, "take": "yes"})
    assert again.status_code == 400 and "hrt_dev_" not in again.content.decode()


def test_a_second_client_joins_the_same_device(cast: Any, work: Profile) -> None:
    take(code_for(cast, work)[1])
    assert take(code_for(cast, work, "codex")[1]).status_code == 200
    assert Device.objects.get(user=cast.dana).tokens.count() == 2


def test_dana_sets_up_a_device_of_her_own(cast: Any, work: Profile) -> None:
    dana = signed_in(cast.dana)
    sent = {"device_name": "Mac", "once": "a"}
    first = dana.post(reverse("me:set_up"), sent)["Location"]
    assert dana.post(reverse("me:set_up"), sent)["Location"] == first
    assert DeviceInvitation.objects.count() == 1 and not Notice.objects.filter(user=cast.dana).exists()
    assert first in dana.get(reverse("me:devices")).content.decode()


def test_a_device_gets_another_name(cast: Any) -> None:
    actor = cast.actor(cast.dana)
    one = register_device(cast.acme, cast.dana, "Laptop", actor=actor)
    register_device(cast.acme, cast.dana, "Phone", actor=actor)
    dana = signed_in(cast.dana)
    renamed = dana.post(reverse("me:rename_device", args=[one.pk]), {"name": "Old laptop"}, follow=True)
    assert "Old laptop" in renamed.content.decode()
    refused = dana.post(reverse("me:rename_device", args=[one.pk]), {"name": "Phone"})
    assert refused.status_code == 400 and "already a device called Phone" in refused.content.decode()
    assert signed_in(cast.bob).post(reverse("me:rename_device", args=[one.pk]), {"name": "Mine"}).status_code == 404
    answer = signed_in(cast.alice).post(reverse("devices:rename", args=[one.pk]), {"name": "Dana’s laptop"})
    assert answer.status_code == 302 and Device.objects.get(pk=one.pk).name == "Dana’s laptop"
    assert Event.objects.filter(code="device.renamed").count() == 2


def test_what_is_typed_for_a_code_is_read_kindly() -> None:
    code = new_code().reveal()
    assert hash_code(code) == hash_code(f" {code.lower().replace('-', '')} ") != hash_code(new_code().reveal())
    assert hash_code("ZSB-ZSB-ZSB") == hash_code("258258258")
