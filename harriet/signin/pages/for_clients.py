"""What the addresses that programs call do alike: JSON, RFC error codes, open to web pages of any origin.

No cookie is looked at there, so a page of another origin learns and does nothing that any program could not.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import SuspiciousOperation
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import RawPostDataException
from django.views.decorators.csrf import csrf_exempt

from harriet.people.models import Organization
from harriet.signin.protocol.problems import OAuthProblem

LARGEST = 64 * 1024
"""Bytes of a body."""
_ALLOWED_HEADERS = "authorization, content-type, mcp-protocol-version"

ClientView = Callable[[HttpRequest, Organization], HttpResponse]


def for_clients(*methods: str) -> Callable[[ClientView], Callable[..., HttpResponse]]:
    """The view gets the organization that the address names; what it raises is answered as JSON."""

    def decorate(view: ClientView) -> Callable[..., HttpResponse]:
        @csrf_exempt
        @login_not_required
        @wraps(view)
        def inner(request: HttpRequest, organization: str) -> HttpResponse:
            if request.method == "OPTIONS":
                return with_cors(HttpResponse(status=204), *methods)
            return with_cors(_answered(view, request, organization, methods), *methods)

        return inner

    return decorate


def _answered(view: ClientView, request: HttpRequest, slug: str, methods: tuple[str, ...]) -> HttpResponse:
    try:
        if request.method not in methods:
            raise OAuthProblem("invalid_request", f"Use {' or '.join(methods)} here.", status=405)
        if _size(request) > LARGEST:
            raise OAuthProblem("invalid_request", f"The request is larger than {LARGEST // 1024} KiB.", status=413)
        return view(request, organization_named(slug))
    except OAuthProblem as problem:
        answer = refusal(problem)
        if problem.status == 405:
            answer["Allow"] = ", ".join(methods)
        return answer
    except SuspiciousOperation:
        return refusal(OAuthProblem("invalid_request", "The request has too many parameters, or unreadable ones."))
    except OperationalError:
        answer = refusal(OAuthProblem("temporarily_unavailable", "Harriet can't reach its database.", status=503))
        answer["Retry-After"] = "5"
        return answer


def _size(request: HttpRequest) -> int:
    """Of the body; a multipart one, which no view here takes, was read already."""
    try:
        return len(request.body)
    except RawPostDataException:
        return 0


def organization_named(slug: str) -> Organization:
    """Raises OAuthProblem."""
    found = Organization.objects.filter(slug=slug).first()
    if found is None:
        raise OAuthProblem("invalid_request", "There is no such authorization server here.", status=404)
    return found


def refusal(problem: OAuthProblem) -> JsonResponse:
    return json_answer({"error": problem.code, "error_description": problem.message}, problem.status)


def json_answer(body: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> JsonResponse:
    """RFC 6749 §5.1: nobody keeps it."""
    return JsonResponse(
        body, status=status, headers={"Cache-Control": "no-store", "Pragma": "no-cache", **(headers or {})}
    )


def with_cors(answer: HttpResponse, *methods: str) -> HttpResponse:
    answer["Access-Control-Allow-Origin"] = "*"
    answer["Access-Control-Allow-Methods"] = ", ".join((*methods, "OPTIONS"))
    answer["Access-Control-Allow-Headers"] = _ALLOWED_HEADERS
    answer["Access-Control-Expose-Headers"] = "www-authenticate"
    answer["Access-Control-Max-Age"] = "600"
    return answer
