"""The forms of workflows: what a workflow is, its inputs, and a form for each kind of step."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django import forms

from approvals.models import Workflow
from approvals.runs.definition import RESERVED, TYPES
from approvals.runs.steps.base import Settings
from connectors.models import Profile
from connectors.pages.fields import Profiles, Tools
from harriet.lib.json.canonical import NotRepresentable, parse_strict
from harriet.pages.picker import OneField
from harriet.pages.picking_form import PickingForm
from harriet.people.models import Organization
from harriet.people.pages.fields import People
from harriet.people.trust import Trust

_EXPRESSIONS = (
    "A value that begins with = is an expression, such as =inputs.customer or =steps.find.result.id; {{ … }} puts one "
    "into a text."
)
_NAME_HELP = "Small letters, digits and _. Later steps speak of its answer by it, such as steps.find.result."


class WorkflowForm(PickingForm):
    name = forms.CharField(max_length=80, help_text="As people see it, for example: Onboard a customer")
    description = forms.CharField(
        required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2}), help_text="What it is for."
    )

    def __init__(self, organization: Organization, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["profile"] = OneField(
            Profiles(organization),
            label="Profile",
            help_text="Its steps call the tools of this profile. Whoever has the profile may start runs.",
        )

    @staticmethod
    def initial_of(workflow: Workflow) -> dict[str, Any]:
        profile: Profile | None = workflow.profile
        return {"name": workflow.name, "description": workflow.description, "profile": profile}


class InputForm(forms.Form):
    label = forms.CharField(max_length=80, help_text="What whoever starts a run is asked for, for example: Customer")
    name = forms.CharField(max_length=40, help_text="By which steps speak of it, such as customer in inputs.customer.")
    type = forms.ChoiceField(choices=list(TYPES.items()), label="What it is")
    required = forms.BooleanField(required=False, label="It has to be given")


class StepForm(PickingForm):
    """The base of the forms of steps: the fields are the settings of the step's kind."""

    name = forms.CharField(label="Name of the step", max_length=40, help_text=_NAME_HELP)

    def __init__(self, organization: Organization, *args: Any, **kwargs: Any) -> None:
        """The organization is for kinds that offer what it has."""
        super().__init__(*args, **kwargs)

    def settings(self) -> dict[str, Any]:
        """Of the step, as the form says them."""
        return {name: self.cleaned_data[name] for name in self.fields}

    @classmethod
    def initial_of(cls, step: Settings) -> dict[str, Any]:
        return dict(step)


class CallForm(StepForm):
    arguments = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        initial="{}",
        help_text=f'A JSON object, such as {{"to": "=inputs.mail"}}. {_EXPRESSIONS}',
    )
    field_order = ("name", "tool", "arguments")

    def __init__(self, organization: Organization, *args: Any, **kwargs: Any) -> None:
        super().__init__(organization, *args, **kwargs)
        self.fields["tool"] = OneField(
            Tools(organization), label="Tool", help_text="One that the workflow’s profile has."
        )
        self.order_fields(list(self.field_order))

    def clean_arguments(self) -> Any:
        try:
            return parse_strict(self.cleaned_data["arguments"].encode())
        except NotRepresentable as problem:
            raise forms.ValidationError(problem.message) from None

    def settings(self) -> dict[str, Any]:
        tool = self.cleaned_data["tool"]
        label = f"{tool.connector.name}: {tool.name}"
        arguments = self.cleaned_data["arguments"]
        return {"name": self.cleaned_data["name"], "tool": str(tool.pk), "tool_label": label, "arguments": arguments}

    @classmethod
    def initial_of(cls, step: Settings) -> dict[str, Any]:
        arguments = json.dumps(step.get("arguments", {}), ensure_ascii=False, indent=2)
        return {**step, "tool": step.get("tool"), "arguments": arguments}


class ReplyForm(StepForm):
    question = forms.CharField(
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Shown on the run’s ticket, where the next comment is the reply: steps.NAME.reply afterwards. "
        "{{ … }} puts an expression in.",
    )


class UntilForm(StepForm):
    until = forms.CharField(
        label="Until",
        max_length=2000,
        help_text="A duration such as 30 minutes or 2 days, a moment such as 2027-01-31T09:00:00Z, or = and an "
        "expression.",
    )


class StopForm(StepForm):
    condition = forms.CharField(
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text="The run ends if this holds, for example: inputs.amount > 1000",
    )
    because = forms.CharField(required=False, max_length=200, help_text="What the person is told then.")


