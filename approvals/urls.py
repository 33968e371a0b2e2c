"""The addresses of tickets, below /tickets/."""

from django.urls import path

from approvals import views

ticket_urls = (
    [
        path("", views.ticket_list, name="list"),
        path("<int:number>/", views.ticket_detail, name="detail"),
        path("<int:number>/approve/", views.approve, name="approve"),
        path("<int:number>/reject/", views.reject, name="reject"),
    ],
    "tickets",
)
