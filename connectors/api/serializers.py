"""How connectors, tools and profiles look in the REST API. Secrets go in and never come out."""

from __future__ import annotations

from typing import Any

from django.db.models import F, QuerySet, Value
from django.db.models.functions import Concat
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from connectors.access.grantees import GRANTEE_ROLES
from connectors.models import Connector, Profile, Risk, SyncRun, Tool, ToolPermission
from connectors.passed_identity import Attribute, How
from connectors.queries import counts_of, pinned_definition
from connectors.states import state_of
from connectors.transports.base import NATIVE
from connectors.transports.kinds import kind_choices
from harriet.people.api.inner_lists import WHOLE, More, Names
from harriet.people.api.serializers import SETTABLE_STATES
from harriet.people.trust import Trust
from vault.types.base import Input
from vault.types.registry import TYPES, all_inputs, choices_with_none

SLUGS = "Short names; the whole list."
RISK_OVERRIDES = [("", "As proposed"), *Risk.choices]

CONNECTOR_KINDS = kind_choices()


class IdentitySerializer(serializers.Serializer[Any]):
    """What the server is told of who calls, as the identity provider says it."""

    kind = serializers.ChoiceField(How.choices, source="identity_kind")
    header = serializers.CharField(required=False, default="", allow_blank=True, source="identity_header")
    attribute = serializers.ChoiceField(
        Attribute.choices, required=False, default="", allow_blank=True, source="identity_attribute"
    )
    refuses_local = serializers.BooleanField(
        required=False,
        default=True,
        source="identity_refuses_local",
        help_text="Whoever the identity provider has not asserted is refused; otherwise their calls go without.",
    )


class ConnectorSerializer(serializers.ModelSerializer[Connector]):
    status = serializers.SerializerMethodField(help_text="State and health in words.")
    owner = serializers.EmailField(source="owner.email", read_only=True, default=None)
    identity = IdentitySerializer(source="*", read_only=True)
    tools = serializers.IntegerField(source="tool_count", read_only=True)
    enabled_tools = serializers.IntegerField(source="tool_enabled", read_only=True)
    prompts = serializers.IntegerField(source="prompt_count", read_only=True)
    enabled_prompts = serializers.IntegerField(source="prompt_enabled", read_only=True)
    resources = serializers.SerializerMethodField(help_text="Whether it offers resources.")
    resources_enabled = serializers.SerializerMethodField()

    class Meta:
        model = Connector
        fields = [
            "id",
            "slug",
            "name",
            "description",
            "icon",
            "kind",
            "url",
            "allow_internal",
            "checks_arguments",
            "deciders",
            "identity",
            "state",
            "review",
            "health",
            "health_reason",
            "status",
            "protocol_version",
            "revision",
            "owner",
            "tools",
            "enabled_tools",
            "prompts",
            "enabled_prompts",
            "resources",
            "resources_enabled",
            "created_at",
        ]

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return super().get_fields() | {"kind": serializers.ChoiceField(kind_choices(), required=False)}

    def get_resources(self, connector: Connector) -> bool:
        return bool(counts_of(connector).resources)

    def get_resources_enabled(self, connector: Connector) -> bool:
        return bool(counts_of(connector).resources_enabled)

    def get_status(self, connector: Connector) -> str:
        return state_of(connector).word


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            kind.code, summary=kind.label, value={"type": kind.code, "secret": "…", **kind.example}, request_only=True
        )
        for kind in TYPES.values()
    ]
)
class AuthenticationSerializer(serializers.Serializer[Any]):
    type = serializers.ChoiceField(choices_with_none())
    secret = serializers.CharField(required=False, write_only=True, trim_whitespace=False, help_text="Never returned.")
    rotate_every_days = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, help_text="Left out, it stays as it is."
    )
    url = serializers.CharField(
        required=False, help_text="The address that the secret is for: refused when the connector has another by now."
    )
    untested = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Replace the secret without asking the server, for one that is down at the moment.",
    )

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """After the secret what the types of credential ask for."""
        fields = super().get_fields()
        inputs = {one.name: _field_of(one) for one in all_inputs()}
        return {name: fields.pop(name) for name in ("type", "secret")} | inputs | fields


