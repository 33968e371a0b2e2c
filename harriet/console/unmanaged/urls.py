"""The addresses of unmanaged servers; mounted under settings/unmanaged/."""

from __future__ import annotations

from django.urls import path

from harriet.console.unmanaged.pages import (
    change_many_servers,
    deny_server,
    promote_server,
    reopen_server,
    unmanaged_page,
    unmanaged_server_page,
)

unmanaged_urls = (
    [
        path("", unmanaged_page, name="list"),
        path("change/", change_many_servers, name="bulk"),
        path("<uuid:pk>/", unmanaged_server_page, name="detail"),
        path("<uuid:pk>/promote/", promote_server, name="promote"),
        path("<uuid:pk>/deny/", deny_server, name="deny"),
        path("<uuid:pk>/reopen/", reopen_server, name="reopen"),
    ],
    "unmanaged",
)
