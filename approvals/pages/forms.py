"""What an approver may type on a ticket. A text area: Enter in a one-line field would press the first button."""

from django import forms

_LINES = {"rows": 2}


class ApproveForm(forms.Form):
    reason = forms.CharField(
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs=_LINES),
        help_text="Needed to reject: it goes back to the person and their client. Kept in the audit log.",
    )


class RejectForm(forms.Form):
    reason = forms.CharField(
        max_length=500,
        widget=forms.Textarea(attrs=_LINES),
        help_text="Goes back to the person and their client. Kept in the audit log.",
        error_messages={"required": "Say why: the reason goes back to the person and their client."},
    )
