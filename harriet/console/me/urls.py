"""The addresses of My AI, below /me/."""

from __future__ import annotations

from django.urls import path

from harriet.console.me.apps import disconnect_my_app, my_apps_page
from harriet.console.me.connect import client_page, connect_page, connected_page
from harriet.console.me.connections import (
    connect_account_page,
    disconnect_account,
    disconnect_left_over,
    my_connection_page,
    my_connections_page,
)
from harriet.console.me.devices import (
    issue_my_token,
    my_devices_page,
    my_token_page,
    register_my_device,
    rename_my_device,
    revoke_my_device,
    revoke_my_token,
    set_trust_of_my_device,
)
from harriet.console.me.doctor import my_doctor_page
from harriet.console.me.enrolment.pages import begin_enrolment
from harriet.console.me.home import my_activity_page, my_home_page, my_waiting_page, withdraw_my_call
from harriet.console.me.offered import offered_credential_page, taken_page
from harriet.console.me.sign_in import sign_in_page
from harriet.console.me.tools import my_tools_page, request_page
from harriet.console.me.usage import my_usage_page

me_urls = (
    [
        path("", my_home_page, name="home"),
        path("tools/", my_tools_page, name="tools"),
        path("tools/request/", request_page, name="request"),
        path("devices/", my_devices_page, name="devices"),
        path("devices/register/", register_my_device, name="register"),
        path("devices/set-up/", begin_enrolment, name="set_up"),
        path("devices/<uuid:pk>/trust/", set_trust_of_my_device, name="trust_device"),
        path("devices/<uuid:pk>/rename/", rename_my_device, name="rename_device"),
        path("devices/<uuid:pk>/revoke/", revoke_my_device, name="revoke_device"),
        path("devices/tokens/new/", issue_my_token, name="personal_token"),
        path("devices/tokens/<uuid:pk>/", my_token_page, name="token"),
        path("devices/tokens/<uuid:pk>/revoke/", revoke_my_token, name="revoke_token"),
        path("apps/", my_apps_page, name="apps"),
        path("apps/<uuid:pk>/disconnect/", disconnect_my_app, name="disconnect"),
        path("doctor/", my_doctor_page, name="doctor"),
        path("credentials/<uuid:pk>/", offered_credential_page, name="credential"),
        path("credentials/<uuid:pk>/taken/", taken_page, name="taken"),
        path("connect/", connect_page, name="connect"),
        path("connect/sign-in/", sign_in_page, name="sign_in"),
        path("connect/made/<uuid:pk>/<slug:key>/", connected_page, name="connected"),
        path("connect/<slug:profile>/<slug:key>/", client_page, name="client"),
        path("activity/", my_activity_page, name="activity"),
        path("usage/", my_usage_page, name="usage"),
        path("waiting/", my_waiting_page, name="waiting"),
        path("waiting/<int:number>/withdraw/", withdraw_my_call, name="withdraw"),
    ],
    "me",
)

connection_urls = (
    [
        path("", my_connections_page, name="list"),
        path("<uuid:connector_id>/", my_connection_page, name="detail"),
        path("<uuid:connector_id>/connect/", connect_account_page, name="connect"),
        path("<uuid:connector_id>/disconnect/", disconnect_account, name="disconnect"),
        path("left-over/<uuid:grant_id>/disconnect/", disconnect_left_over, name="left_over"),
    ],
    "connections",
)
"""Mounted at /me/connections/."""
