"""What forms of every app do alike: try an action and put its refusal beside the field, ask for confirmation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms

from harriet.lib.errors import Problem

T = TypeVar("T")


def attempt(form: forms.Form, action: Callable[[dict[str, Any]], T]) -> T | None:
    """What the action returns for a valid form. A Problem is put beside its field, and the answer is None."""
    if not form.is_bound or not form.is_valid():
        return None
    try:
        return action(form.cleaned_data)
    except Problem as problem:
        add_problem(form, problem)
        return None


def add_problem(form: forms.Form, problem: Problem) -> None:
    """Beside the field that it is about; above the form when it is about none of them."""
    form.add_error(problem.field if problem.field in form.fields else None, problem.message)


def status_of(*shown: forms.Form) -> int:
    """400 for a page that shows what is wrong with what was sent."""
    return 400 if any(form.errors for form in shown) else 200


class ConfirmForm(forms.Form):
    """Typed confirmation for what can't be undone."""

    confirmation = forms.CharField(label="Type it to confirm", strip=True)

    def __init__(self, expected: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.expected = expected
        self.fields["confirmation"].label = f"Type {expected} to confirm"
        self.fields["confirmation"].widget.attrs |= {"autocomplete": "off", "data-confirm": expected}

    def clean_confirmation(self) -> str:
        typed = str(self.cleaned_data["confirmation"])
        if typed.casefold() != self.expected.casefold():
            raise forms.ValidationError(f"This is not “{self.expected}”. Nothing was changed.")
        return typed
