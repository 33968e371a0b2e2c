"""The vault's pages, mounted at /settings/vault/."""

from django.urls import path

from vault.pages.views import schedule_page, vault_page

vault_urls = (
    [
        path("", vault_page, name="list"),
        path("<uuid:pk>/schedule/", schedule_page, name="schedule"),
    ],
    "vault",
)
