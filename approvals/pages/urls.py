"""The addresses of tickets, below /tickets/."""

from django.urls import path

from approvals.pages.requests import decline, give
from approvals.pages.tickets import approve, reject, ticket_detail, withdraw
from approvals.pages.tickets_bulk import decide_many_tickets
from approvals.pages.tickets_list import ticket_list

ticket_urls = (
    [
        path("", ticket_list, name="list"),
        path("decide/", decide_many_tickets, name="bulk"),
        path("<int:number>/", ticket_detail, name="detail"),
        path("<int:number>/approve/", approve, name="approve"),
        path("<int:number>/reject/", reject, name="reject"),
        path("<int:number>/withdraw/", withdraw, name="withdraw"),
        path("<int:number>/give/", give, name="give"),
        path("<int:number>/decline/", decline, name="decline"),
    ],
    "tickets",
)
