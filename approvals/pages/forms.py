"""What may be typed on a ticket. Text areas: Enter in a one-line field would press the first button."""

from __future__ import annotations

from typing import Any

from django import forms

from harriet.people.models import Group

_LINES = {"rows": 2}
_REASON = _LINES | {"data-reject": True}
"""Where the key that leads to rejecting leads to."""


class ApproveForm(forms.Form):
    edition = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)
    """Which arguments the person saw: they may have been changed since."""
    reason = forms.CharField(
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs=_REASON),
        help_text="Needed to reject: it goes back to the person and their client. Kept in the audit log.",
    )


class RejectForm(forms.Form):
    reason = forms.CharField(
        max_length=500,
        widget=forms.Textarea(attrs=_REASON),
        help_text="Goes back to the person and their client. Kept in the audit log.",
        error_messages={"required": "Say why: the reason goes back to the person and their client."},
    )


class GiveForm(forms.Form):
    """Into which group the person comes; none when access was given otherwise."""

    group = forms.ChoiceField(label="By putting them into a group", required=False, widget=forms.RadioSelect)
    answer = forms.CharField(
        label="A word with it",
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs=_LINES),
        help_text="Goes to the person who asked.",
    )

    def __init__(self, groups: list[Group], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.groups = groups
        words = [(str(group.pk), _reach(group)) for group in groups]
        self.fields["group"].choices = [*words, ("", "No group: they have access by now")]  # type: ignore[attr-defined]

    @property
    def chosen_group(self) -> Group | None:
        chosen = self.cleaned_data["group"]
        return next((group for group in self.groups if str(group.pk) == chosen), None)


def _reach(group: Any) -> str:
    tools = "1 tool" if group.tool_count == 1 else f"{group.tool_count} tools"
    return f"{group.name}: {tools} of it{'' if group.has_profile else ', but no profile of the group offers it'}"


class DeclineForm(forms.Form):
    reason = forms.CharField(
        max_length=500,
        widget=forms.Textarea(attrs=_LINES),
        help_text="Goes to the person who asked. Kept in the audit log.",
        error_messages={"required": "Say why: the person who asked is told."},
    )


class ReportForm(forms.Form):
    """`pausable`: the connector that the person may pause; empty for none."""

    text = forms.CharField(
        label="What is odd",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="What happened, and what you expected. Goes to owners, IT admins and whoever looks after it.",
        error_messages={"required": "Say what is odd: whoever looks into it was not there."},
    )
    pause = forms.BooleanField(required=False)

    def __init__(self, pausable: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if pausable:
            self.fields["pause"].label = f"Pause {pausable} now: nobody calls it until somebody resumes it"
        else:
            del self.fields["pause"]


class AnswerReportForm(forms.Form):
    answer = forms.CharField(
        label="What came of it",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Goes to the person who reported it. Kept in the audit log.",
        error_messages={"required": "Say what came of it: whoever reported it is told."},
    )


class CommentForm(forms.Form):
    text = forms.CharField(
        label="Say something",
        max_length=2000,
        widget=forms.Textarea(attrs=_LINES),
        help_text="Everybody who sees the ticket reads it, also whoever asked. It decides nothing.",
        error_messages={"required": "Write what you want to say."},
    )