STEP_FORMS: Mapping[str, type[StepForm]] = {
    "call": CallForm,
    "reply": ReplyForm,
    "until": UntilForm,
    "stop": StopForm,
}


class StartForm(forms.Form):
    """A field for each input."""

    def __init__(self, inputs: list[dict[str, Any]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for one in inputs:
            self.fields[str(one["name"])] = _field(one)

    def inputs(self) -> dict[str, Any]:
        return {name: said for name, said in self.cleaned_data.items() if name not in RESERVED}


class StartRunForm(StartForm):
    """With how careful this run is to be."""

    def __init__(self, inputs: list[dict[str, Any]], *args: Any, **kwargs: Any) -> None:
        super().__init__(inputs, *args, **kwargs)
        self.fields["trust"] = forms.ChoiceField(
            label="What runs without asking",
            required=False,
            choices=[
                ("", "As the profile says"),
                (Trust.SUPERVISED.value, "Read-only tools alone"),
                (Trust.MANUAL.value, "Nothing: every call waits for approval"),
            ],
            help_text="Never more than the profile lets run.",
        )


def _field(one: Mapping[str, Any]) -> forms.Field:
    label = str(one["label"])
    if one.get("type") == "yes_no":
        return forms.BooleanField(label=label, required=False)
    widget = (
        forms.TextInput(attrs={"inputmode": "decimal"})
        if one.get("type") == "number"
        else forms.Textarea(attrs={"rows": 1})
    )
    return forms.CharField(
        label=label,
        required=bool(one.get("required")),
        widget=widget,
        error_messages={"required": "Say something here: the run needs it."},
    )


class ScheduleForm(StartForm):
    """What runs are given, and when."""

    def __init__(self, inputs: list[dict[str, Any]], *args: Any, **kwargs: Any) -> None:
        super().__init__(inputs, *args, **kwargs)
        self.fields["cron"] = forms.CharField(
            label="When",
            max_length=100,
            help_text="Minute, hour, day of the month, month and day of the week, such as 0 9 * * 1 for Mondays at 9.",
        )
        self.fields["time_zone"] = forms.CharField(
            label="Time zone", max_length=64, initial="UTC", help_text="Such as Europe/Vienna."
        )


class ReplyToRunForm(forms.Form):
    step = forms.UUIDField(required=False, widget=forms.HiddenInput)
    """Of the question that was read: the run may ask another one by now."""
    reply = forms.CharField(
        label="Your reply",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Write a reply: the run goes on with it."},
    )


class RetryForm(forms.Form):
    """For a step of which nobody knows whether it ran."""

    has_not_run = forms.BooleanField(required=False, label="I have looked, and the call had no effect")


class SampleForm(PickingForm):
    """For a dry run: inputs, and what earlier steps would have answered."""

    def __init__(self, workflow: Workflow, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.workflow = workflow
        self.fields["person"] = OneField(
            People(workflow.organization), label="As whom", required=False, nothing="You", help_text="By their rights."
        )
        for one in workflow.inputs:
            self.fields[f"input_{one['name']}"] = _field(one)
        for step in workflow.steps:
            if step["kind"] in _ANSWERING:
                self.fields[f"answer_{step['name']}"] = _answer_field(step)

    def inputs(self) -> dict[str, Any]:
        return {str(one["name"]): self.cleaned_data[f"input_{one['name']}"] for one in self.workflow.inputs}

    def answers(self) -> dict[str, Any]:
        """By step, as later steps would see them; of those that were left empty nothing."""
        found: dict[str, Any] = {}
        for name, field in self.fields.items():
            said = self.cleaned_data.get(name)
            if name.startswith("answer_") and said:
                found[name.removeprefix("answer_")] = {field.key: said, "text": said, "result": _parsed(said)}  # type: ignore[attr-defined]
        return found


_ANSWERING = {"call": "text", "reply": "reply"}


def _answer_field(step: Settings) -> forms.Field:
    what = "its reply" if step["kind"] == "reply" else "its answer, text or JSON"
    field = forms.CharField(
        label=f"{step['name']}: {what}", required=False, widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"})
    )
    field.key = _ANSWERING[step["kind"]]  # type: ignore[attr-defined]
    return field


def _parsed(text: str) -> Any:
    try:
        return parse_strict(text.encode())
    except NotRepresentable:
        return text
