"""A form for a tool's arguments, made from its input schema; what a form can't say is typed as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django import forms

from connectors.definitions.arguments import kind_of
from harriet.lib.errors import Problem
from harriet.lib.json.canonical import parse_strict
from harriet.lib.text import show_hidden

MOST_FIELDS = 40
_PREFIX = "argument"


class JsonText(forms.CharField):
    """JSON as text, read strictly."""

    def __init__(self, **options: Any) -> None:
        attributes = {"rows": 4, "class": "code", "spellcheck": "false"}
        super().__init__(widget=forms.Textarea(attrs=attributes), **options)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            return parse_strict(text.encode("utf-8", "surrogatepass"))
        except Problem as problem:
            raise forms.ValidationError(problem.message) from None


class WholeArguments(forms.Form):
    """All arguments as one JSON object."""

    arguments = JsonText(
        label="Arguments as JSON", required=False, help_text='An object, such as {"query": "invoices"}.'
    )

    def clean_arguments(self) -> dict[str, Any]:
        value = self.cleaned_data["arguments"]
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise forms.ValidationError("The arguments of a tool are a JSON object, in { and }.")
        return value

    @property
    def arguments_given(self) -> dict[str, Any]:
        return dict(self.cleaned_data["arguments"])


class SchemaForm(forms.Form):
    """One field per argument. An optional one that is left empty is not sent."""

    def __init__(self, schema: Mapping[str, Any], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.names: dict[str, str] = {}
        required = schema.get("required")
        needed = required if isinstance(required, list) else []
        for number, (name, inner) in enumerate(list(properties_of(schema).items())[:MOST_FIELDS]):
            key = f"{_PREFIX}{number}"  # a server's own names are not trusted as names of inputs
            self.names[key] = name
            self.fields[key] = field_for(name, inner if isinstance(inner, Mapping) else {}, name in needed)

    @property
    def arguments_given(self) -> dict[str, Any]:
        given = ((name, self.cleaned_data.get(key)) for key, name in self.names.items())
        return {name: value for name, value in given if value is not None and value != ""}


def properties_of(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = schema.get("properties")
    return properties if isinstance(properties, Mapping) else {}


def field_for(name: str, schema: Mapping[str, Any], is_required: bool) -> forms.Field:
    options: dict[str, Any] = {
        "label": show_hidden(name),
        "required": is_required,
        "help_text": help_of(schema),
    }
    if isinstance(schema.get("enum"), list):
        return _choice(schema["enum"], options)
    kind = schema.get("type")
    if kind == "boolean":
        return _choice([True, False], options)
    if kind == "integer":
        return forms.IntegerField(**options)
    if kind == "number":
        return forms.FloatField(**options)
    if kind == "string":
        return forms.CharField(strip=False, widget=_text_input(schema), **options)
    return JsonText(**{**options, "help_text": f"{options['help_text']} As JSON.".strip()})


def _choice(values: list[Any], options: dict[str, Any]) -> forms.Field:
    choices = [
        (json.dumps(value), show_hidden(str(value) if isinstance(value, str) else json.dumps(value)))
        for value in values
    ]
    return forms.TypedChoiceField(choices=[("", "Not given"), *choices], coerce=json.loads, empty_value=None, **options)


def _text_input(schema: Mapping[str, Any]) -> forms.Widget:
    longest = schema.get("maxLength")
    is_long = isinstance(longest, int) and longest > 200
    return forms.Textarea(attrs={"rows": 3}) if is_long else forms.TextInput()


def help_of(schema: Mapping[str, Any]) -> str:
    """What the server says of an argument, and what kind of thing it is."""
    description = str(schema.get("description") or "")
    return show_hidden(f"{description} ({kind_of(schema)})" if description else kind_of(schema).capitalize())
