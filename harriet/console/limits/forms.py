"""The forms of limits. They only read input; the rules are in the actions."""

from __future__ import annotations

from typing import Any

from django import forms

from connectors.actions.set_breakers import LONGEST_SECONDS, MOST_REPEATS
from connectors.models import AtLimit, Breakers, CallLimit
from connectors.pages.fields import Connectors, EveryTool, Tools
from harriet.gateway.limits.failing_tools import FAILED_OF_LAST, LAST
from harriet.pages.picker import OneField, SeveralField
from harriet.pages.picking import Source
from harriet.pages.picking_form import PickingForm
from harriet.people.models import Organization
from harriet.people.pages.fields import Agents, Everybody, EveryDevice, SharedKeys

_SOURCES: dict[str, Any] = {
    CallLimit.Kind.PERSON: Everybody,
    CallLimit.Kind.DEVICE: EveryDevice,
    CallLimit.Kind.AGENT: Agents,
    CallLimit.Kind.KEY: SharedKeys,
    CallLimit.Kind.TOOL: EveryTool,
    CallLimit.Kind.CONNECTOR: Connectors,
}


def source_of(organization: Organization, kind: str) -> Source[Any]:
    """Where whom or what a limit of this kind is of is found."""
    source: Source[Any] = _SOURCES[kind](organization)
    return source


_EACH = "Each {} has so many of its own. Choose one to limit that one alone."


def _number(label: str) -> forms.IntegerField:
    return forms.IntegerField(
        required=False, min_value=1, label=label, widget=forms.NumberInput({"inputmode": "numeric"})
    )


def _beyond(initial: str = AtLimit.REFUSE) -> forms.ChoiceField:
    return forms.ChoiceField(
        choices=AtLimit.choices, label="What happens beyond it", widget=forms.RadioSelect, initial=initial
    )


class NewLimitForm(PickingForm):
    """Of one kind, which the address names."""

    def __init__(self, organization: Organization, kind: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        source = source_of(organization, kind)
        self.fields["subject"] = OneField(
            source,
            label=source.one.capitalize(),
            required=False,
            nothing=f"Each {source.one}",
            help_text=_EACH.format(source.one),
        )
        self.fields["counts"] = forms.ChoiceField(
            choices=CallLimit.Counts.choices,
            label="What counts",
            widget=forms.RadioSelect,
            initial=CallLimit.Counts.CALLS,
        )
        self.fields["per_minute"] = _number("Calls a minute")
        self.fields["per_day"] = _number("Calls a day")
        self.fields["at_limit"] = _beyond()


class LimitForm(forms.Form):
    """Of a limit that there is: whom it is for stays."""

    def __init__(self, limit: CallLimit, *args: Any, **kwargs: Any) -> None:
        numbers = {"per_minute": limit.per_minute, "per_day": limit.per_day}
        kwargs.setdefault("initial", numbers)
        super().__init__(*args, **kwargs)
        self.fields["per_minute"] = _number("Calls a minute")
        self.fields["per_day"] = _number("Calls a day")
        self.fields["at_limit"] = _beyond(limit.at_limit)


class BreakersForm(PickingForm):
    repeats = forms.IntegerField(
        min_value=0,
        max_value=MOST_REPEATS,
        label="The same call, how many times",
        help_text="By the same caller, of the same tool, with the same arguments. 0 for as many as anybody likes.",
    )
    seconds = forms.IntegerField(min_value=1, max_value=LONGEST_SECONDS, label="Within how many seconds")
    at_limit = _beyond()
    counts_reads = forms.BooleanField(
        required=False,
        label="Also of read-only tools",
        help_text="Programs ask for the same again and again to see whether it has changed. Tick it to count that.",
    )
    stops_failing = forms.BooleanField(
        required=False,
        label="Pause a tool that fails",
        help_text=f"When {FAILED_OF_LAST} of its last {LAST} calls failed at the server. One call now and then tries "
        "it again.",
    )

    def __init__(self, organization: Organization, breakers: Breakers, *args: Any, **kwargs: Any) -> None:
        names = ("repeats", "seconds", "at_limit", "counts_reads", "stops_failing")
        kwargs.setdefault("initial", {name: getattr(breakers, name) for name in names})
        super().__init__(*args, **kwargs)
        self.fields["may_repeat"] = SeveralField(
            Tools(organization),
            label="Tools that may be repeated",
            required=False,
            help_text="Such as one that asks whether a job is done.",
            kept=breakers.may_repeat.select_related("connector") if breakers.pk else None,
        )
