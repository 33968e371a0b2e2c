"""The address that a directory speaks SCIM to. What answers there is loaded with the first request."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt


@csrf_exempt
@login_not_required
def scim(request: HttpRequest, organization: str, path: str = "") -> HttpResponse:
    """A browser's session opens nothing here: the token alone does."""
    # The library builds its models as it is loaded, which takes longer than all of Harriet: every process would start
    # in three times the time, and most organizations have no directory.
    from harriet.signin.scim.endpoint import answer

    return answer(request, organization, path)
