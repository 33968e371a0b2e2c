"""What a client would get is counted and named by the database, as the rules say, however much there is."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

from connectors.access.scopes import SCOPES, needing, scope_of
from connectors.models import Profile, Risk, Tool
from harriet.people.models import Membership
from harriet.signin.pages.consent import MOST_NAMED, tool_groups
from tests.stage.cast import Cast
from tests.stage.connectors import allow, connector, new_tool


def test_each_tool_needs_the_scope_that_the_rule_says(cast: Cast) -> None:
    crm = connector(cast.acme, "https://crm.test/mcp")
    risks = [(proposed, override) for proposed in Risk.values for override in ("", *Risk.values)]
    made = Tool.objects.bulk_create(
        new_tool(crm, f"{kind} {proposed} {override}", kind=kind, risk_proposed=proposed, risk_override=override)
        for kind in (Tool.Kind.TOOL, Tool.Kind.PROMPT)
        for proposed, override in risks
    )
    for scope in SCOPES:
        wanted = {tool.pk for tool in made if scope_of(tool.kind, tool.risk) == scope}
        assert set(Tool.objects.filter(needing(scope)).values_list("pk", flat=True)) == wanted


def test_hundreds_are_counted_and_eight_are_read(cast: Cast) -> None:
    crm = connector(cast.acme, "https://crm.test/mcp")
    tools = Tool.objects.bulk_create(new_tool(crm, f"get_{number:03}") for number in range(300))
    allow(cast.sales, tools)
    profile = Profile.objects.create(organization=cast.acme, slug="work", name="Work")
    profile.connectors.set([crm])
    profile.groups.set([cast.sales])
    dana = Membership.objects.select_related("user", "organization").get(user=cast.dana, organization=cast.acme)
    with CaptureQueriesContext(connection) as asked:
        groups = tool_groups(dana, [profile], SCOPES)
    assert [(group.scope, group.count, len(group.names)) for group in groups] == [
        ("tools.read", 300, MOST_NAMED),
        ("tools.write", 0, 0),
        ("tools.dangerous", 0, 0),
    ]
    assert len(asked) == 2 * len(SCOPES)
