"""The registry's addresses, below /registry/<organization>/ as its API writes them, and its page's."""

from __future__ import annotations

from django.urls import path

from harriet.console.mcp_registry.pages import registry_page
from harriet.console.mcp_registry.views import list_servers, list_versions, show_version

registry_urls = (
    [
        path("<slug:organization>/v0.1/servers", list_servers, name="servers"),
        path("<slug:organization>/v0.1/servers/<path:name>/versions", list_versions, name="versions"),
        path("<slug:organization>/v0.1/servers/<path:name>/versions/<str:version>", show_version, name="version"),
        path("<slug:organization>/v0.1/servers/<path:name>", show_version, name="server"),
    ],
    "registry",
)
registry_settings_urls = ([path("", registry_page, name="detail")], "registry_settings")
