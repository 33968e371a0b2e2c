"""The addresses of tickets, below /tickets/."""

from django.urls import path

from approvals.pages.tickets import approve, reject, ticket_detail, ticket_list

ticket_urls = (
    [
        path("", ticket_list, name="list"),
        path("<int:number>/", ticket_detail, name="detail"),
        path("<int:number>/approve/", approve, name="approve"),
        path("<int:number>/reject/", reject, name="reject"),
    ],
    "tickets",
)
