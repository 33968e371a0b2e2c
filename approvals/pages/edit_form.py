"""The arguments of a held call, to be changed: a field for each as the pinned schema allows, or all of them as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django import forms

from approvals.changes import changes_between
from connectors.pages.argument_fields import JsonText, field_for, help_of, properties_of
from harriet.lib.text import count_hidden

MOST_FIELDS = 40
LONGEST_FIELD = 10_000
"""Characters of a value that can be changed here; longer ones stay as they are."""
LONGEST_JSON = 30_000
_PREFIX = "argument"
_NOTHING: Any = object()
_WHY = "Whoever asked and their client are told what was changed, and why. Kept in the audit log."


class ReasonField(forms.CharField):
    def __init__(self) -> None:
        super().__init__(
            label="Why",
            max_length=500,
            widget=forms.Textarea(attrs={"rows": 2}),
            help_text=_WHY,
            error_messages={"required": "Say why: whoever asked and their client are told."},
        )


class EditForm(forms.Form):
    """A field for each argument. An optional one that is left empty is not sent."""

    def __init__(self, given: Mapping[str, Any], schema: Mapping[str, Any], data: Any = None) -> None:
        super().__init__(data)
        self.given = given
        self.names: dict[str, str] = {}
        self.kept = [name for name, value in given.items() if _is_too_long(value)]
        required = schema.get("required")
        needed = required if isinstance(required, list) else []
        said = properties_of(schema)
        for number, name in enumerate([*given, *(one for one in said if one not in given)][:MOST_FIELDS]):
            if name not in self.kept:
                self._add(f"{_PREFIX}{number}", name, said.get(name), name in needed)
        self.kept += [name for name in given if name not in self.names.values() and name not in self.kept]
        self.fields["reason"] = ReasonField()

    def _add(self, key: str, name: str, schema: Any, is_needed: bool) -> None:
        value = self.given.get(name, _NOTHING)
        self.names[key] = name
        self.fields[key] = _field(name, value, schema if isinstance(schema, Mapping) else {}, is_needed)

    @property
    def arguments_given(self) -> dict[str, Any]:
        """In the order in which the client sent them; what nobody touched is what it was."""
        changed = {name: self._value(key) for key, name in self.names.items()}
        names = dict.fromkeys((*self.given, *changed))
        whole = {name: changed.get(name, self.given.get(name, _NOTHING)) for name in names}
        return {name: value for name, value in whole.items() if value is not _NOTHING}

    def _value(self, key: str) -> Any:
        was, now = self.given.get(self.names[key], _NOTHING), self.cleaned_data.get(key)
        if not str(self.data.get(key, "")).strip("\r\n") and now in (None, ""):
            return was if was in ("", None) else _NOTHING
        return now.replace("\r\n", "\n") if isinstance(now, str) and self._is_plain(key) else now

    def _is_plain(self, key: str) -> bool:
        """A browser sends the ends of lines as it likes."""
        return not isinstance(self.fields[key], JsonText | forms.TypedChoiceField)


class EditJsonForm(forms.Form):
    """All arguments as one JSON object."""

    arguments = JsonText(label="Arguments as JSON")
    reason = ReasonField()

    def __init__(self, given: Mapping[str, Any], data: Any = None) -> None:
        super().__init__(data)
        self.kept: list[str] = []
        self.fields["arguments"].initial = _typed(dict(given))
        self.fields["arguments"].widget.attrs["rows"] = 14

    def clean_arguments(self) -> dict[str, Any]:
        value = self.cleaned_data["arguments"]
        if not isinstance(value, dict):
            raise forms.ValidationError("The arguments are one JSON object, in { and }.")
        return value

    @property
    def arguments_given(self) -> dict[str, Any]:
        return dict(self.cleaned_data["arguments"])


def can_be_typed(given: Mapping[str, Any]) -> bool:
    """As JSON, all of it."""
    return len(json.dumps(given, ensure_ascii=False)) <= LONGEST_JSON


def _is_too_long(value: Any) -> bool:
    return len(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)) > LONGEST_FIELD


def _field(name: str, value: Any, schema: Mapping[str, Any], is_needed: bool) -> forms.Field:
    made = field_for(name, schema, is_needed)
    if isinstance(made, forms.TypedChoiceField) and (value is _NOTHING or not changes_in(made, value)):
        made.initial = "" if value is _NOTHING else json.dumps(value)
        return made
    is_text = schema.get("type") == "string" if value is _NOTHING else isinstance(value, str)
    if is_text and not _is_unseen(value):
        return _text(made, help_of(schema), "" if value is _NOTHING else value, is_needed)
    return _json(made, help_of(schema), value, is_needed)


def _json(made: forms.Field, about: str, value: Any, is_needed: bool) -> forms.Field:
    """A number in a line of its own, whatever else with room, and with the word for it."""
    shown = "" if value is _NOTHING else _typed(value)
    is_number = isinstance(made, forms.FloatField | forms.IntegerField)
    help_text = about if is_number else f"{about}. As JSON."
    field = JsonText(label=made.label, required=is_needed, initial=shown, help_text=help_text)
    if is_number:
        field.widget = forms.TextInput(attrs={"class": "code", "inputmode": "decimal"})
    return field


def changes_in(choice: forms.TypedChoiceField, value: Any) -> bool:
    """It is none of those that can be chosen."""
    values = [json.loads(key) for key, _ in list(choice.choices)[1:]]  # type: ignore[arg-type]
    return all(changes_between(one, value) for one in values)


def _text(made: forms.Field, about: str, value: str, is_needed: bool) -> forms.Field:
    is_long = len(value) > 70 or "\n" in value
    widget = forms.Textarea(attrs={"rows": min(max(value.count("\n") + 1, 3), 12)}) if is_long else forms.TextInput()
    return forms.CharField(
        label=made.label,
        help_text=about,
        required=is_needed and value != "",
        strip=False,
        initial=value,
        widget=widget,
    )


def _is_unseen(value: Any) -> bool:
    """It has characters that a field would hide, or that a browser would change."""
    return isinstance(value, str) and (count_hidden(value) > 0 or "\r" in value)


def _typed(value: Any) -> str:
    """JSON in which nothing hides: what can't be seen is written as \\u202e."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    return json.dumps(value, indent=2) if count_hidden(text) else text
