"""Rules on arguments and scopes, made on their pages: what is wrong is said where it was typed."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from connectors.actions.save_argument_rule import MOST, save_argument_rule
from connectors.errors import ConnectorError
from connectors.models import ArgumentRule, AutonomousScope, Connector, Risk, Tool
from tests.stage.cast import Cast
from tests.stage.connectors import connector, tool
from tests.stage.profiles import profile


def _definition(name: str, **properties: str) -> dict[str, object]:
    schema = {"type": "object", "properties": {key: {"type": kind} for key, kind in properties.items()}}
    return {"name": name, "description": name, "inputSchema": schema}


@pytest.fixture
def alice(client: Client, cast: Cast) -> Client:
    client.force_login(cast.alice)
    return client


@pytest.fixture
def crm(cast: Cast) -> Connector:
    made = connector(cast.acme, "http://127.0.0.1:9/mcp")
    tool(made, _definition("pay", amount="number", to="string"), cast.sales, risk_override=Risk.MODERATE)
    tool(made, _definition("find", query="string"), cast.sales)
    return made


WRONG = [
    ("args.amount > 1000", "", "find have no argument “amount”"),
    ("args.amuont > 1000", "", "No tool that this is about has an argument “amuont”. They have amount, query, to"),
    ("args.query == 'x'", "pay", "No tool that this is about has an argument “query”"),
    ("args.amount > 'x'", "pay", "Tried with made-up arguments for pay: an argument is of another type"),
    ("args.to", "pay", "Tried with made-up arguments for pay: it comes to something that is neither"),
    ("args.amount >", "pay", "This is not a condition in CEL"),
    ("args.amount > 1000", "send", "CRM has no tool “send”"),
]


@pytest.mark.parametrize(("expression", "about", "words"), WRONG)
def test_what_is_wrong_with_a_rule_is_said(
    alice: Client, crm: Connector, expression: str, about: str, words: str
) -> None:
    fields = {"sentence": "Looked at.", "expression": expression, "tool": about, "effect": "hold", "is_on": "on"}
    answer = alice.post(reverse("connectors:rules", args=[crm.pk]), fields)
    assert answer.status_code == 400 and words in answer.content.decode()
    assert not ArgumentRule.objects.exists()


def test_a_rule_is_tried_made_changed_and_deleted(alice: Client, crm: Connector, cast: Cast) -> None:
    url = reverse("connectors:rules", args=[crm.pk])
    page = alice.get(url).content.decode()
    assert "organization.domains" in page and "args.amount" in page and "pay" in page
    fields = {"expression": "args.amount > 1000", "tool": "pay", "effect": "hold", "is_on": "on", "try": "1"}
    for sample, words in (
        ('{"amount": 1200}', "A call with these arguments would wait."),
        ('{"amount": 1000}', "This rule would not stop such a call."),
        ("{}", "would wait: args.amount is missing."),
        ('{"amount": 1', "This is not valid JSON."),
    ):
        assert words in alice.post(url, fields | {"sample": sample}).content.decode()
    assert not ArgumentRule.objects.exists()
    del fields["try"]
    assert "The rule was saved" in alice.post(url, fields | {"sentence": "Large."}, follow=True).content.decode()
    rule = ArgumentRule.objects.get()
    change = reverse("connectors:change_rule", args=[crm.pk, rule.pk])
    assert "args.amount &gt; 1000" in alice.get(change).content.decode()
    alice.post(change, fields | {"sentence": "Large.", "effect": "refuse", "is_on": ""})
    rule.refresh_from_db()
    assert (rule.effect, rule.is_on, rule.tool) == ("refuse", False, Tool.objects.get(name="pay"))
    alice.post(reverse("connectors:delete_rule", args=[crm.pk, rule.pk]))
    assert not ArgumentRule.objects.exists()
    actor = cast.actor(cast.alice)
    for number in range(MOST):
        save_argument_rule(crm, expression="caller.role == ''", sentence=f"Keys {number}.", actor=actor)
    with pytest.raises(ConnectorError, match="at most 20 rules"):
        save_argument_rule(crm, expression="caller.role == ''", sentence="One more.", actor=actor)


def test_a_scope_is_made_on_the_profiles_page_and_ended(alice: Client, crm: Connector, cast: Cast) -> None:
    work = profile(cast.acme, crm, groups=[cast.sales], trust="autonomous")
    detail = reverse("profiles:detail", args=[work.pk])
    assert "No scope holds, so this profile behaves as a supervised one" in alice.get(detail).content.decode()
    new = reverse("profiles:new_scope", args=[work.pk])
    pay = Tool.objects.get(name="pay")
    fields = {"name": "Night", "reason": "Each night.", "lasts": "24", "condition": "args.amount <= 100"}
    assert "a scope of nothing lets nothing run" in alice.post(new, fields).content.decode()
    wrong = alice.post(new, fields | {"tools": [str(pay.pk)], "condition": "args.amont <= 100"})
    assert "No tool that this is about has an argument “amont”" in wrong.content.decode()
    Tool.objects.filter(pk=pay.pk).update(risk_override=Risk.DANGEROUS)
    assert "pay would wait all the same" in alice.post(new, fields | {"tools": [str(pay.pk)]}).content.decode()
    Tool.objects.filter(pk=pay.pk).update(risk_override=Risk.MODERATE)
    page = alice.post(new, fields | {"tools": [str(pay.pk)]}, follow=True).content.decode()
    assert "Night holds from now on" in page and "args.amount &lt;= 100" in page and "Each night." in page
    scope = AutonomousScope.objects.get()
    assert list(scope.tools.all()) == [pay] and scope.made_by == cast.alice
    page = alice.post(reverse("profiles:end_scope", args=[work.pk, scope.pk]), follow=True).content.decode()
    assert "The scope Night was ended." in page and "No scope holds" in page
