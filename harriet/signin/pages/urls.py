"""The door's addresses: allauth's pages that Harriet offers, the "people" namespace with set-up and joining, and AI
clients with their doctor."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path

from harriet.people.errors import NotFound
from harriet.people.pages.urls import people_pages
from harriet.signin.pages.client import (
    client_page,
    disconnect_app,
    made_client_page,
    new_client_page,
    replace_secret,
)
from harriet.signin.pages.clients import allow_this_client, block_this_client, clients_page
from harriet.signin.pages.doctor import doctor_page
from harriet.signin.pages.newcomers import join, join_known, setup
from harriet.signin.pages.recovery import (
    make_link_for_person,
    new_password_page,
    recover_page,
    reset_factors_of_person,
)
from harriet.signin.pages.scim import (
    new_scim_token_page,
    revoke_scim_token,
    scim_page,
    scim_token_issued_page,
)
from harriet.signin.pages.trusted_issuers import (
    approve_this_profile,
    end_this_issuer,
    issuer_page,
    issuers_page,
    new_issuer_page,
)


@login_not_required
def not_offered(request: HttpRequest, **_: str) -> HttpResponse:
    raise NotFound("Harriet does not offer this page. Your address is changed by who manages people here.")


# Mounted at /accounts/. What stands first wins: allauth names these pages in its own code, Harriet does not offer them.
account_urls: list[URLPattern | URLResolver] = [
    path("email/", not_offered, name="account_email"),
    path("confirm-email/", not_offered, name="account_email_verification_sent"),
    path("confirm-email/<str:key>/", not_offered, name="account_confirm_email"),
    path("login/code/confirm/", not_offered, name="account_confirm_login_code"),
    path("", include("allauth.urls")),
]

# Mounted at the root.
people_urls = (
    [
        *people_pages,
        path("settings/people/<uuid:pk>/recover/", recover_page, name="recover"),
        path("settings/people/<uuid:pk>/recover/factors/", reset_factors_of_person, name="reset_factors"),
        path("settings/people/<uuid:pk>/recover/link/", make_link_for_person, name="recovery_link"),
        path("recover/<str:token>/", new_password_page, name="new_password"),
        path("setup/<str:token>/", setup, name="setup"),
        path("join/<str:token>/", join, name="join"),
        path("join/", join_known, name="join_known"),
    ],
    "people",
)

client_urls = (
    [
        path("", clients_page, name="list"),
        path("new/", new_client_page, name="new"),
        path("made/<uuid:pk>/", made_client_page, name="made"),
        path("apps/<uuid:pk>/disconnect/", disconnect_app, name="disconnect"),
        path("<uuid:pk>/", client_page, name="detail"),
        path("<uuid:pk>/allow/", allow_this_client, name="allow"),
        path("<uuid:pk>/block/", block_this_client, name="block"),
        path("<uuid:pk>/secret/", replace_secret, name="secret"),
    ],
    "clients",
)

issuer_urls = (
    [
        path("", issuers_page, name="list"),
        path("new/", new_issuer_page, name="new"),
        path("profiles/<uuid:pk>/approve/", approve_this_profile, name="approve"),
        path("<uuid:pk>/", issuer_page, name="detail"),
        path("<uuid:pk>/end/", end_this_issuer, name="end"),
    ],
    "issuers",
)

doctor_urls = ([path("", doctor_page, name="list")], "doctor")

# Mounted at /settings/scim/.
scim_urls = (
    [
        path("", scim_page, name="settings"),
        path("new/", new_scim_token_page, name="new"),
        path("issued/<uuid:pk>/", scim_token_issued_page, name="issued"),
        path("<uuid:pk>/revoke/", revoke_scim_token, name="revoke"),
    ],
    "scim",
)
