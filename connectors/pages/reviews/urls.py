"""Addresses of reviews."""

from __future__ import annotations

from django.urls import path

from connectors.pages.reviews.one import approve, approve_alone, comment, review_page, send_back, submit_again
from connectors.pages.reviews.queue import allow_own_reviews, end_own_reviews, reviews_page

review_urls = (
    [
        path("", reviews_page, name="list"),
        path("own/allow/", allow_own_reviews, name="allow_own"),
        path("own/end/", end_own_reviews, name="end_own"),
        path("of/<uuid:pk>/submit/", submit_again, name="submit"),
        path("<uuid:pk>/", review_page, name="detail"),
        path("<uuid:pk>/approve/", approve, name="approve"),
        path("<uuid:pk>/approve-alone/", approve_alone, name="approve_alone"),
        path("<uuid:pk>/send-back/", send_back, name="send_back"),
        path("<uuid:pk>/comment/", comment, name="comment"),
    ],
    "reviews",
)
