"""The REST API of trusted issuers, and of the workloads that are agents: thin, everything goes through the actions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.response import Response

from connectors.access.scopes import SCOPES
from connectors.queries import profile_of
from harriet.people.api.newest import Newest
from harriet.people.api.view_parts import checked, demand_view, valid
from harriet.people.models import Agent
from harriet.people.permissions import has_power
from harriet.people.queries import agent_of, or_not_found
from harriet.people.roles import Power
from harriet.signin.actions.bind_workload import bind_workload, end_workload
from harriet.signin.actions.trust_issuer import (
    LONGEST,
    SHORTEST,
    Trust,
    approve_profile,
    change_issuer,
    end_issuer,
    trust_issuer,
)
from harriet.signin.models import TrustedIssuer, TrustedProfile, WorkloadIdentity
from harriet.signin.queries import issuer_named, profiles_of_issuer, waiting_profile, workloads_of


class PinnedSerializer(serializers.ModelSerializer[TrustedProfile]):
    profile = serializers.UUIDField(source="profile_id", read_only=True)

    class Meta:
        model = TrustedProfile
        fields = ["id", "profile", "scopes", "wanted", "since"]


class IssuerSerializer(serializers.ModelSerializer[TrustedIssuer]):
    class Meta:
        model = TrustedIssuer
        fields = [
            *("id", "name", "issuer", "accepts_id_jag", "accepts_workloads", "keys_url", "keys", "allow_internal"),
            *("tenant_claim", "tenant_value", "client_ids", "longest", "scopes", "made_at", "last_used_at"),
        ]


class TrustSerializer(serializers.Serializer[Any]):
    """All that is taken of an issuer; what is left out is as in the form."""

    name = serializers.CharField()
    issuer = serializers.CharField(help_text="Exactly as its assertions have it (iss).")
    accepts_id_jag = serializers.BooleanField(default=False, help_text="Its assertions about people.")
    accepts_workloads = serializers.BooleanField(default=False, help_text="Its tokens of workloads, for agents.")
    keys_url = serializers.CharField(required=False, allow_blank=True, default="")
    keys = serializers.DictField(required=False, default=dict, help_text="A JWK set, in the place of an address.")
    allow_internal = serializers.BooleanField(default=False)
    tenant_claim = serializers.CharField(required=False, allow_blank=True, default="")
    tenant_value = serializers.CharField(required=False, allow_blank=True, default="")
    client_ids = serializers.ListField(child=serializers.CharField(), required=False, default=list)
    longest = serializers.IntegerField(min_value=SHORTEST, max_value=LONGEST, default=300)
    scopes = serializers.MultipleChoiceField(choices=SCOPES, help_text="The most that its word opens.")

    def trust(self) -> Trust:
        return Trust(**{**self.validated_data, "scopes": " ".join(self.validated_data["scopes"])})


class NewestIssuers(Newest):
    by = "made_at"


class Issuers(generics.ListAPIView[TrustedIssuer]):
    serializer_class = IssuerSerializer
    pagination_class = NewestIssuers

    def get_queryset(self) -> QuerySet[TrustedIssuer]:
        demand_view(self.request)
        return TrustedIssuer.objects.filter(organization=self.request.organization)  # type: ignore[attr-defined]

    @extend_schema(request=TrustSerializer, responses={201: IssuerSerializer})  # type: ignore[untyped-decorator]
    def post(self, request: Any) -> Response:
        made = trust_issuer(request.organization, _trust(request), actor=request.actor)
        return Response(IssuerSerializer(made).data, status=status.HTTP_201_CREATED)


class OneIssuer(generics.GenericAPIView[TrustedIssuer]):
    serializer_class = IssuerSerializer

    def get(self, request: Any, pk: UUID) -> Response:
        demand_view(request)
        return Response(IssuerSerializer(issuer_named(request.organization, pk)).data)

    @extend_schema(request=TrustSerializer)  # type: ignore[untyped-decorator]
    def put(self, request: Any, pk: UUID) -> Response:
        """When what it may open changes, what it has opened ends."""
        change_issuer(issuer_named(request.organization, pk), _trust(request), actor=request.actor)
        return Response(IssuerSerializer(issuer_named(request.organization, pk)).data)

    def delete(self, request: Any, pk: UUID) -> Response:
        """What it has opened ends, too."""
        end_issuer(issuer_named(request.organization, pk), actor=request.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


class IssuerProfiles(generics.GenericAPIView[TrustedProfile]):
    serializer_class = PinnedSerializer

    @extend_schema(responses=PinnedSerializer(many=True))  # type: ignore[untyped-decorator]
    def get(self, request: Any, pk: UUID) -> Response:
        """What it opens of which profile; what waits for a yes first."""
        demand_view(request)
        found = profiles_of_issuer(issuer_named(request.organization, pk))
        return Response(PinnedSerializer(found, many=True).data)


class ProfileApproval(generics.GenericAPIView[TrustedProfile]):
    serializer_class = PinnedSerializer

    @extend_schema(request=None)  # type: ignore[untyped-decorator]
    def post(self, request: Any, pk: UUID) -> Response:
        """Opens what waited there."""
        pinned = waiting_profile(request.organization, pk)
        approve_profile(pinned, actor=request.actor)
        pinned.refresh_from_db()
        return Response(PinnedSerializer(pinned).data)


class WorkloadSerializer(serializers.ModelSerializer[WorkloadIdentity]):
    issuer = serializers.UUIDField(source="issuer_id", read_only=True)
    profile = serializers.UUIDField(source="profile_id", read_only=True)

    class Meta:
        model = WorkloadIdentity
        fields = ["id", "issuer", "subject", "profile", "made_at", "last_used_at"]


class NewWorkloadSerializer(serializers.Serializer[Any]):
    issuer = serializers.UUIDField(help_text="A trusted issuer that is taken for workloads.")
    subject = serializers.CharField(help_text="Exactly as its tokens have it (sub).")
    profile = serializers.UUIDField(help_text="The only one that it opens.")


class Workloads(generics.GenericAPIView[WorkloadIdentity]):
    serializer_class = WorkloadSerializer

    @extend_schema(responses=WorkloadSerializer(many=True))  # type: ignore[untyped-decorator]
    def get(self, request: Any, pk: UUID) -> Response:
        return Response(WorkloadSerializer(workloads_of(_agent(request, pk)), many=True).data)

    @extend_schema(request=NewWorkloadSerializer, responses={201: WorkloadSerializer})  # type: ignore[untyped-decorator]
    def post(self, request: Any, pk: UUID) -> Response:
        agent, given = _agent(request, pk), checked(NewWorkloadSerializer, request)
        issuer = issuer_named(request.organization, given["issuer"])
        profile = profile_of(request.organization, given["profile"])
        made = bind_workload(agent, issuer, given["subject"], profile, actor=request.actor)
        return Response(WorkloadSerializer(made).data, status=status.HTTP_201_CREATED)


class OneWorkload(generics.GenericAPIView[WorkloadIdentity]):
    serializer_class = WorkloadSerializer

    def delete(self, request: Any, pk: UUID, workload_pk: UUID) -> Response:
        found = workloads_of(_agent(request, pk)).filter(pk=workload_pk).first()
        end_workload(or_not_found(found, "There is no such workload here."), actor=request.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _trust(request: Any) -> Trust:
    trust: Trust = valid(TrustSerializer, request).trust()
    return trust


def _agent(request: Any, pk: UUID) -> Agent:
    owned_by = None if has_power(request.membership, Power.VIEW_SETTINGS) else request.user
    return agent_of(request.organization, pk, owned_by=owned_by)


trust_api_urls = [
    path("trusted-issuers/", Issuers.as_view(), name="trusted_issuers"),
    path("trusted-issuers/<uuid:pk>/", OneIssuer.as_view(), name="trusted_issuer"),
    path("trusted-issuers/<uuid:pk>/profiles/", IssuerProfiles.as_view(), name="issuer_profiles"),
    path("trusted-profiles/<uuid:pk>/approve/", ProfileApproval.as_view(), name="approve_profile"),
    path("agents/<uuid:pk>/workloads/", Workloads.as_view(), name="agent_workloads"),
    path("agents/<uuid:pk>/workloads/<uuid:workload_pk>/", OneWorkload.as_view(), name="agent_workload"),
]
