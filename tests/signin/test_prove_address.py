"""An address belongs to whoever proved it, and nobody is put into an organization unasked.

Charlie runs Globex. He makes an account for an address that is Erin's; Acme's Alice later wants the real Erin.
"""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client
from django.urls import reverse

from audit.actor import SYSTEM
from audit.models import Event
from harriet.people.actions.add_person import add_person
from harriet.people.actions.bring_person import bring_person
from harriet.people.actions.change_role import change_role
from harriet.people.actions.invite_person import JOIN, invite_person
from harriet.people.actions.issue_personal_token import issue_personal_token
from harriet.people.actions.mail_invitation import mail_invitation
from harriet.people.actions.remove_person import remove_person
from harriet.people.errors import PeopleError
from harriet.people.models import AccessToken, Invitation, Membership, Notice, User

ERIN, PASSWORD = "erin@example.test", "sunlight on the harbour wall"
HERS = "a boat that nobody else has seen"


@pytest.fixture(autouse=True)
def attempts(settings: Any) -> None:
    """A count of its own for each test: mails to one address are counted."""
    location = str(uuid.uuid4())
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": location}}


def path_of(link: Any) -> str:
    return "/" + link.reveal().partition("://")[2].partition("/")[2]


@pytest.fixture
def planted(cast: Any) -> Client:
    """Charlie, signed in with the account that he made for Erin's address."""
    _, link = invite_person(cast.globex, ERIN, "member", actor=cast.actor(cast.charlie))
    client = Client()
    assert client.post(path_of(link), {"name": "Erin", "password": PASSWORD}).status_code == 302
    return client


def invitation_of(cast: Any, **ways: Any) -> Invitation:
    came = bring_person(cast.acme, ERIN, "mcp_admin", actor=cast.actor(cast.alice), **ways)
    assert isinstance(came, Invitation)
    return came


def is_in_acme(client: Client, cast: Any) -> bool:
    client.post(reverse("people:switch"), {"organization": str(cast.acme.pk)})
    return Membership.objects.filter(organization=cast.acme, user__email=ERIN).exists()


def reset_by_mail(client: Client, password: str = HERS) -> None:
    client.post(reverse("account_reset_password"), {"email": ERIN})
    link = re.search(r"http://127.0.0.1:8000(/accounts/password/reset/key/\S+)", mail.outbox[-1].body)
    assert link, mail.outbox[-1].body
    page = client.get(link[1], follow=True)
    answer = client.post(page.request["PATH_INFO"], {"password1": password, "password2": password})
    assert answer.status_code == 302


def accept(client: Client, invitation: Invitation) -> Any:
    return client.post(reverse("people:accept", args=[invitation.pk]))


def test_who_made_the_account_does_not_get_into_acme(cast: Any, planted: Client) -> None:
    invitation = invitation_of(cast)
    assert not is_in_acme(planted, cast)
    page = planted.get(reverse("people:choose")).content.decode()
    assert "not proved yet" in page and reverse("people:accept", args=[invitation.pk]) not in page
    refused = accept(planted, invitation)
    assert refused.status_code == 403 and "not proved yet" in refused.content.decode()
    assert not is_in_acme(planted, cast)


def test_nor_through_the_link_that_acmes_admin_saw(cast: Any, planted: Client) -> None:
    _, link = invite_person(cast.acme, ERIN, "mcp_admin", actor=cast.actor(cast.alice))
    planted.get(path_of(link))
    assert "not proved yet" in planted.get(reverse("people:join_known")).content.decode()
    assert planted.post(reverse("people:join_known")).status_code == 403
    assert not is_in_acme(planted, cast)


def test_nor_by_a_set_up_file(cast: Any, planted: Client) -> None:
    assert isinstance(bring_person(cast.acme, ERIN, "mcp_admin", actor=SYSTEM), Invitation)
    assert not is_in_acme(planted, cast)


