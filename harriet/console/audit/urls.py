"""The addresses of the audit page; its API's are in api.py."""

from django.urls import path

from harriet.console.audit.views import event_detail_page, export_log, log_page, verify_now

audit_urls = (
    [
        path("", log_page, name="list"),
        path("verify/", verify_now, name="verify"),
        path("export.jsonl", export_log, name="export"),
        path("<uuid:pk>/", event_detail_page, name="detail"),
    ],
    "audit",
)
