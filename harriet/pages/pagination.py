"""One page of a long list, by number: these lists are searched and filtered more than they are paged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

PAGE = 50


def page_of(found: QuerySet[Any] | Sequence[Any], request: HttpRequest) -> Page[Any]:
    return Paginator(found, PAGE).get_page(request.GET.get("page"))
