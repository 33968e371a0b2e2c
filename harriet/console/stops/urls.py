"""The addresses of the emergency stop, below /settings/emergency-stop/."""

from __future__ import annotations

from django.urls import path

from harriet.console.stops.pages import new_stop_page, stop_page, stops_page

stop_urls = (
    [
        path("", stops_page, name="list"),
        path("new/<slug:kind>/", new_stop_page, name="new"),
        path("<uuid:pk>/", stop_page, name="detail"),
    ],
    "stops",
)
