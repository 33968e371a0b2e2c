"""The REST API's addresses, gathered from the apps; its schema, and a page to read it."""

from __future__ import annotations

from django.urls import path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import IsAuthenticated

import harriet.console.api_schema  # noqa: F401 (registers how programs sign in)
from approvals.api.run_schedules import run_schedule_api_urls
from approvals.api.runs import run_api_urls
from approvals.api.tickets import ticket_api_urls
from approvals.api.webhooks import webhook_api_urls
from approvals.api.workflows import workflow_api_urls
from connectors.api.policy import policy_api_urls
from connectors.api.profiles import profile_api_urls
from connectors.api.reviews import review_api_urls
from connectors.api.views import connector_api_urls
from harriet.console.api_page import api_page
from harriet.console.audit.api import audit_api_urls
from harriet.console.limits.api import limit_api_urls
from harriet.console.stops.api import stop_api_urls
from harriet.console.usage.api import usage_api_urls
from harriet.people.api.agents import agent_api_urls
from harriet.people.api.views import people_api_urls
from harriet.signin.api.trust import trust_api_urls
from harriet.signin.api.views import signin_api_urls

api_urls = (
    [
        path("", api_page, name="page"),
        path("schema/", SpectacularAPIView.as_view(permission_classes=[IsAuthenticated]), name="schema"),
        *connector_api_urls,
        *profile_api_urls,
        *policy_api_urls,
        *review_api_urls,
        *people_api_urls,
        *signin_api_urls,
        *trust_api_urls,
        *agent_api_urls,
        *audit_api_urls,
        *ticket_api_urls,
        *webhook_api_urls,
        *workflow_api_urls,
        *run_api_urls,
        *limit_api_urls,
        *usage_api_urls,
        *stop_api_urls,
        *run_schedule_api_urls,
    ],
    "api",
)
