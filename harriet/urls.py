"""Which page is at which address."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from approvals.pages.urls import ticket_urls, webhook_urls
from approvals.pages.workflow_urls import workflow_urls
from connectors.pages.reviews.urls import review_urls
from connectors.pages.urls import connector_urls, profile_urls
from harriet.console.agents.urls import agent_urls
from harriet.console.api_urls import api_urls
from harriet.console.audit.urls import audit_urls
from harriet.console.control_files.urls import control_files_urls, live_urls
from harriet.console.explain.urls import explain_urls
from harriet.console.help.urls import help_urls
from harriet.console.limits.urls import limit_urls
from harriet.console.mcp_registry.urls import registry_settings_urls, registry_urls
from harriet.console.me.callback import oauth_callback
from harriet.console.me.enrolment.urls import enrolment_urls
from harriet.console.me.urls import connection_urls, me_urls
from harriet.console.stops.urls import stop_urls
from harriet.console.tools.urls import tool_urls
from harriet.console.unmanaged.urls import unmanaged_urls
from harriet.console.urls import console_urls, organization_urls, root_urls
from harriet.console.usage.urls import usage_urls
from harriet.people.pages.urls import device_urls, group_urls
from harriet.signin.pages.oauth_urls import oauth_urls
from harriet.signin.pages.provider_urls import sign_in_urls, sso_urls
from harriet.signin.pages.urls import account_urls, client_urls, doctor_urls, issuer_urls, people_urls, scim_urls
from harriet.signin.scim.address import scim
from vault.oauth.addresses import CALLBACK_PATH
from vault.pages.urls import client_document_urls, vault_urls

urlpatterns: list[URLPattern | URLResolver] = [
    *root_urls,
    *client_document_urls,
    path("accounts/sso/", include(sso_urls)),
    path("accounts/", include(account_urls)),
    path("", include(people_urls)),
    path("", include(oauth_urls)),
    path("me/connections/", include(connection_urls)),
    path("me/", include(me_urls)),
    path(f"{CALLBACK_PATH}/<slug:issuer_name>", oauth_callback, name="oauth_callback"),
    path("enrol/", include(enrolment_urls)),
    path("help/", include(help_urls)),
    path("tickets/", include(ticket_urls)),
    path("workflows/", include(workflow_urls)),
    path("settings/integrations/", include(connector_urls)),
    path("settings/reviews/", include(review_urls)),
    path("settings/tools/", include(tool_urls)),
    path("settings/profiles/", include(profile_urls)),
    path("settings/groups/", include(group_urls)),
    path("settings/clients/", include(client_urls)),
    path("settings/trusted-issuers/", include(issuer_urls)),
    path("settings/explain/", include(explain_urls)),
    path("settings/doctor/", include(doctor_urls)),
    path("settings/agents/", include(agent_urls)),
    path("settings/limits/", include(limit_urls)),
    path("settings/usage/", include(usage_urls)),
    path("settings/emergency-stop/", include(stop_urls)),
    path("settings/devices/", include(device_urls)),
    path("settings/unmanaged/", include(unmanaged_urls)),
    path("settings/control-files/", include(control_files_urls)),
    path("settings/registry/", include(registry_settings_urls)),
    path("settings/vault/", include(vault_urls)),
    path("settings/audit/", include(audit_urls)),
    path("settings/scim/", include(scim_urls)),
    path("settings/webhooks/", include(webhook_urls)),
    path("settings/organization/", include(organization_urls)),
    path("settings/sign-in/", include(sign_in_urls)),
    path("settings/", include(console_urls)),
    path("settings/", admin.site.urls),
    path("registry/", include(registry_urls)),
    *live_urls,
    path("api/v1/", include(api_urls)),
    path("scim/v2/<slug:organization>/", scim, name="scim_root"),
    path("scim/v2/<slug:organization>/<path:path>", scim, name="scim"),
]

handler400 = "harriet.console.errors.bad_request"
handler403 = "harriet.console.errors.forbidden"
handler404 = "harriet.console.errors.not_found"
