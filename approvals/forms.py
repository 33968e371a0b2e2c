"""What an approver may type on a ticket."""

from django import forms


class ApproveForm(forms.Form):
    reason = forms.CharField(
        label="Note (optional)", required=False, max_length=500, help_text="Kept with the decision in the audit log."
    )


class RejectForm(forms.Form):
    reason = forms.CharField(
        label="Reason",
        max_length=500,
        help_text="Goes back to the person and their client.",
        error_messages={"required": "Say why: the reason goes back to the person and their client."},
    )
