"""The vault's pages, mounted at /settings/vault/."""

from django.urls import path

from vault.oauth.addresses import DOCUMENT_PATH
from vault.pages.client_document import client_document_page
from vault.pages.grants import disconnect_grant, grant_page, grants_page, renew_grant
from vault.pages.oauth_client import (
    oauth_client_page,
    rediscover_oauth_client,
    register_oauth_client_anew,
)
from vault.pages.oauth_clients import oauth_clients_page
from vault.pages.vault_bulk import change_many_secrets
from vault.pages.vault_list import vault_page
from vault.pages.views import schedule_page

vault_urls = (
    [
        path("", vault_page, name="list"),
        path("change/", change_many_secrets, name="bulk"),
        path("grants/", grants_page, name="grants"),
        path("grants/<uuid:pk>/", grant_page, name="grant"),
        path("grants/<uuid:pk>/renew/", renew_grant, name="renew_grant"),
        path("grants/<uuid:pk>/disconnect/", disconnect_grant, name="disconnect_grant"),
        path("<uuid:pk>/schedule/", schedule_page, name="schedule"),
        path("oauth/", oauth_clients_page, name="oauth_clients"),
        path("oauth/<uuid:pk>/", oauth_client_page, name="oauth_client"),
        path("oauth/<uuid:pk>/rediscover/", rediscover_oauth_client, name="oauth_rediscover"),
        path("oauth/<uuid:pk>/register/", register_oauth_client_anew, name="oauth_register"),
    ],
    "vault",
)

client_document_urls = [path(f"{DOCUMENT_PATH}/<slug:issuer_name>.json", client_document_page, name="client_document")]
"""Mounted at the root."""
