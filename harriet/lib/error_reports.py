"""What error reports may repeat of a request: nothing that was posted."""

from typing import Any

from django.http import HttpRequest
from django.http.request import QueryDict
from django.views.debug import SafeExceptionReporterFilter


class HidePosted(SafeExceptionReporterFilter):
    """Masks every posted value and every local variable of the views, whatever they are called."""

    def is_active(self, request: HttpRequest | None) -> bool:
        return True

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        posted = request.POST if request is not None else QueryDict()
        return dict.fromkeys(posted, self.cleansed_substitute)
