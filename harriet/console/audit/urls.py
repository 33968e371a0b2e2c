"""The addresses of the audit page; its API's are in api.py."""

from django.urls import path

from harriet.console.audit import views
from harriet.console.audit.api import api_urls

audit_urls = (
    [
        path("", views.event_list, name="list"),
        path("verify/", views.verify_now, name="verify"),
        path("export.jsonl", views.export, name="export"),
        path("<uuid:pk>/", views.event_detail, name="detail"),
    ],
    "audit",
)

__all__ = ["api_urls", "audit_urls"]