def test_the_real_erin_proves_her_address_and_everybody_else_is_out(cast: Any, planted: Client) -> None:
    erin = User.objects.get(email=ERIN)
    _, secret = issue_personal_token(cast.globex, erin, "Kept", 30, actor=cast.actor(erin))
    Authenticator.objects.create(user=erin, type="totp", data={"secret": "x"})
    invitation, hers = invitation_of(cast), Client()
    reset_by_mail(hers)
    assert planted.get(reverse("me:home")).status_code == 302, "the old session ended"
    assert Client().post(reverse("account_login"), {"login": ERIN, "password": PASSWORD}).status_code == 200
    api = Client(headers={"authorization": f"Bearer {secret.reveal()}"})
    assert api.get("/api/v1/tokens/").status_code == 401
    assert not Authenticator.objects.filter(user=erin).exists()
    assert not AccessToken.objects.filter(user=erin, revoked_at=None).exists()
    assert hers.post(reverse("account_login"), {"login": ERIN, "password": HERS}).status_code == 302
    assert accept(hers, invitation).status_code == 302
    assert Membership.objects.get(organization=cast.acme, user=erin).role == "mcp_admin"
    assert Event.objects.filter(code="person.address_proved").exists()


def test_proving_is_for_accounts_that_need_it(cast: Any) -> None:
    """Dana, who only forgot her password, keeps her tokens and factors."""
    issue_personal_token(cast.acme, cast.dana, "Hers", 30, actor=cast.actor(cast.dana))
    Authenticator.objects.create(user=cast.dana, type="totp", data={"secret": "x"})
    client = Client()
    client.post(reverse("account_reset_password"), {"email": cast.dana.email})
    link = re.search(r"http://127.0.0.1:8000(/accounts/password/reset/key/\S+)", mail.outbox[-1].body)
    assert link
    page = client.get(link[1], follow=True)
    client.post(page.request["PATH_INFO"], {"password1": HERS, "password2": HERS})
    assert AccessToken.objects.filter(user=cast.dana, revoked_at=None).exists()
    assert Authenticator.objects.filter(user=cast.dana).exists()


def test_an_account_of_another_organization_is_told_and_accepts(cast: Any) -> None:
    came = bring_person(cast.acme, cast.charlie.email, "member", [cast.sales], actor=cast.actor(cast.alice))
    assert isinstance(came, Invitation) and not Membership.objects.filter(organization=cast.acme, user=cast.charlie)
    client = Client()
    client.force_login(cast.charlie)
    told = Notice.objects.get(user=cast.charlie)
    assert told.organization == cast.globex and told.path == reverse("people:choose")
    assert "Acme" in client.get(reverse("me:home")).content.decode()
    assert "alice@acme.test" in client.get(told.path).content.decode()
    assert accept(client, came).status_code == 302
    membership = Membership.objects.get(organization=cast.acme, user=cast.charlie)
    assert list(membership.groups.all()) == [cast.sales]
    assert not Notice.objects.filter(user=cast.charlie, read_at=None).exists()


def test_and_can_decline(cast: Any) -> None:
    came = bring_person(cast.acme, cast.charlie.email, "member", actor=cast.actor(cast.alice))
    assert isinstance(came, Invitation)
    client = Client()
    client.force_login(cast.charlie)
    assert client.post(reverse("people:decline", args=[came.pk])).status_code == 302
    assert accept(client, came).status_code == 404
    assert not Membership.objects.filter(organization=cast.acme, user=cast.charlie).exists()
    assert "charlie@globex.test" in Event.objects.get(code="invitation.declined").body


def test_nobody_answers_for_somebody_else(cast: Any) -> None:
    came = bring_person(cast.acme, cast.charlie.email, "member", actor=cast.actor(cast.alice))
    assert isinstance(came, Invitation)
    for user in (cast.alice, cast.dana):
        client = Client()
        client.force_login(user)
        assert accept(client, came).status_code == 404
        assert client.post(reverse("people:decline", args=[came.pk])).status_code == 404


