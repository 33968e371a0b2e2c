"""A reload reads what changed and keeps the rest; whatever decides about calls is seen at the next one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone

from connectors.models import Connector, Profile, Tool, ToolPermission, ToolVersion
from harriet.gateway.policy.compile import compile_snapshot
from harriet.gateway.policy.principal import Principal
from harriet.gateway.policy.snapshot import Snapshot, view_of
from harriet.gateway.policy.view import View
from harriet.people.models import AccessToken, Device, Group, Membership, User
from harriet.people.tokens import hash_token
from tests.stage.cast import Cast
from tests.stage.connectors import connector, new_version, tools
from tests.stage.facts import snapshot_of
from tests.stage.office import Office
from tests.stage.profiles import profile
from tests.stage.tokens import device_token, shared_key

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def office(cast: Cast) -> Office:
    office = Office(cast, "http://127.0.0.1:9/mcp")
    tools(connector(cast.acme, "http://127.0.0.1:9/mcp", slug="wiki"), cast.sales, [{"name": "find"}])
    return office


def compiled(office: Office, before: Snapshot | None = None) -> Snapshot:
    if before is None:
        return snapshot_of(office.cast.acme.id, office.token)
    found = compile_snapshot(office.cast.acme.id, before)
    assert found is not None
    return found


def dana_in(snapshot: Snapshot, office: Office) -> Principal:
    found = snapshot.callers.get(hash_token(office.token))
    assert found is not None
    return found


def view(snapshot: Snapshot, office: Office) -> View:
    return view_of(snapshot, dana_in(snapshot, office), snapshot.profiles["work"])


def test_what_is_unchanged_stays_the_same_object(office: Office) -> None:
    first = compiled(office)
    seen = view(first, office)
    Tool.objects.update(last_called_at=timezone.now())
    AccessToken.objects.update(last_seen_at=timezone.now())
    second = compiled(office, first)
    assert second.facts.tools is first.facts.tools
    assert second.facts.profiles is first.facts.profiles
    assert dana_in(second, office) is dana_in(first, office)
    assert view(second, office) is seen


def test_a_new_token_leaves_tools_and_views_alone(office: Office) -> None:
    first = compiled(office)
    seen = view(first, office)
    device_token(office.cast.acme, office.cast.dana, "phone")
    second = compiled(office, first)
    assert second.facts.tools is first.facts.tools
    assert dana_in(second, office) is dana_in(first, office)
    assert view(second, office) is seen


def test_a_connectors_health_changes_its_own_tools_alone(office: Office) -> None:
    first = compiled(office)
    Connector.objects.filter(slug="crm").update(health=Connector.Health.DOWN)
    second = compiled(office, first)
    rows = {row.name: (row, first.facts.tools[row.id]) for row in second.facts.tools.values()}
    assert rows["find"][0] is rows["find"][1]
    assert rows["echo"][0].connector.health == Connector.Health.DOWN
    assert rows["echo"][0].pinned is rows["echo"][1].pinned
    assert dana_in(second, office) is dana_in(first, office)


def disable(office: Office) -> None:
    office.tools["echo"].is_enabled = False
    office.tools["echo"].save()


def quarantine(office: Office) -> None:
    Tool.objects.filter(name="echo").update(state=Tool.State.QUARANTINED)


def take_permission(office: Office) -> None:
    ToolPermission.objects.filter(tool__name="echo").delete()


def give_to_others(office: Office) -> None:
    other = Group.objects.create(organization=office.cast.acme, slug="legal", name="Legal")
    ToolPermission.objects.filter(tool__name="echo").update(group=other)


def pause(office: Office) -> None:
    Connector.objects.filter(slug="crm").update(state=Connector.State.PAUSED)


def leave_group(office: Office) -> None:
    office.cast.dana.memberships.get().groups.clear()
    office.work.people.add(office.cast.dana.memberships.get())


def take_out_of_profile(office: Office) -> None:
    office.work.connectors.clear()


def delete_tool(office: Office) -> None:
    Tool.objects.filter(name="echo").delete()


def delete_connector(office: Office) -> None:
    office.crm.delete()


@pytest.mark.parametrize(
    "change",
    [
        *(disable, quarantine, take_permission, give_to_others, pause, leave_group),
        *(take_out_of_profile, delete_tool, delete_connector),
    ],
)
def test_what_takes_a_tool_away_is_seen(office: Office, change: Callable[[Office], None]) -> None:
    first = compiled(office)
    assert "echo" in view(first, office).grants
    change(office)
    second = compiled(office, first)
    assert "echo" not in view(second, office).grants
    assert second.facts.tools.keys() == compiled(office).facts.tools.keys()


def revoke_token(office: Office) -> None:
    AccessToken.objects.update(revoked_at=timezone.now())


def revoke_device(office: Office) -> None:
    Device.objects.update(revoked_at=timezone.now())


def end_membership(office: Office) -> None:
    Membership.objects.filter(user=office.cast.dana).update(is_active=False)


def switch_off(office: Office) -> None:
    User.objects.filter(pk=office.cast.dana.pk).update(is_active=False)


def remove_member(office: Office) -> None:
    Membership.objects.filter(user=office.cast.dana).delete()


@pytest.mark.parametrize("change", [revoke_token, revoke_device, end_membership, switch_off, remove_member])
def test_what_ends_access_is_seen(office: Office, change: Callable[[Office], None]) -> None:
    first = compiled(office)
    assert dana_in(first, office)
    change(office)
    assert compiled(office, first).callers.get(hash_token(office.token)) is None


def test_other_changes_are_seen(office: Office) -> None:
    acme, first = office.cast.acme, compiled(office)
    Membership.objects.filter(user=office.cast.dana).update(role="approver")
    AccessToken.objects.update(profile_id=office.work.id)
    ToolVersion.objects.filter(tool__name="echo").delete()
    changed = {"name": "echo", "description": "Other words."}
    new_version(office.tools["echo"], changed).save()
    Tool.objects.filter(name="slow").update(requires_confirmation=True)
    Group.objects.update(name="Sales and more")
    Profile.objects.update(has_prefix=True)
    profile(acme, groups=[office.cast.sales], slug="empty")
    second = compiled(office, first)
    dana = dana_in(second, office)
    assert (dana.caller.role, dana.only_profile_id) == ("approver", office.work.id)
    grants = view(second, office).grants
    assert grants["crm_echo"].tool.definition == changed
    assert "Sales and more" in grants["crm_echo"].reason
    assert grants["crm_slow"].gate.kind == "hold"
    assert second.profiles.keys() == {"work", "empty"}


def test_step_by_step_is_as_all_at_once(office: Office) -> None:
    """One process saw every change, another one starts now: both hold the same facts."""
    changes = (quarantine, give_to_others, pause, leave_group, take_out_of_profile, end_membership, delete_tool)
    snapshot = compiled(office)
    for change in changes:
        change(office)
        snapshot = compiled(office, snapshot)
    fresh = compiled(office)
    assert snapshot.facts == fresh.facts
    assert snapshot.callers.tokens() == fresh.callers.tokens()
    assert snapshot.credentials.keys() == fresh.credentials.keys()


def test_a_shared_key_loses_a_group(office: Office) -> None:
    token = shared_key(office.cast.acme, [office.cast.sales], office.cast.alice)
    first = snapshot_of(office.cast.acme.id, token)
    (key, before), work = *first.callers.known().items(), first.profiles["work"]
    assert first.may_enter(before, work)
    AccessToken.groups.through.objects.all().delete()
    second = compiled(office, first)
    after = second.callers.get(key)
    assert second.profiles["work"] is work
    assert after is not None and not second.may_enter(after, work)


def test_who_may_enter_is_decided_anew_when_it_changes(office: Office) -> None:
    first = compiled(office)
    assert first.may_enter(dana_in(first, office), first.profiles["work"])
    assert first.may_enter(dana_in(first, office), first.profiles["work"])
    assert len(first.entrances) == 1
    office.work.groups.clear()
    second = compiled(office, first)
    assert dana_in(second, office) is dana_in(first, office)
    assert not second.may_enter(dana_in(second, office), second.profiles["work"])


def test_expiry_is_known_in_unix_seconds(office: Office) -> None:
    dana = dana_in(compiled(office), office)
    assert dana.expires == dana.expires_at.timestamp()
