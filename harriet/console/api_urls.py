"""The REST API's addresses, gathered from the apps; its schema, and a page to read it."""

from __future__ import annotations

from django.urls import path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import IsAuthenticated

import harriet.console.api_schema  # noqa: F401 (registers how programs sign in)
from connectors.api.views import api_urls as connector_api
from harriet.console.api_page import api_page
from harriet.console.audit.api import api_urls as audit_api
from harriet.people.api.views import api_urls as people_api

api_urls = (
    [
        path("", api_page, name="page"),
        path("schema/", SpectacularAPIView.as_view(permission_classes=[IsAuthenticated]), name="schema"),
        *connector_api,
        *people_api,
        *audit_api,
    ],
    "api",
)
