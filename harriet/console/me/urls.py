"""The addresses of My AI, below /me/."""

from __future__ import annotations

from django.urls import path

from harriet.console.me.connect import arrival_page, client_page, connect_page
from harriet.console.me.devices import (
    issue_my_token,
    my_devices_page,
    register_my_device,
    revoke_my_device,
    revoke_my_token,
)
from harriet.console.me.home import my_activity_page, my_home_page, my_waiting_page
from harriet.console.me.offered import offered_credential_page

me_urls = (
    [
        path("", my_home_page, name="home"),
        path("devices/", my_devices_page, name="devices"),
        path("devices/register/", register_my_device, name="register"),
        path("devices/<uuid:pk>/revoke/", revoke_my_device, name="revoke_device"),
        path("devices/tokens/new/", issue_my_token, name="personal_token"),
        path("devices/tokens/<uuid:pk>/revoke/", revoke_my_token, name="revoke_token"),
        path("credentials/<uuid:pk>/", offered_credential_page, name="credential"),
        path("connect/", connect_page, name="connect"),
        path("connect/arrival/<uuid:pk>/", arrival_page, name="arrival"),
        path("connect/<slug:profile>/<slug:key>/", client_page, name="client"),
        path("activity/", my_activity_page, name="activity"),
        path("waiting/", my_waiting_page, name="waiting"),
    ],
    "me",
)