def _field_of(one: Input) -> serializers.Field[Any, Any, Any, Any]:
    if one.choices:
        return serializers.ChoiceField(one.choices, required=False)
    if one.is_sealed:  # types that have none of it may be sent an empty one
        return serializers.CharField(required=False, default="", allow_blank=True, trim_whitespace=False)
    return serializers.CharField(required=False, trim_whitespace=not one.keeps_spaces)


class NewConnectorSerializer(serializers.Serializer[Any]):
    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField(required=False, default="", allow_blank=True)
    icon = serializers.CharField(required=False, default="", allow_blank=True)
    url = serializers.CharField()
    allow_internal = serializers.BooleanField(required=False, default=False)
    checks_arguments = serializers.BooleanField(required=False, default=False)
    identity = IdentitySerializer(required=False)
    authentication = AuthenticationSerializer(required=False)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        kind = serializers.ChoiceField(kind_choices(), required=False, default=NATIVE)
        return super().get_fields() | {"kind": kind}


class ConnectorChangeSerializer(serializers.Serializer[Any]):
    slug = serializers.CharField(required=False)
    name = serializers.CharField(required=False)
    description = serializers.CharField(required=False, allow_blank=True)
    icon = serializers.CharField(required=False, allow_blank=True)
    url = serializers.CharField(required=False)
    allow_internal = serializers.BooleanField(required=False)
    keep_secret = serializers.BooleanField(
        required=False, help_text="With a url on the same host: the saved secret goes there too. For owners."
    )
    checks_arguments = serializers.BooleanField(
        required=False, help_text="Calls are checked against the tools' schemas before they leave."
    )
    deciders = serializers.ChoiceField(
        Connector.Deciders.choices, required=False, help_text="Who decides on its held calls."
    )
    identity = IdentitySerializer(required=False)
    state = serializers.ChoiceField(SETTABLE_STATES, required=False)


class FindingSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField()
    title = serializers.CharField()
    sentence = serializers.CharField()


class SyncRunSerializer(serializers.ModelSerializer[SyncRun]):
    class Meta:
        model = SyncRun
        fields = [
            "id",
            "started_at",
            "finished_at",
            "is_success",
            "found",
            "found_prompts",
            "found_resources",
            "added",
            "changed",
            "restored",
            "removed",
            "renamed",
            "refused",
            "refused_count",
            "mended",
            "mended_count",
            "unchecked",
            "unchecked_count",
            "error",
        ]


class ToolSerializer(serializers.ModelSerializer[Tool]):
    connector = serializers.SlugRelatedField[Connector](slug_field="slug", read_only=True)
    risk = serializers.ChoiceField(Risk.choices, read_only=True)
    groups = Names(lambda pk: _groups_of_tool(pk).values_list("group__slug", flat=True), route="api:tool_groups")
    roles = serializers.SerializerMethodField()
    more = More()
    definition = serializers.SerializerMethodField(help_text="The accepted one, as clients see it.")
    digest = serializers.SerializerMethodField(help_text="SHA-256 of its canonical JSON.")

    class Meta:
        model = Tool
        fields = [
            "id",
            "connector",
            "kind",
            "name",
            "state",
            "is_enabled",
            "requires_confirmation",
            "risk",
            "risk_proposed",
            "risk_reason",
            "risk_override",
            "groups",
            "roles",
            "renamed_from",
            "last_called_at",
            "digest",
            "definition",
            "more",
        ]

    def get_roles(self, tool: Tool) -> list[str]:
        return [row.role for row in tool.for_roles]  # type: ignore[attr-defined]  # read by queries.with_roles

    def get_definition(self, tool: Tool) -> dict[str, Any]:
        return dict(pinned_definition(tool).definition)

    def get_digest(self, tool: Tool) -> str:
        return bytes(pinned_definition(tool).digest).hex()


def _groups_of_tool(pk: Any) -> QuerySet[ToolPermission]:
    return ToolPermission.objects.filter(tool=pk, group__isnull=False).order_by("group_id")


