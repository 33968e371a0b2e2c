"""What may be typed on a review."""

from __future__ import annotations

from typing import Any

from django import forms

from connectors.actions.approve_review import LONGEST_REASON
from connectors.actions.decide_review import LONGEST_WORDS
from harriet.people.actions.set_own_reviews import LONGEST_REASON as LONGEST_OWN

_LINES = {"rows": 2}


class Deciding(forms.Form):
    """`seen` binds the decision to the definition that the page showed."""

    seen = forms.CharField(widget=forms.HiddenInput, max_length=64)


class ApproveForm(Deciding):
    words = forms.CharField(
        label="A word with it",
        required=False,
        max_length=LONGEST_WORDS,
        widget=forms.Textarea(attrs=_LINES | {"id": "id_approve_words"}),
        help_text="Kept with the review.",
    )


class OverrideForm(ApproveForm):
    override_reason = forms.CharField(
        label="Why it is approved although it is Critical",
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs=_LINES),
        help_text="Kept in the audit log, and shown on the connector’s page for good.",
    )


class SendBackForm(Deciding):
    words = forms.CharField(
        label="What is to be changed, or why it is blocked",
        max_length=LONGEST_WORDS,
        widget=forms.Textarea(attrs=_LINES | {"id": "id_back_words"}),
        help_text="Goes to whoever submitted it. Kept in the audit log.",
        error_messages={"required": "Say what is to be changed, or why it is blocked: whoever submitted it is told."},
    )


class CommentForm(forms.Form):
    words = forms.CharField(
        label="Comment",
        max_length=LONGEST_WORDS,
        widget=forms.Textarea(attrs=_LINES | {"id": "id_comment"}),
        error_messages={"required": "Write the comment first."},
    )


class OwnReviewsForm(forms.Form):
    reason = forms.CharField(
        label="Why",
        max_length=LONGEST_OWN,
        help_text="Kept in the audit log, and shown beside the reviews.",
        error_messages={"required": "Say why: it is kept, and shown beside the reviews."},
    )


def approve_form(is_critical: bool, seen: str, data: Any = None) -> ApproveForm:
    return (OverrideForm if is_critical else ApproveForm)(data, initial={"seen": seen})
