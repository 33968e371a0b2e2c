"""The addresses of tickets, below /tickets/."""

from django.urls import path

from approvals.pages import tickets

ticket_urls = (
    [
        path("", tickets.ticket_list, name="list"),
        path("<int:number>/", tickets.ticket_detail, name="detail"),
        path("<int:number>/approve/", tickets.approve, name="approve"),
        path("<int:number>/reject/", tickets.reject, name="reject"),
    ],
    "tickets",
)