def test_the_api_invites_who_has_an_account_and_adds_who_is_new(cast: Any) -> None:
    _, secret = issue_personal_token(cast.acme, cast.alice, "Script", 30, actor=cast.actor(cast.alice))
    client = Client(headers={"authorization": f"Bearer {secret.reveal()}"})
    for _ in range(2):
        asked = client.post("/api/v1/people/", {"email": cast.charlie.email}, "application/json")
        assert asked.status_code == 202 and asked.json()["email"] == cast.charlie.email
    assert Invitation.objects.count() == 1, "asked once"
    assert client.post("/api/v1/people/", {"email": "new@acme.test"}, "application/json").status_code == 201
    with pytest.raises(PeopleError, match="invite them"):
        add_person(cast.acme, cast.charlie.email, "member", actor=cast.actor(cast.alice))


def test_a_new_account_elsewhere_that_nobody_opened_yet_is_asked_too(cast: Any) -> None:
    add_person(cast.globex, ERIN, "member", actor=cast.actor(cast.charlie))
    assert isinstance(bring_person(cast.acme, ERIN, "member", actor=cast.actor(cast.alice)), Invitation)


def test_what_an_off_boarded_admin_invited_opens_nothing(cast: Any) -> None:
    bob = Membership.objects.get(user=cast.bob)
    change_role(bob, "mcp_admin", actor=cast.actor(cast.alice))
    _, link = invite_person(cast.acme, "back@door.test", "mcp_admin", actor=cast.actor(cast.bob))
    remove_person(bob, actor=cast.actor(cast.alice))
    answer = Client().post(path_of(link), {"name": "Back", "password": PASSWORD})
    assert "This invitation opens nothing" in answer.content.decode()
    assert not User.objects.filter(email="back@door.test").exists()


def test_what_somebody_invited_who_may_not_any_more_opens_nothing(cast: Any) -> None:
    bob = Membership.objects.get(user=cast.bob)
    change_role(bob, "mcp_admin", actor=cast.actor(cast.alice))
    _, link = invite_person(cast.acme, "back@door.test", "mcp_admin", actor=cast.actor(cast.bob))
    change_role(bob, "member", actor=cast.actor(cast.alice))
    answer = Client().post(path_of(link), {"name": "Back", "password": PASSWORD})
    assert "Ask for a new invitation" in answer.content.decode()
    assert not User.objects.filter(email="back@door.test").exists()


def test_a_link_by_mail_alone_proves_the_address(cast: Any, settings: Any) -> None:
    settings.EMAIL_URL = "smtp://mail.acme.test"
    alice = Client()
    alice.force_login(cast.alice)
    given = {"email": ERIN, "role": "member", "way": "mail"}
    page = alice.post(reverse("people:invite"), given, follow=True).content.decode()
    assert "/join/" not in page and "has taken a mail" in page
    link = re.search(r"http://127.0.0.1:8000(/join/\S+)", mail.outbox[-1].body)
    assert link and link[1] == reverse("people:join", args=[link[1].split("/")[2]])
    assert JOIN.format("x") == reverse("people:join", args=["x"])
    Client().post(link[1], {"name": "Erin", "password": PASSWORD})
    assert User.objects.get(email=ERIN).is_proven


def test_a_mail_that_cannot_be_sent_invites_nobody(cast: Any, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", 1, 2
    with pytest.raises(PeopleError, match="could not be sent, so nobody was invited"):
        mail_invitation(cast.acme, ERIN, "member", actor=cast.actor(cast.alice))
    assert not Invitation.objects.filter(withdrawn_at=None).exists()


def test_the_persons_page_says_that_an_address_is_not_proved(cast: Any, planted: Client) -> None:
    charlie = Client()
    charlie.force_login(cast.charlie)
    erin = Membership.objects.get(user__email=ERIN)
    page = charlie.get(reverse("people:detail", args=[erin.pk])).content.decode()
    assert "Not proved" in page and "Charlie" in page
