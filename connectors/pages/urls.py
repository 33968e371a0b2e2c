"""Addresses of integrations and profiles."""

from __future__ import annotations

from django.urls import path

from connectors.pages import connector as connector_views
from connectors.pages import integrations as views
from connectors.pages import person as person_views
from connectors.pages import profiles as profile_views
from connectors.pages import tool as tool_views
from connectors.pages import wizard as wizard_views

connector_urls = (
    [
        path("", views.integrations, name="list"),
        path("new/", wizard_views.new, name="new"),
        path("new/sample/", wizard_views.sample, name="sample"),
        path("new/paste/", wizard_views.paste, name="paste"),
        path("<uuid:pk>/setup/", wizard_views.resume, name="setup"),
        path("<uuid:pk>/setup/basics/", wizard_views.basics, name="setup_basics"),
        path("<uuid:pk>/setup/connection/", wizard_views.connection, name="setup_connection"),
        path("<uuid:pk>/setup/authentication/", wizard_views.authentication, name="setup_authentication"),
        path("<uuid:pk>/setup/access/", wizard_views.access, name="setup_access"),
        path("<uuid:pk>/ready/", wizard_views.ready, name="ready"),
        path("<uuid:pk>/", connector_views.tools, name="detail"),
        path("<uuid:pk>/access/", connector_views.access, name="access"),
        path("<uuid:pk>/access/approvers/", connector_views.approvers, name="approvers"),
        path("<uuid:pk>/authentication/", connector_views.authentication, name="authentication"),
        path("<uuid:pk>/authentication/switch-back/", connector_views.switch_back, name="switch_back"),
        path("<uuid:pk>/activity/", connector_views.activity, name="activity"),
        path("<uuid:pk>/settings/", connector_views.settings, name="settings"),
        path("<uuid:pk>/settings/basics/", connector_views.basics, name="basics"),
        path("<uuid:pk>/settings/connection/", connector_views.connection, name="connection"),
        path("<uuid:pk>/settings/checks/", connector_views.checks, name="checks"),
        path("<uuid:pk>/delete/", connector_views.delete, name="delete"),
        path("<uuid:pk>/test/", connector_views.test, name="test"),
        path("<uuid:pk>/sync/", connector_views.sync, name="sync"),
        path("<uuid:pk>/pause/", connector_views.pause, name="pause"),
        path("<uuid:pk>/resume/", connector_views.resume, name="resume"),
        path("<uuid:pk>/tools/set/", tool_views.set_many, name="set_tools"),
        path("<uuid:pk>/tools/<uuid:tool_pk>/", tool_views.tool, name="tool"),
        path("<uuid:pk>/tools/<uuid:tool_pk>/switch/", tool_views.switch, name="switch_tool"),
        path("<uuid:pk>/tools/<uuid:tool_pk>/accept/", tool_views.accept, name="accept_change"),
        path("<uuid:pk>/tools/<uuid:tool_pk>/refuse/", tool_views.refuse, name="refuse_change"),
    ],
    "connectors",
)

profile_urls = (
    [
        path("", profile_views.profiles, name="list"),
        path("new/", profile_views.new, name="new"),
        path("people/<uuid:pk>/", person_views.person, name="person"),
        path("<uuid:pk>/", profile_views.profile, name="detail"),
        path("<uuid:pk>/preview/", profile_views.preview_page, name="preview"),
        path("<uuid:pk>/delete/", profile_views.delete, name="delete"),
    ],
    "profiles",
)
