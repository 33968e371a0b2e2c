"""The addresses of the audit page; its API's are in api.py."""

from django.urls import path

from harriet.console.audit.views import (
    event_detail_page,
    export_csv,
    export_log,
    forget_saved_filter,
    log_page,
    save_filter,
    verify_now,
)

audit_urls = (
    [
        path("", log_page, name="list"),
        path("verify/", verify_now, name="verify"),
        path("export.jsonl", export_log, name="export"),
        path("export.csv", export_csv, name="export_csv"),
        path("filters/", save_filter, name="save_filter"),
        path("filters/<uuid:pk>/forget/", forget_saved_filter, name="forget_filter"),
        path("<uuid:pk>/", event_detail_page, name="detail"),
    ],
    "audit",
)
