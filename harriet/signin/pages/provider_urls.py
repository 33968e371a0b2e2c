"""Addresses of signing in by a provider (below /accounts/sso/), and of its settings (below /settings/sign-in/)."""

from __future__ import annotations

from django.urls import path

from harriet.signin.pages import by_provider, provider, sign_in_settings

sso_urls = (
    [
        path("", by_provider.find_page, name="find"),
        path("for/<uuid:pk>/", by_provider.organization_page, name="organization"),
        path("<uuid:pk>/", by_provider.start, name="start"),
        path("<uuid:pk>/callback/", by_provider.callback, name="callback"),
        path("<uuid:pk>/acs/", by_provider.acs, name="acs"),
        path("<uuid:pk>/done/<uuid:attempt_pk>/", by_provider.done, name="done"),
        path("<uuid:pk>/link/<uuid:attempt_pk>/", by_provider.link, name="link"),
        path("<uuid:pk>/metadata/", by_provider.metadata, name="metadata"),
        path("<uuid:pk>/logout/", by_provider.provider_logout, name="logout"),
    ],
    "sso",
)

sign_in_urls = (
    [
        path("", sign_in_settings.sign_in_page, name="list"),
        path("key/", sign_in_settings.replace_this_key, name="replace_key"),
        path("rule/", sign_in_settings.save_rule, name="rule"),
        path("providers/new/", sign_in_settings.new_provider_page, name="new"),
        path("providers/<uuid:pk>/", provider.provider_page, name="provider"),
        path("providers/<uuid:pk>/settings/", provider.save_settings, name="settings"),
        path("providers/<uuid:pk>/claims/", provider.save_these_claims, name="claims"),
        path("providers/<uuid:pk>/mappings/", provider.add_this_mapping, name="map"),
        path("providers/<uuid:pk>/mappings/<uuid:mapping_pk>/remove/", provider.remove_this_mapping, name="unmap"),
        path("providers/<uuid:pk>/switch/", provider.switch_this_provider, name="switch"),
        path("providers/<uuid:pk>/remove/", provider.remove_this_provider, name="remove"),
        path("providers/<uuid:pk>/test/", provider.test_sign_in, name="test"),
        path("providers/<uuid:pk>/tested/<uuid:attempt_pk>/", provider.tested_page, name="tested"),
        path("domains/", sign_in_settings.add_this_domain, name="add_domain"),
        path("domains/<uuid:pk>/verify/", sign_in_settings.verify_this_domain, name="verify_domain"),
        path("domains/<uuid:pk>/remove/", sign_in_settings.remove_this_domain, name="remove_domain"),
        path("people/<uuid:pk>/separate/", sign_in_settings.separate_this_person, name="separate"),
    ],
    "sign_in",
)
