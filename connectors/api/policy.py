"""The REST API of what waits: a connector's rules on arguments, and the scopes of autonomous profiles."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.response import Response

from connectors import queries
from connectors.actions.delete_argument_rule import delete_argument_rule
from connectors.actions.end_scope import end_scope
from connectors.actions.make_scope import make_scope
from connectors.actions.save_argument_rule import save_argument_rule
from connectors.errors import ConnectorError
from connectors.models import ArgumentRule, AutonomousScope, Connector, Profile, Risk, Tool
from harriet.people.api.view_parts import checked, demand_view


class RuleSerializer(serializers.ModelSerializer[ArgumentRule]):
    tool = serializers.SerializerMethodField(help_text="The one tool that it is of; empty for all.")
    told = serializers.CharField(source="sentence", help_text="What people are told.")
    condition = serializers.CharField(source="expression", help_text="In CEL.")
    on = serializers.BooleanField(source="is_on")

    class Meta:
        model = ArgumentRule
        fields = ["id", "told", "condition", "effect", "tool", "on", "position", "created_at"]

    def get_tool(self, rule: ArgumentRule) -> str:
        return rule.tool.name if rule.tool else ""


class RuleChangeSerializer(serializers.Serializer[Any]):
    told = serializers.CharField(required=False)
    condition = serializers.CharField(required=False, help_text="In CEL, such as args.amount > 1000.")
    effect = serializers.ChoiceField(ArgumentRule.Effect.choices, required=False)
    tool = serializers.CharField(required=False, allow_blank=True, help_text="Its name; empty for all.")
    on = serializers.BooleanField(required=False)
    position = serializers.IntegerField(required=False, min_value=0, max_value=1000)


class ScopeSerializer(serializers.ModelSerializer[AutonomousScope]):
    tools = serializers.SerializerMethodField(help_text="As connector/tool.")
    made_by = serializers.SerializerMethodField(help_text="E-mail address.")

    class Meta:
        model = AutonomousScope
        fields = ["id", "name", "reason", "tools", "classes", "condition", "expires_at", "ended_at", "made_by"]

    def get_tools(self, scope: AutonomousScope) -> list[str]:
        return [f"{tool.connector.slug}/{tool.name}" for tool in scope.tools.all()]

    def get_made_by(self, scope: AutonomousScope) -> str:
        return scope.made_by.email if scope.made_by else ""


class NewScopeSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    reason = serializers.CharField()
    expires_at = serializers.DateTimeField(help_text="Within the next 90 days.")
    tools = serializers.ListField(child=serializers.CharField(), required=False, help_text="As connector/tool.")
    classes = serializers.ListField(child=serializers.ChoiceField([Risk.MODERATE.value]), required=False)
    condition = serializers.CharField(required=False, allow_blank=True, help_text="In CEL, on the arguments.")


class Rules(generics.GenericAPIView[ArgumentRule]):
    serializer_class = RuleSerializer

    @extend_schema(responses={200: RuleSerializer(many=True)})  # type: ignore[untyped-decorator]
    def get(self, request: Any, pk: UUID) -> Response:
        """In their order; there are at most 20."""
        demand_view(request)
        rules = queries.rules_of(queries.connector_of(request.organization, pk))
        return Response(RuleSerializer(rules, many=True).data)

    @extend_schema(request=RuleChangeSerializer, responses={201: RuleSerializer})  # type: ignore[untyped-decorator]
    def post(self, request: Any, pk: UUID) -> Response:
        connector = queries.connector_of(request.organization, pk)
        given = _rule_fields(connector, checked(RuleChangeSerializer, request))
        for needed, told in (("sentence", "told"), ("expression", "condition")):
            if needed not in given:
                raise ConnectorError("A rule needs it.", field=told)
        made = _saved(connector, None, given, request)
        return Response(RuleSerializer(made).data, status=status.HTTP_201_CREATED)


class OneRule(generics.GenericAPIView[ArgumentRule]):
    serializer_class = RuleSerializer

    @extend_schema(request=RuleChangeSerializer)  # type: ignore[untyped-decorator]
    def patch(self, request: Any, pk: UUID, rule_pk: UUID) -> Response:
        connector = queries.connector_of(request.organization, pk)
        rule = queries.rule_of(connector, rule_pk)
        names = ("sentence", "expression", "effect", "tool", "is_on")
        given = _rule_fields(connector, checked(RuleChangeSerializer, request))
        saved = _saved(connector, rule, {name: getattr(rule, name) for name in names} | given, request)
        return Response(RuleSerializer(saved).data)

    def delete(self, request: Any, pk: UUID, rule_pk: UUID) -> Response:
        rule = queries.rule_of(queries.connector_of(request.organization, pk), rule_pk)
        delete_argument_rule(rule, actor=request.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _saved(connector: Connector, rule: ArgumentRule | None, given: dict[str, Any], request: Any) -> ArgumentRule:
    """Problems are told beside the fields as they are called here."""
    try:
        return save_argument_rule(connector, rule, **given, actor=request.actor)
    except ConnectorError as problem:
        outside = {"expression": "condition", "sentence": "told"}
        raise ConnectorError(problem.message, field=outside.get(problem.field, problem.field)) from None


def _rule_fields(connector: Connector, given: dict[str, Any]) -> dict[str, Any]:
    inside = {"told": "sentence", "condition": "expression", "on": "is_on"}
    fields = {inside.get(name, name): value for name, value in given.items()}
    if "tool" in fields:
        fields["tool"] = _tool_named(connector, fields["tool"]) if fields["tool"] else None
    return fields


def _tool_named(connector: Connector, name: str) -> Tool:
    tool = queries.tool_named(connector, name)
    if tool is None:
        raise ConnectorError(f"{connector.name} has no tool “{name}”.", field="tool")
    return tool


class Scopes(generics.GenericAPIView[AutonomousScope]):
    serializer_class = ScopeSerializer

    @extend_schema(responses={200: ScopeSerializer(many=True)})  # type: ignore[untyped-decorator]
    def get(self, request: Any, pk: UUID) -> Response:
        """The latest 100, also those that are over."""
        demand_view(request)
        mine = queries.profile_of(request.organization, pk).scopes
        scopes = mine.select_related("made_by").prefetch_related("tools__connector")[:100]
        return Response(ScopeSerializer(scopes, many=True).data)

    @extend_schema(request=NewScopeSerializer, responses={201: ScopeSerializer})  # type: ignore[untyped-decorator]
    def post(self, request: Any, pk: UUID) -> Response:
        profile = queries.profile_of(request.organization, pk)
        given = checked(NewScopeSerializer, request)
        given["tools"] = [_tool_at(profile, one) for one in given.get("tools", [])]
        made = make_scope(profile, **given, actor=request.actor)
        return Response(ScopeSerializer(made).data, status=status.HTTP_201_CREATED)


class OneScope(generics.GenericAPIView[AutonomousScope]):
    serializer_class = ScopeSerializer

    @extend_schema(responses={204: None})  # type: ignore[untyped-decorator]
    def delete(self, request: Any, pk: UUID, scope_pk: UUID) -> Response:
        """Ends it now; it stays listed."""
        end_scope(queries.scope_of(queries.profile_of(request.organization, pk), scope_pk), actor=request.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _tool_at(profile: Profile, place: str) -> Tool:
    """As connector/tool. Raises ConnectorError."""
    tool = queries.tool_at(profile.organization, place)
    if tool is None:
        raise ConnectorError(f"There is no tool {place} here.", field="tools")
    return tool


policy_api_urls = [
    path("connectors/<uuid:pk>/rules/", Rules.as_view(), name="connector_rules"),
    path("connectors/<uuid:pk>/rules/<uuid:rule_pk>/", OneRule.as_view(), name="connector_rule"),
    path("profiles/<uuid:pk>/scopes/", Scopes.as_view(), name="profile_scopes"),
    path("profiles/<uuid:pk>/scopes/<uuid:scope_pk>/", OneScope.as_view(), name="profile_scope"),
]
