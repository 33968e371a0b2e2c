"""The addresses of explaining, below /settings/explain/."""

from django.urls import path

from harriet.console.explain.pages import coverage_page, policy_page, view_as_page, why_page

explain_urls = (
    [
        path("", why_page, name="why"),
        path("view-as/", view_as_page, name="view_as"),
        path("policy/", policy_page, name="policy"),
        path("coverage/", coverage_page, name="coverage"),
    ],
    "explain",
)
