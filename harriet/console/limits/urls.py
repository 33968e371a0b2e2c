"""The addresses of limits, below /settings/limits/."""

from __future__ import annotations

from django.urls import path

from harriet.console.limits.pages import (
    breakers_page,
    choose_kind_page,
    limit_page,
    limits_page,
    new_limit_page,
    remove_this_limit,
)

limit_urls = (
    [
        path("", limits_page, name="list"),
        path("new/", choose_kind_page, name="choose"),
        path("new/<slug:kind>/", new_limit_page, name="new"),
        path("repeated/", breakers_page, name="breakers"),
        path("<uuid:pk>/", limit_page, name="detail"),
        path("<uuid:pk>/remove/", remove_this_limit, name="remove"),
    ],
    "limits",
)
