"""Pages that many may read and few may save."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponseBase

from harriet.people.http import DjangoView, P, View, needs
from harriet.people.permissions import Power


def needs_to_save(saving: Power) -> Callable[[View[P]], DjangoView[P]]:
    """Whoever sees company settings may open the page; POST needs the given power."""

    def decorate(view: View[P]) -> DjangoView[P]:
        reads, saves = needs(Power.VIEW_SETTINGS)(view), needs(saving)(view)

        @wraps(view)
        def inner(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            return (saves if request.method == "POST" else reads)(request, *args, **kwargs)

        return inner

    return decorate
