"""Addresses of integrations and profiles."""

from __future__ import annotations

from django.urls import path

from connectors.pages.access_step import access_step
from connectors.pages.bulk import bulk_page, set_many_tools, undo_bulk
from connectors.pages.connector.access import access_tab, save_approvers
from connectors.pages.connector.accounts import accounts_tab, end_account
from connectors.pages.connector.activity import activity_tab
from connectors.pages.connector.authentication import authentication_tab, switch_back_to_secret
from connectors.pages.connector.buttons import (
    pause_this_connector,
    resume_this_connector,
    sync_this_connector,
    test_this_connector,
)
from connectors.pages.connector.rules import change_rule_page, delete_rule, rules_tab
from connectors.pages.connector.settings import (
    delete_connector_page,
    save_basics_of_connector,
    save_checks_of_connector,
    save_connection_of_connector,
    save_identity_of_connector,
    settings_tab,
)
from connectors.pages.connector.shared_account import sign_in_for_everybody, signed_in_for_everybody
from connectors.pages.connector.tools import tools_tab
from connectors.pages.drafts import discard_draft_page
from connectors.pages.integrations import integrations_page
from connectors.pages.integrations_bulk import change_many_connectors
from connectors.pages.new_connector import connect_sample, new_connector_page, paste_configuration
from connectors.pages.person import person_can_call_page
from connectors.pages.preview import preview_page
from connectors.pages.profile_members import profile_members_page, remove_from_profile
from connectors.pages.profile_scopes import end_this_scope
from connectors.pages.profiles import (
    delete_profile_page,
    new_profile_page,
    new_scope_page,
    profile_page,
)
from connectors.pages.profiles_list import profiles_page
from connectors.pages.ready import begin_with_connector, ready_page
from connectors.pages.tool import (
    accept_change_of_tool,
    refuse_change_of_tool,
    tool_page,
)
from connectors.pages.wizard import (
    authentication_step,
    basics_step,
    connection_step,
    resume_set_up,
)

connector_urls = (
    [
        path("", integrations_page, name="list"),
        path("change/", change_many_connectors, name="bulk"),
        path("new/", new_connector_page, name="new"),
        path("new/sample/", connect_sample, name="sample"),
        path("new/paste/", paste_configuration, name="paste"),
        path("<uuid:pk>/setup/", resume_set_up, name="setup"),
        path("<uuid:pk>/setup/basics/", basics_step, name="setup_basics"),
        path("<uuid:pk>/setup/connection/", connection_step, name="setup_connection"),
        path("<uuid:pk>/setup/authentication/", authentication_step, name="setup_authentication"),
        path("<uuid:pk>/setup/access/", access_step, name="setup_access"),
        path("<uuid:pk>/discard/", discard_draft_page, name="discard"),
        path("<uuid:pk>/ready/", ready_page, name="ready"),
        path("<uuid:pk>/ready/begin/", begin_with_connector, name="begin"),
        path("<uuid:pk>/", tools_tab, name="detail"),
        path("<uuid:pk>/access/", access_tab, name="access"),
        path("<uuid:pk>/access/approvers/", save_approvers, name="approvers"),
        path("<uuid:pk>/authentication/", authentication_tab, name="authentication"),
        path("<uuid:pk>/accounts/", accounts_tab, name="accounts"),
        path("<uuid:pk>/accounts/<uuid:grant_id>/disconnect/", end_account, name="end_account"),
        path("<uuid:pk>/authentication/switch-back/", switch_back_to_secret, name="switch_back"),
        path("<uuid:pk>/authentication/sign-in/", sign_in_for_everybody, name="sign_in_for_everybody"),
        path("<uuid:pk>/authentication/signed-in/", signed_in_for_everybody, name="signed_in_for_everybody"),
        path("<uuid:pk>/activity/", activity_tab, name="activity"),
        path("<uuid:pk>/rules/", rules_tab, name="rules"),
        path("<uuid:pk>/rules/<uuid:rule_pk>/", change_rule_page, name="change_rule"),
        path("<uuid:pk>/rules/<uuid:rule_pk>/delete/", delete_rule, name="delete_rule"),
        path("<uuid:pk>/settings/", settings_tab, name="settings"),
        path("<uuid:pk>/settings/basics/", save_basics_of_connector, name="basics"),
        path("<uuid:pk>/settings/connection/", save_connection_of_connector, name="connection"),
        path("<uuid:pk>/settings/checks/", save_checks_of_connector, name="checks"),
        path("<uuid:pk>/settings/identity/", save_identity_of_connector, name="identity"),
        path("<uuid:pk>/delete/", delete_connector_page, name="delete"),
        path("<uuid:pk>/test/", test_this_connector, name="test"),
        path("<uuid:pk>/sync/", sync_this_connector, name="sync"),
        path("<uuid:pk>/pause/", pause_this_connector, name="pause"),
        path("<uuid:pk>/resume/", resume_this_connector, name="resume"),
        path("<uuid:pk>/tools/set/", set_many_tools, name="set_tools"),
        path("<uuid:pk>/tools/together/<uuid:bulk_pk>/", bulk_page, name="tool_changes"),
        path("<uuid:pk>/tools/together/<uuid:bulk_pk>/undo/", undo_bulk, name="undo_tool_changes"),
        path("<uuid:pk>/tools/<uuid:tool_pk>/", tool_page, name="tool"),
        path("<uuid:pk>/tools/<uuid:tool_pk>/accept/", accept_change_of_tool, name="accept_change"),
        path("<uuid:pk>/tools/<uuid:tool_pk>/refuse/", refuse_change_of_tool, name="refuse_change"),
    ],
    "connectors",
)

profile_urls = (
    [
        path("", profiles_page, name="list"),
        path("new/", new_profile_page, name="new"),
        path("people/<uuid:pk>/", person_can_call_page, name="person"),
        path("<uuid:pk>/", profile_page, name="detail"),
        path("<uuid:pk>/scopes/new/", new_scope_page, name="new_scope"),
        path("<uuid:pk>/scopes/<uuid:scope_pk>/end/", end_this_scope, name="end_scope"),
        path("<uuid:pk>/preview/", preview_page, name="preview"),
        path("<uuid:pk>/named/<slug:what>/", profile_members_page, name="members"),
        path("<uuid:pk>/named/<slug:what>/<uuid:member_pk>/remove/", remove_from_profile, name="remove_member"),
        path("<uuid:pk>/delete/", delete_profile_page, name="delete"),
    ],
    "profiles",
)
