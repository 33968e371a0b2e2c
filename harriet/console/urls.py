"""The addresses of the console's own pages."""

from django.urls import path

from harriet.console import views
from harriet.console.organization import organization_detail

root_urls = [path("", views.home, name="home")]

console_urls = (
    [
        path("", views.overview, name="overview"),
        path("search/", views.search, name="search"),
        path("inbox/", views.inbox, name="inbox"),
        path("account/", views.account, name="account"),
    ],
    "console",
)

organization_urls = ([path("", organization_detail, name="detail")], "organization")