class ToolChangeSerializer(serializers.Serializer[Any]):
    is_enabled = serializers.BooleanField(required=False)
    requires_confirmation = serializers.BooleanField(required=False)
    risk_override = serializers.ChoiceField(RISK_OVERRIDES, required=False)
    groups = serializers.ListField(child=serializers.CharField(), required=False, help_text=SLUGS)
    whole_lists = serializers.BooleanField(required=False, help_text=WHOLE)
    roles = serializers.ListField(child=serializers.ChoiceField(GRANTEE_ROLES), required=False)


class ProfileSerializer(serializers.ModelSerializer[Profile]):
    prefix = serializers.BooleanField(source="has_prefix")
    progressive = serializers.BooleanField(source="is_progressive", help_text="Clients see two tools that find others.")
    url = serializers.SerializerMethodField()
    groups = Names(lambda pk: _in_profile("groups", "group", pk, "slug"), "api:profile_groups")
    people = Names(lambda pk: _in_profile("people", "membership", pk, "user__email"), "api:profile_people")
    connectors = Names(lambda pk: _in_profile("connectors", "connector", pk, "slug"), "api:profile_connectors")
    tools = Names(lambda pk: _single(pk, Tool.Kind.TOOL), "api:profile_tools", "Single tools, as connector/tool.")
    prompts = Names(lambda pk: _single(pk, Tool.Kind.PROMPT), "api:profile_prompts", "Single ones, the same.")
    resources = Names(
        lambda pk: _tools_in(pk, Tool.Kind.RESOURCES).values_list("tool__connector__slug", flat=True),
        "api:profile_resources",
        "Connectors whose resources alone are in it.",
    )
    more = More()

    class Meta:
        model = Profile
        fields = [
            "id",
            "slug",
            "name",
            "description",
            "url",
            "prefix",
            "progressive",
            "trust",
            "hold_seconds",
            "groups",
            "people",
            "connectors",
            "tools",
            "prompts",
            "resources",
            "created_at",
            "more",
        ]

    def get_url(self, profile: Profile) -> str:
        return profile.url


def _in_profile(field: str, column: str, pk: Any, name: str) -> QuerySet[Any, Any]:
    pairs = getattr(Profile, field).through.objects.filter(profile=pk).order_by(f"{column}_id")
    return pairs.values_list(f"{column}__{name}", flat=True)  # type: ignore[no-any-return]


def _single(pk: Any, kind: str) -> QuerySet[Any, Any]:
    place = Concat(F("tool__connector__slug"), Value("/"), F("tool__name"))
    places: QuerySet[Any, Any] = _tools_in(pk, kind).annotate(place=place).values_list("place", flat=True)
    return places


def _tools_in(pk: Any, kind: str) -> QuerySet[Any, Any]:
    return Profile.tools.through.objects.filter(profile=pk, tool__kind=kind).order_by("tool_id")


class ProfileChangeSerializer(serializers.Serializer[Any]):
    slug = serializers.CharField(required=False)
    name = serializers.CharField(required=False)
    description = serializers.CharField(required=False, allow_blank=True)
    prefix = serializers.BooleanField(required=False)
    progressive = serializers.BooleanField(required=False)
    trust = serializers.ChoiceField(Trust.choices, required=False)
    hold_seconds = serializers.IntegerField(
        required=False, allow_null=True, help_text="Of calls that need approval; null: as the organization has it."
    )
    groups = serializers.ListField(child=serializers.CharField(), required=False, help_text=SLUGS)
    people = serializers.ListField(child=serializers.EmailField(), required=False, help_text="E-mail addresses.")
    whole_lists = serializers.BooleanField(required=False, help_text=WHOLE)
    connectors = serializers.ListField(child=serializers.CharField(), required=False, help_text=SLUGS)
    tools = serializers.ListField(child=serializers.CharField(), required=False, help_text="As connector/tool.")
    prompts = serializers.ListField(child=serializers.CharField(), required=False, help_text="As connector/prompt.")
    resources = serializers.ListField(child=serializers.CharField(), required=False, help_text=SLUGS)
