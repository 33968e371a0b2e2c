"""The addresses of setting up a device, below /enrol/."""

from __future__ import annotations

from django.urls import path

from harriet.console.me.enrolment.code_entry import enter_code_page
from harriet.console.me.enrolment.machine import (
    sent_powershell_script,
    sent_shell_script,
    take_credential,
    take_report,
)
from harriet.console.me.enrolment.pages import code_page, invitation_page, withdraw_my_invitation

enrolment_urls = (
    [
        path("", enter_code_page, name="enter"),
        path("script.sh", sent_shell_script, name="shell"),
        path("script.ps1", sent_powershell_script, name="powershell"),
        path("take/", take_credential, name="take"),
        path("report/", take_report, name="report"),
        path("<uuid:pk>/", invitation_page, name="invitation"),
        path("<uuid:pk>/code/<uuid:made>/", code_page, name="code"),
        path("<uuid:pk>/withdraw/", withdraw_my_invitation, name="withdraw"),
    ],
    "enrol",
)
