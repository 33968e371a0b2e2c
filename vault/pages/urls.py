"""The vault's pages, mounted at /settings/vault/."""

from django.urls import path

from vault.pages.vault_bulk import change_many_secrets
from vault.pages.vault_list import vault_page
from vault.pages.views import schedule_page

vault_urls = (
    [
        path("", vault_page, name="list"),
        path("change/", change_many_secrets, name="bulk"),
        path("<uuid:pk>/schedule/", schedule_page, name="schedule"),
    ],
    "vault",
)
