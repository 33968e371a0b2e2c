"""Usage over the API: the numbers of the usage page, by caller, tool, connector or client."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.usage import Usage, counted_until, usage_by
from harriet.console.audit.api import demand_view
from harriet.console.usage.forms import ApiUsageForm, asked_for

PAGE = 100


class TimesSerializer(serializers.Serializer[Any]):
    measured = serializers.IntegerField(help_text="Calls whose time is known.")
    mean = serializers.FloatField(allow_null=True, help_text="Milliseconds.")
    half_within = serializers.IntegerField(source="half", allow_null=True, help_text="Milliseconds, a kept bound.")
    most_within = serializers.IntegerField(source="most", allow_null=True, help_text="The same for 95 % of the calls.")


class UsageSerializer(serializers.Serializer[Usage]):
    key = serializers.CharField(help_text="An id; of a client, what it calls itself.")
    label = serializers.CharField()  # type: ignore[assignment]
    connector = serializers.CharField(help_text="Of a tool, what its connector is called.")
    calls = serializers.IntegerField()
    succeeded = serializers.IntegerField()
    failed_by_caller = serializers.IntegerField(source="of_caller")
    failed_in_harriet = serializers.IntegerField(source="of_harriet")
    failed_at_server = serializers.IntegerField(source="of_upstream")
    refused = serializers.IntegerField()
    held = serializers.IntegerField()
    harriet_time = TimesSerializer()
    upstream_time = TimesSerializer()


class UsagePageSerializer(serializers.Serializer[Any]):
    next = serializers.URLField(allow_null=True)
    counted_until = serializers.DateTimeField(allow_null=True, help_text="Null for up to now.")
    results = UsageSerializer(many=True)


class UsageList(APIView):
    @extend_schema(  # type: ignore[untyped-decorator]
        operation_id="usage_list",
        parameters=[OpenApiParameter(name, str) for name in (*ApiUsageForm.base_fields, "cursor")],
        responses=UsagePageSerializer,
    )
    def get(self, request: Any) -> Response:
        """By person, tool, connector or client (`by`), of the last 1, 7 or 30 `days`; the busiest come first."""
        demand_view(request)
        form = ApiUsageForm(request.query_params)
        if not form.is_valid():
            raise ValidationError({name: [str(error) for error in errors] for name, errors in form.errors.items()})
        asked, organization_id = asked_for(form.cleaned_data), request.organization.pk
        cursor = request.query_params.get("cursor", "")
        page = usage_by(organization_id, asked.by, asked.since, asked.filters, cursor=cursor, size=PAGE)
        query = request.query_params.copy()
        query["cursor"] = page.after
        shown = {
            "next": request.build_absolute_uri(f"?{query.urlencode()}") if page.after else None,
            "counted_until": counted_until(organization_id),
            "results": page.rows,
        }
        return Response(UsagePageSerializer(shown).data)


usage_api_urls = [path("usage/", UsageList.as_view(), name="usage")]
