"""The addresses of the console's own pages."""

from django.urls import path

from harriet.console.account import account_page, end_sessions
from harriet.console.client_models import client_models_page
from harriet.console.handing_over.pages import hand_over_page, off_board_page
from harriet.console.home import home_page
from harriet.console.inbox import inbox_page
from harriet.console.installation.pages import licences_page, test_mail, this_installation_page
from harriet.console.organization import organization_page
from harriet.console.picking import options
from harriet.console.search.pages import search_page
from harriet.console.views import frame, overview_page

root_urls = [path("", home_page, name="home"), path("pick/<slug:key>/", options, name="pick")]

console_urls = (
    [
        path("", overview_page, name="overview"),
        path("search/", search_page, name="search"),
        path("frame/", frame, name="frame"),
        path("inbox/", inbox_page, name="inbox"),
        path("account/", account_page, name="account"),
        path("account/sessions/end/", end_sessions, name="end_sessions"),
        path("people/<uuid:pk>/off-board/", off_board_page, name="off_board"),
        path("client-models/", client_models_page, name="client_models"),
        path("hand-over/", hand_over_page, name="hand_over"),
    ],
    "console",
)

organization_urls = (
    [
        path("", organization_page, name="detail"),
        path("installation/", this_installation_page, name="installation"),
        path("installation/test-mail/", test_mail, name="test_mail"),
        path("licences/", licences_page, name="licences"),
    ],
    "organization",
)
