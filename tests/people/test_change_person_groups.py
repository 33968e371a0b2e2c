"""One group more or less: what somebody else changes at the same moment stays."""

from __future__ import annotations

import pytest

from audit.models import Event
from harriet.people.actions.set_person_groups import change_person_groups, set_person_groups
from harriet.people.errors import PeopleError
from harriet.people.models import Group, Membership
from tests.stage.cast import Cast

pytestmark = pytest.mark.django_db


def group(cast: Cast, name: str) -> Group:
    return Group.objects.create(organization=cast.acme, slug=name.lower(), name=name)


def read_by_alice(cast: Cast) -> Membership:
    """With the groups that Dana is in at that moment."""
    return Membership.objects.select_related("user", "organization").prefetch_related("groups").get(user=cast.dana)


def test_a_group_that_came_after_the_page_was_read_stays(cast: Cast) -> None:
    alice, marketing, support = cast.actor(cast.alice), group(cast, "Marketing"), group(cast, "Support")
    dana = read_by_alice(cast)
    set_person_groups(Membership.objects.get(pk=dana.pk), [cast.sales, marketing], actor=alice)
    assert change_person_groups(dana, add=[support], actor=alice)
    assert set(Group.objects.filter(memberships=dana)) == {cast.sales, marketing, support}
    assert change_person_groups(dana, remove=[cast.sales], actor=alice)
    assert set(Group.objects.filter(memberships=dana)) == {marketing, support}


def test_what_changes_nothing_is_no_event(cast: Cast) -> None:
    alice, dana = cast.actor(cast.alice), read_by_alice(cast)
    before = Event.objects.count()
    assert not change_person_groups(dana, add=[cast.sales], actor=alice)
    assert not change_person_groups(dana, remove=[group(cast, "Marketing")], actor=alice)
    assert Event.objects.count() == before


def test_a_group_of_another_organization_is_refused(cast: Cast) -> None:
    foreign = Group.objects.create(organization=cast.globex, slug="spies", name="Spies")
    with pytest.raises(PeopleError):
        change_person_groups(read_by_alice(cast), add=[foreign], actor=cast.actor(cast.alice))
