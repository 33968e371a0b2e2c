"""Which page is at which address."""

import warnings
from importlib import import_module
from typing import Any

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from harriet.console.urls import console_urls, organization_urls, root_urls


def _mounted(address: str, module: str, name: str) -> list[URLResolver]:
    """First version: mounts what exists already."""
    try:
        urls: Any = getattr(import_module(module), name, None)
    except ImportError as error:
        warnings.warn(f"{module} is not mounted: {error}", stacklevel=2)
        return []
    return [path(address, include(urls))] if urls else []


urlpatterns: list[URLPattern | URLResolver] = [
    *root_urls,
    *_mounted("accounts/", "harriet.signin.urls", "account_urls"),
    *_mounted("", "harriet.signin.urls", "people_urls"),
    *_mounted("settings/groups/", "harriet.people.urls", "group_urls"),
    *_mounted("settings/devices/", "harriet.people.urls", "device_urls"),
    *_mounted("settings/vault/", "vault.urls", "vault_urls"),
    *_mounted("settings/audit/", "harriet.console.audit.urls", "audit_urls"),
    *_mounted("settings/integrations/", "connectors.urls", "connector_urls"),
    *_mounted("settings/tools/", "harriet.console.tools.urls", "tool_urls"),
    *_mounted("settings/profiles/", "connectors.urls", "profile_urls"),
    *_mounted("me/", "harriet.console.me.urls", "me_urls"),
    *_mounted("tickets/", "approvals.urls", "ticket_urls"),
    *_mounted("api/v1/", "harriet.console.api_urls", "api_urls"),
    path("settings/organization/", include(organization_urls)),
    path("settings/", include(console_urls)),
    path("settings/", admin.site.urls),
]

handler403 = "harriet.console.errors.forbidden"
handler404 = "harriet.console.errors.not_found"
