"""A connector's tab Rules: which calls wait, or are refused, because of their arguments; made, changed and tried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from connectors.actions.delete_argument_rule import delete_argument_rule
from connectors.actions.save_argument_rule import save_argument_rule, versions_for
from connectors.definitions.argument_names import names_in
from connectors.errors import ConnectorError
from connectors.expressions.catalogue import ARGS, ATTRIBUTES, FUNCTIONS, Attribute, samples
from connectors.expressions.evaluate import Subject
from connectors.expressions.reading import LONGEST, read
from connectors.models import ArgumentRule, Connector, Tool
from connectors.pages.connector.page import ConnectorPage
from connectors.queries import connector_of, rule_of, rules_of, tool_named
from harriet.lib.json.canonical import NotRepresentable, parse_strict
from harriet.pages.context import show
from harriet.pages.forms import add_problem, attempt, status_of
from harriet.people.pages.guards import OrganizationRequest, needs, needs_to_save
from harriet.people.roles import Power

MOST_SHOWN = 60
"""Names of arguments, beside the field."""
MOST_READ = 200
"""Tools whose names, and whose arguments, stand beside the fields: those that are on first."""


class RuleForm(forms.Form):
    sentence = forms.CharField(
        label="What people are told",
        max_length=200,
        help_text="Such as: Amounts above 1,000 are looked at. The caller, the approver and the log see it.",
    )
    expression = forms.CharField(
        label="Condition",
        widget=forms.Textarea(
            attrs={
                "rows": 3,
                "spellcheck": "false",
                "autocapitalize": "off",
                "data-names": "names-of-conditions",
            }
        ),
        max_length=LONGEST,
        help_text="In CEL, such as args.amount > 1000. What it may speak of stands below. An argument that is missing, "
        "or anything that can't be worked out, makes the call wait.",
    )
    effect = forms.ChoiceField(label="What becomes of such a call", choices=ArgumentRule.Effect.choices)
    tool = forms.CharField(
        label="Only for the tool",
        required=False,
        max_length=128,
        help_text="Its name. Empty: for every tool of this connector.",
        widget=forms.TextInput(attrs={"list": "tools-of-connector", "autocomplete": "off"}),
    )
    is_on = forms.BooleanField(label="On", required=False, initial=True)
    position = forms.IntegerField(label="Place", required=False, min_value=0, max_value=1000, help_text="In the list.")
    sample = forms.CharField(
        label="Arguments to try it with",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocapitalize": "off"}),
        max_length=20_000,
        help_text='As JSON, such as {"amount": 1200}. Trying sends nothing and saves nothing.',
    )

    def __init__(self, connector: Connector, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.connector = connector

    def clean_tool(self) -> Tool | None:
        name = str(self.cleaned_data["tool"]).strip()
        if not name:
            return None
        tool = tool_named(self.connector, name)
        if tool is None:
            raise forms.ValidationError(f"{self.connector.name} has no tool “{name}”.")
        return tool


@dataclass(frozen=True, slots=True)
class RulesTab(ConnectorPage):
    template = "connectors/rules.html"
    tab = "rules"
    form: RuleForm
    changing: ArgumentRule | None
    tried: str
    """What came of trying it, as a sentence."""

    @property
    def rules(self) -> list[ArgumentRule]:
        return list(rules_of(self.connector))

    @property
    def attributes(self) -> tuple[Attribute, ...]:
        return ATTRIBUTES

    @property
    def functions(self) -> tuple[Attribute, ...]:
        return FUNCTIONS

    @property
    def tool_names(self) -> list[str]:
        tools = self.connector.tools.filter(kind=Tool.Kind.TOOL).exclude(state=Tool.State.REMOVED)
        return list(tools.order_by("-is_enabled", "name").values_list("name", flat=True)[:MOST_READ])

    @property
    def arguments(self) -> list[str]:
        """Of the tool that the form names, or of all: as a condition writes them."""
        tool = self.changing.tool if self.changing else None
        definitions = versions_for(self.connector, tool).values_list("definition", flat=True)[:MOST_READ]
        found = {name for one in definitions for name in names_in(one) or ()}
        return [f"{ARGS}.{name}" if name.isidentifier() else f'{ARGS}["{name}"]' for name in sorted(found)[:MOST_SHOWN]]


@needs_to_save(Power.MANAGE_CONNECTORS)
def rules_tab(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    connector = connector_of(request.organization, pk)
    form = RuleForm(connector, request.POST or None, initial={"is_on": True})
    return _answered(request, connector, form, None)


@needs(Power.MANAGE_CONNECTORS)
def change_rule_page(request: OrganizationRequest, pk: UUID, rule_pk: UUID) -> HttpResponse:
    connector = connector_of(request.organization, pk)
    rule = rule_of(connector, rule_pk)
    initial = {name: getattr(rule, name) for name in ("sentence", "expression", "effect", "is_on", "position")}
    initial["tool"] = rule.tool.name if rule.tool else ""
    return _answered(request, connector, RuleForm(connector, request.POST or None, initial=initial), rule)


def _answered(
    request: OrganizationRequest, connector: Connector, form: RuleForm, rule: ArgumentRule | None
) -> HttpResponse:
    tried = ""
    if "try" in request.POST:
        tried = _tried(form)
    elif attempt(form, lambda given: _saved(connector, rule, given, request)) is not None:
        messages.success(request, "The rule was saved: it holds for calls from now on.")
        return redirect("connectors:rules", connector.pk)
    page = RulesTab(request, connector, form=form, changing=rule, tried=tried)
    return show(request, page, status=status_of(form))


def _saved(
    connector: Connector, rule: ArgumentRule | None, given: dict[str, Any], request: OrganizationRequest
) -> ArgumentRule:
    fields = {key: value for key, value in given.items() if key != "sample"}
    return save_argument_rule(connector, rule, **fields, actor=request.actor)


def _tried(form: RuleForm) -> str:
    """Of what was typed; problems stand beside the fields."""
    form.fields["sentence"].required = False
    if not form.is_valid():
        return ""
    try:
        read(form.cleaned_data["expression"])
        raw = (form.cleaned_data["sample"] or "{}").encode()
        values = parse_strict(raw)
    except ConnectorError as problem:
        add_problem(form, problem)
        return ""
    except NotRepresentable as problem:
        form.add_error("sample", problem.message)
        return ""
    answer = Subject(values, len(raw), samples()).answer(form.cleaned_data["expression"])
    if answer.undecided:
        return f"A call with these arguments would wait: {answer.undecided}."
    does = "would wait" if form.cleaned_data["effect"] == ArgumentRule.Effect.HOLD else "would be refused"
    return f"A call with these arguments {does}." if answer.is_met else "This rule would not stop such a call."


@require_POST
@needs(Power.MANAGE_CONNECTORS)
def delete_rule(request: OrganizationRequest, pk: UUID, rule_pk: UUID) -> HttpResponse:
    rule = rule_of(connector_of(request.organization, pk), rule_pk)
    delete_argument_rule(rule, actor=request.actor)
    messages.success(request, f"The rule “{rule}” was deleted.")
    return redirect("connectors:rules", pk)
