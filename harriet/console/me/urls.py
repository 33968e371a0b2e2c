"""The addresses of My AI, below /me/."""

from __future__ import annotations

from django.urls import path

from harriet.console.me import offered, views

me_urls = (
    [
        path("", views.home, name="home"),
        path("devices/", views.devices, name="devices"),
        path("devices/register/", views.register, name="register"),
        path("devices/<uuid:pk>/revoke/", views.revoke_my_device, name="revoke_device"),
        path("devices/tokens/new/", views.personal_token, name="personal_token"),
        path("devices/tokens/<uuid:pk>/revoke/", views.revoke_my_token, name="revoke_token"),
        path("credentials/<uuid:pk>/", offered.credential, name="credential"),
        path("connect/", views.connect, name="connect"),
        path("connect/arrival/<uuid:pk>/", views.arrival, name="arrival"),
        path("connect/<slug:profile>/<slug:key>/", views.client, name="client"),
        path("activity/", views.activity, name="activity"),
        path("waiting/", views.waiting, name="waiting"),
    ],
    "me",
)
