"""The pages for what went wrong: what happened, and what to do next."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import BadRequest, DisallowedHost, RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string

_ODD = "Something in the request is not as it should be. Load the page again, and if it stays so, tell your IT admin."
_HOST = "This host name is not one of Harriet's. Ask your IT admin for the right address."
_TOO_BIG = "The request is larger than a form here can be."


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Nothing of the request is used, who sent it either: it may be that very thing that can't be read."""
    reason, status = _reason(exception)
    if request.path.startswith("/api/"):
        return JsonResponse({"detail": reason}, status=status)
    if request.path.startswith("/oauth/") and request.method == "POST":  # a program's, as RFC 6749 §5.2 has it
        return JsonResponse({"error": "invalid_request", "error_description": reason}, status=status)
    return HttpResponse(render_to_string("400.html", {"reason": reason}), status=status)


def _reason(problem: Exception) -> tuple[str, int]:
    if isinstance(problem, DisallowedHost):
        return _HOST, 400
    if isinstance(problem, RequestDataTooBig):
        return f"{_TOO_BIG} At most {settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1024} KiB are read.", 413
    return (str(problem) or _ODD) if isinstance(problem, BadRequest) else _ODD, 400


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "404.html", status=404)
