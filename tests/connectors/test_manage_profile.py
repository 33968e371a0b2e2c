"""Profiles: what they offer and to whom, name clashes, what Dana sees, and what goes when one is deleted."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from connectors.access.preview import preview
from connectors.actions.change_profile import change_profile
from connectors.actions.create_profile import create_profile
from connectors.actions.delete_profile import delete_profile
from connectors.actions.set_tool import set_tool
from connectors.actions.sync_connector import sync_connector
from connectors.errors import ConnectorError
from connectors.models import Connector, Profile, Tool
from connectors.queries import profiles_for
from harriet.people.actions.issue_integration_key import issue_integration_key
from harriet.people.models import AccessToken, Membership
from tests.servers.moody import Server, tool
from tests.stage.cast import Cast
from tests.stage.connectors import Connecting
from tests.stage.facts import facts_of


def enable(connector: Connector, cast: Cast, *names: str) -> None:
    for found in connector.tools.filter(name__in=names):
        set_tool(found, is_enabled=True, groups=[cast.sales], actor=cast.actor(cast.alice))


def work(cast: Cast, **more: object) -> Profile:
    fields = {"slug": "work", "name": "Work", "groups": [cast.sales], **more}
    return create_profile(cast.acme, **fields, actor=cast.actor(cast.alice))  # type: ignore[arg-type]


def test_dana_sees_what_her_group_may_call(cast: Cast, connect: Connecting) -> None:
    crm = connect.synced()
    enable(crm, cast, "send_mail")
    profile = work(cast, connectors=[crm])
    facts = facts_of(cast.acme.id)
    seen = preview(facts, facts.profiles[profile.id], facts.members[cast.dana.id])
    assert {one.shown_name: one.verdict.is_allowed for one in seen.tools} == {
        "send_mail": True,
        "list_contacts": False,
        "delete_all": False,
    }
    assert seen.tools[0].verdict.reason == "send_mail is allowed for the group Sales."
    bobs = preview(facts, facts.profiles[profile.id], facts.members[cast.bob.id])
    assert not bobs.opens.is_allowed and not bobs.allowed


def test_the_snapshot_holds_everything_in_few_queries(
    cast: Cast, connect: Connecting, server: Server, django_assert_max_num_queries: object
) -> None:
    server.tools = [tool(f"list_{number}") for number in range(40)]
    crm = connect.synced()
    enable(crm, cast, *(f"list_{number}" for number in range(20)))
    profile = work(cast, connectors=[crm], people=[cast.bob.memberships.get()], has_prefix=True)
    with django_assert_max_num_queries(15):  # type: ignore[operator]
        facts = facts_of(cast.acme.id)
    row = facts.tools[Tool.objects.get(name="list_3").id]
    assert row.definition == server.tools[3] and len(row.digest) == 32
    assert row.shown_name(facts.profiles[profile.id]) == "crm_list_3"
    assert row.connector.reach.internal_hosts == ("127.0.0.1",)
    assert len(facts.tools_in(facts.profiles[profile.id])) == 40
    assert set(facts.members) == {cast.alice.id, cast.bob.id, cast.dana.id}
    assert facts_of(cast.globex.id).tools == {}


def test_two_enabled_tools_of_one_name_need_the_prefix(cast: Cast, connect: Connecting) -> None:
    crm, erp, alice = connect.synced("crm"), connect.synced("erp"), cast.actor(cast.alice)
    enable(crm, cast, "send_mail")
    profile = work(cast, connectors=[crm, erp])
    with pytest.raises(ConnectorError, match="Switch the prefix on") as refused:
        enable(erp, cast, "send_mail")
    assert refused.value.field == "has_prefix"
    assert not erp.tools.filter(is_enabled=True).exists()
    change_profile(profile, has_prefix=True, actor=alice)
    enable(erp, cast, "send_mail")
    with pytest.raises(ConnectorError, match="both offer send_mail"):
        change_profile(profile, has_prefix=False, actor=alice)
    profile.refresh_from_db()
    assert profile.has_prefix


def test_single_tools_beside_whole_connectors(cast: Cast, connect: Connecting) -> None:
    crm = connect.synced()
    profile = work(cast, tools=[crm.tools.get(name="send_mail")])
    facts = facts_of(cast.acme.id)
    assert [row.name for row in facts.tools_in(facts.profiles[profile.id])] == ["send_mail"]


def test_nothing_of_another_organization_gets_in(cast: Cast, connect: Connecting) -> None:
    crm = connect.synced()
    charlie = cast.actor(cast.charlie)
    for field, thing in (("connectors", crm), ("groups", cast.sales), ("people", cast.dana.memberships.get())):
        with pytest.raises(ConnectorError):
            create_profile(cast.globex, slug="evil", name="Evil", **{field: [thing]}, actor=charlie)  # type: ignore[arg-type]
    assert not Profile.objects.exists()


def test_deleting_revokes_the_tokens_that_open_only_it(cast: Cast, connect: Connecting) -> None:
    alice, profile = cast.actor(cast.alice), work(cast)
    bound, _ = issue_integration_key(cast.acme, "bound", [cast.sales], 30, profile_id=profile.pk, actor=alice)
    free, _ = issue_integration_key(cast.acme, "free", [cast.sales], 30, actor=alice)
    assert delete_profile(profile, actor=alice) == 1
    assert AccessToken.objects.get(pk=bound.pk).revoked_at is not None
    assert AccessToken.objects.get(pk=free.pk).revoked_at is None


def test_profiles_for_a_person(cast: Cast) -> None:
    profile = work(cast)
    mine = create_profile(
        cast.acme, slug="mine", name="Mine", people=[cast.dana.memberships.get()], actor=cast.actor(cast.alice)
    )
    assert list(profiles_for(Membership.objects.get(user=cast.dana))) == [mine, profile]
    assert list(profiles_for(Membership.objects.get(user=cast.bob))) == []


def test_alice_makes_and_reads_a_profile_in_the_browser(client: Client, cast: Cast, connect: Connecting) -> None:
    crm = connect.synced()
    enable(crm, cast, "send_mail")
    client.force_login(cast.alice)
    assert "No profile yet" in client.get(reverse("profiles:list")).content.decode()
    fields = {"name": "Work", "groups": [str(cast.sales.pk)], "connectors": [str(crm.pk)]}
    page = client.post(reverse("profiles:new"), fields, follow=True).content.decode()
    assert "/mcp/acme/work" in page and "1 of 3 tools" in page
    profile, dana = Profile.objects.get(), cast.dana.memberships.get()
    page = client.get(reverse("profiles:preview", args=[profile.pk]), {"person": str(dana.pk)}).content.decode()
    assert "send_mail is allowed for the group Sales." in page and "delete_all is not enabled." in page
    assert "What Dana sees in Work" in page
    erp = connect.synced("erp")
    enable(erp, cast, "send_mail")
    fields["connectors"] = [str(crm.pk), str(erp.pk)]  # type: ignore[assignment]
    answer = client.post(reverse("profiles:detail", args=[profile.pk]), {**fields, "slug": "work"})
    assert answer.status_code == 400 and "Switch the prefix on" in answer.content.decode()
    assert client.post(reverse("profiles:delete", args=[profile.pk]), {"confirmation": "no"}).status_code == 400
    client.post(reverse("profiles:delete", args=[profile.pk]), {"confirmation": "Work"})
    assert not Profile.objects.exists()


def test_a_tool_that_a_sync_adds_takes_no_name(cast: Cast, server: Server, connect: Connecting) -> None:
    crm, erp = connect.synced("crm"), connect.synced("erp")
    enable(crm, cast, "send_mail")
    work(cast, connectors=[crm, erp])
    server.tools.append(tool("send_mail2"))
    assert sync_connector(erp, actor=cast.actor(cast.alice)).added == ["send_mail2"]
