"""The REST API as a page: every operation with what it takes, from the same schema that programs read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

from harriet.pages.context import PageContext, show
from harriet.people.pages.guards import OrganizationRequest, in_organization

_METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Operation:
    method: str
    path: str
    what: str
    takes: tuple[str, ...]
    """Names of the fields in the body; those that must be there have an asterisk."""


@dataclass(frozen=True, slots=True)
class ApiPage(PageContext):
    template = "console/api.html"
    operations: tuple[Operation, ...]
    base_url: str


@require_safe
@in_organization
def api_page(request: OrganizationRequest) -> HttpResponse:
    return show(request, ApiPage(operations=operations(), base_url=settings.BASE_URL))


@cache
def operations() -> tuple[Operation, ...]:
    """Made once per process: the code decides it, nothing else."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    return tuple(_operations(schema))


def _operations(schema: Mapping[str, Any]) -> Iterator[Operation]:
    for path, methods in sorted(schema["paths"].items()):
        for method in _METHODS:
            if operation := methods.get(method):
                what = " ".join(operation.get("description", "").split())
                yield Operation(method.upper(), path, what, tuple(_fields(operation, schema)))


def _fields(operation: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    if reference := body.get("$ref", ""):
        body = schema["components"]["schemas"][reference.rpartition("/")[2]]
    required = body.get("required", [])
    for name in body.get("properties", {}):
        yield f"{name}*" if name in required else name
