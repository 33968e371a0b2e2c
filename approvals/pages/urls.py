"""The addresses of tickets, below /tickets/, and of webhooks."""

from django.urls import path

from approvals.pages.detail import ticket_detail
from approvals.pages.edit import edit
from approvals.pages.reports import answer, new_report_page
from approvals.pages.requests import decline, give
from approvals.pages.sent import sent_file, sent_page
from approvals.pages.talk import claim, comment, hand_over, release
from approvals.pages.tickets import approve, reject, withdraw
from approvals.pages.tickets_bulk import decide_many_tickets
from approvals.pages.tickets_list import ticket_list
from approvals.pages.webhooks import (
    new_webhook_page,
    remove_this_webhook,
    try_this_webhook,
    webhook_made_page,
    webhook_page,
    webhooks_page,
)

ticket_urls = (
    [
        path("", ticket_list, name="list"),
        path("decide/", decide_many_tickets, name="bulk"),
        path("report/", new_report_page, name="report"),
        path("<int:number>/", ticket_detail, name="detail"),
        path("<int:number>/answer/", answer, name="answer"),
        path("<int:number>/approve/", approve, name="approve"),
        path("<int:number>/edit/", edit, name="edit"),
        path("<int:number>/reject/", reject, name="reject"),
        path("<int:number>/withdraw/", withdraw, name="withdraw"),
        path("<int:number>/comment/", comment, name="comment"),
        path("<int:number>/claim/", claim, name="claim"),
        path("<int:number>/release/", release, name="release"),
        path("<int:number>/hand-over/", hand_over, name="hand_over"),
        path("<int:number>/sent/<slug:part>/", sent_page, name="sent"),
        path("<int:number>/sent/<slug:part>.json", sent_file, name="sent_file"),
        path("<int:number>/give/", give, name="give"),
        path("<int:number>/decline/", decline, name="decline"),
    ],
    "tickets",
)

# Mounted at /settings/webhooks/.
webhook_urls = (
    [
        path("", webhooks_page, name="list"),
        path("new/", new_webhook_page, name="new"),
        path("made/<uuid:pk>/", webhook_made_page, name="made"),
        path("<uuid:pk>/", webhook_page, name="detail"),
        path("<uuid:pk>/try/", try_this_webhook, name="try"),
        path("<uuid:pk>/remove/", remove_this_webhook, name="remove"),
    ],
    "webhooks",
)
