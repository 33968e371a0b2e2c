"""What a person may use, as the query finds it, is what the rules say: for everybody of a busy company."""

from __future__ import annotations

from connectors.access.preview import best_verdict
from connectors.access.usable import connectors_beyond, usable_tools
from connectors.models import Connector, Tool
from harriet.people.models import Membership
from tests.stage.cast import Cast
from tests.stage.company import make_busy_company
from tests.stage.facts import facts_of
from tests.stage.profiles import profile


def test_the_query_finds_what_the_rules_allow(cast: Cast) -> None:
    make_busy_company(cast)
    forecast = Tool.objects.filter(connector__slug="forecast", is_enabled=True).first()
    single = profile(cast.acme, groups=[], slug="single")
    single.tools.add(forecast)
    single.people.add(Membership.objects.get(user=cast.bob))
    Membership.objects.filter(user__email="person5@acme.test").update(is_active=False)
    facts, seen = facts_of(cast.acme.pk), 0
    for membership in Membership.objects.filter(organization=cast.acme).select_related("user"):
        member = facts.members[membership.user_id]
        allowed = {row.id for row in facts.tools.values() if best_verdict(facts, row, member).verdict.is_allowed}
        assert set(usable_tools(membership).values_list("pk", flat=True)) == allowed, membership
        seen += bool(allowed)
    assert seen > 3


def test_what_she_may_not_use_at_all_is_beyond_her(cast: Cast) -> None:
    make_busy_company(cast)
    dana = Membership.objects.select_related("user").get(user=cast.dana)
    beyond = {one.slug for one in connectors_beyond(dana)}
    assert "crm" not in beyond and "warehouse" in beyond
    states = Connector.objects.filter(slug__in=beyond).values_list("state", flat=True)
    assert set(states) == {Connector.State.ACTIVE}
