"""Harriet's client metadata document: what it is, for authorization servers that ask its own address."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from vault.oauth.addresses import client_document


@login_not_required
@require_safe
@cache_control(public=True, max_age=3600)
def client_document_page(_request: HttpRequest, issuer_name: str) -> HttpResponse:
    """The same for every organization: it says nothing of any."""
    return JsonResponse(client_document(issuer_name))
