"""The form that says who looks after a secret, and how often it is rotated."""

from __future__ import annotations

from typing import Any

from django import forms

from harriet.lib.errors import Problem
from harriet.pages.picking_form import PickingForm
from harriet.people.models import Organization
from harriet.people.pages.fields import AccountField
from vault.actions.change_schedule import LONGEST_DAYS
from vault.models import Credential


class ScheduleForm(PickingForm):
    rotate_every_days = forms.IntegerField(
        label="Rotate every … days",
        required=False,
        min_value=1,
        max_value=LONGEST_DAYS,
        help_text="Reminders come 14 and 3 days before, on the day and then every week. Leave empty for no schedule.",
    )

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organization = organization
        self.fields["owner"] = AccountField(
            organization,
            required=False,
            nothing="Nobody",
            label="Owner",
            help_text="Is reminded in the inbox, and by mail where Harriet sends any. Without one, the IT admins are.",
        )
        self.order_fields(["owner"])

    def add_problem(self, problem: Problem) -> None:
        """Puts what an action refused beside the field that it is about."""
        self.add_error(problem.field if problem.field in self.fields else None, problem.message)


def schedule_of(credential: Credential) -> dict[str, Any]:
    """The form's fields as saved."""
    return {"owner": credential.owner_id, "rotate_every_days": credential.rotate_every_days}
