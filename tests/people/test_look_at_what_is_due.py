"""Turns of tasks cost what is due: no more for many organizations and people, and nothing for what was told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import Event
from harriet.people.models import AssertedIdentity, Membership, Organization, OrganizationVersion, SignInRule, User
from harriet.people.notifications.recipients import who_look_after, who_look_after_each
from harriet.people.roles import Role
from harriet.signin.actions.lapse_clients import end_old_sessions, lapse_clients
from harriet.signin.models import IdentityProvider, ProviderSession
from tests.stage.cast import Cast
from vault.actions.remind_of_rotations import remind_of_rotations
from vault.models import Credential

LONG_AGO = timedelta(days=30)


def queries_of(turn: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as asked:
        turn()
    return len(asked)


def company(name: str, people: int) -> Organization:
    """Requires single sign-on since long ago; nobody signed in since, and each has a session of long ago."""
    made = Organization.objects.create(slug=name, name=name)
    long_ago = timezone.now() - LONG_AGO
    SignInRule.objects.create(
        organization=made, is_enforced=True, client_hours=24, session_hours=8, enforced_at=long_ago,
        locals_lapsed_at=long_ago,
    )  # fmt: skip
    provider = IdentityProvider.objects.create(
        organization=made, kind="oidc", name=name, issuer=f"https://{name}.test", client_id=name, is_active=True
    )
    for number in range(people):
        user = User.objects.create(email=f"{name}-{number}@{name}.test", name=f"{name} {number}")
        member = Membership.objects.create(organization=made, user=user, role="member")
        _asserted(member, provider.pk, "oidc", long_ago)
        session = Session.objects.create(session_key=f"{name}{number}", session_data="", expire_date=timezone.now())
        ProviderSession.objects.create(
            session=session, provider=provider, membership=member, subject=user.email, began_at=long_ago
        )
    return made


def _asserted(member: Membership, provider_id: object, source: str, at: datetime) -> None:
    AssertedIdentity.objects.create(
        membership=member, provider_id=provider_id, source=source, subject=str(uuid4()), asserted_at=at, signed_in_at=at
    )


def test_nobody_due_is_one_look_however_many_organizations_there_are(db: None) -> None:
    company("one", 2)
    lapse_clients()
    end_old_sessions()
    before = queries_of(lapse_clients), queries_of(end_old_sessions)
    for number in range(6):
        company(f"more-{number}", 1)
    lapse_clients()
    end_old_sessions()
    assert (queries_of(lapse_clients), queries_of(end_old_sessions)) == before == (2, 1)
    assert not Session.objects.exists()


def test_all_of_an_organization_lapse_together(db: None) -> None:
    many = company("many", 12)
    version = OrganizationVersion.objects.filter(organization=many)
    before = version.values_list("number", flat=True).first() or 1
    assert queries_of(lapse_clients) < 20
    assert AssertedIdentity.objects.exclude(lapsed_at=None).count() == 12
    assert Event.objects.filter(code="signin.clients_lapsed").count() == 12
    assert version.get().number == before + 1


def test_who_left_is_noted_once_and_without_a_word(db: None) -> None:
    some = company("some", 2)
    Membership.objects.filter(organization=some).update(is_active=False)
    assert lapse_clients() == 0
    assert AssertedIdentity.objects.filter(lapsed_at=None).count() == 0, "they are not looked at again"
    assert not Event.objects.exists()


def test_whoever_only_a_directory_knows_lapses_once_it_is_silent(db: None) -> None:
    some = company("some", 1)
    AssertedIdentity.objects.update(provider_id=some.pk, source="scim")
    assert lapse_clients() == 1


def test_what_was_reminded_of_costs_the_same_for_one_and_for_many(cast: Cast) -> None:
    due = datetime(2027, 3, 10, tzinfo=UTC)

    def owe(count: int) -> None:
        Credential.objects.bulk_create(
            Credential(
                organization=cast.acme, connector_id=uuid4(), name="secret", type="bearer", rotation_due_at=due,
                owner=(cast.alice, cast.dana, None)[number % 3],
            )
            for number in range(count)
        )  # fmt: skip

    owe(3)
    assert remind_of_rotations(due)
    few = queries_of(lambda: remind_of_rotations(due))
    owe(30)
    assert remind_of_rotations(due)
    assert queries_of(lambda: remind_of_rotations(due)) == few <= 6
    Credential.objects.filter(owner=None).update(owner=cast.bob)
    assert remind_of_rotations(due), "who looks after it now hears of it, too"


def test_who_look_after_many_things_are_those_who_look_after_each(cast: Cast) -> None:
    Membership.objects.filter(user=cast.bob).update(is_active=False)
    owners = [None, cast.alice.pk, cast.bob.pk, cast.dana.pk, cast.charlie.pk]
    things = [(place.pk, owner) for place in (cast.acme, cast.globex) for owner in owners]
    assert who_look_after_each(things) == {thing: who_look_after(*thing) for thing in things}
    assert Role.OWNER in set(Membership.objects.filter(user=cast.alice).values_list("role", flat=True))
