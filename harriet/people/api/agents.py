"""Agents over the API: made, changed, paused, handed over and ended by whoever manages tokens."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.response import Response

from harriet.lib.changed import Changed
from harriet.people import queries
from harriet.people.actions.change_agent import change_agent
from harriet.people.actions.create_agent import create_agent
from harriet.people.actions.end_agent import end_agent
from harriet.people.actions.issue_agent_credential import issue_agent_credential
from harriet.people.actions.issue_device_credential import LONGEST_DAYS
from harriet.people.actions.pause_agent import pause_agent
from harriet.people.actions.resume_agent import resume_agent
from harriet.people.actions.transfer_agent import transfer_agent
from harriet.people.api.inner_lists import (
    WHOLE,
    InnerChangeSerializer,
    More,
    Names,
    names_of_groups,
    refuse_parts,
    with_first_names,
)
from harriet.people.api.newest import Newest
from harriet.people.api.serializers import SETTABLE_STATES, IssuedTokenSerializer, TokenSerializer
from harriet.people.api.view_parts import checked, groups_named
from harriet.people.api.views import GroupsWithin
from harriet.people.errors import PeopleError
from harriet.people.models import AccessToken, Agent, Membership, User
from harriet.people.permissions import has_power
from harriet.people.roles import Power


class AgentSerializer(serializers.ModelSerializer[Agent]):
    owner = serializers.EmailField(source="owner.email", read_only=True, default=None)
    groups = Names(names_of_groups(Agent.groups.through, "agent"), route="api:agent_groups")
    more = More()

    class Meta:
        model = Agent
        fields = [
            *("id", "name", "purpose", "owner", "groups", "state", "paused_because", "created_at", "last_seen_at"),
            "more",
        ]


class NewAgentSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    purpose = serializers.CharField(required=False, allow_blank=True, default="")
    owner = serializers.EmailField(help_text="Somebody active here, who answers for it and approves none of its calls.")
    groups = serializers.ListField(child=serializers.SlugField(), help_text="It may use what these may use.")


class ChangedAgentSerializer(serializers.Serializer[Any]):
    """What is left out stays."""

    name = serializers.CharField(required=False)
    purpose = serializers.CharField(required=False, allow_blank=True)
    owner = serializers.EmailField(required=False)
    groups = serializers.ListField(child=serializers.SlugField(), required=False)
    whole_lists = serializers.BooleanField(required=False, help_text=WHOLE)
    state = serializers.ChoiceField(SETTABLE_STATES, required=False)
    because = serializers.CharField(required=False, allow_blank=True, default="", help_text="Why it is paused.")


class NewAgentCredentialSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    expires_in_days = serializers.IntegerField(min_value=1, max_value=LONGEST_DAYS, default=90)


class Agents(generics.ListAPIView[Agent]):
    """Everybody's for who sees company settings, else those for which the caller answers."""

    serializer_class = AgentSerializer
    pagination_class = Newest

    def get_queryset(self) -> QuerySet[Agent]:
        return with_first_names(_visible(self.request).prefetch_related(None), AgentSerializer)

    @extend_schema(  # type: ignore[untyped-decorator]
        request=NewAgentSerializer, responses={201: AgentSerializer}
    )
    def post(self, request: Any) -> Response:
        given = checked(NewAgentSerializer, request)
        groups = groups_named(request.organization, given["groups"])
        owner = _person(request, given["owner"])
        agent = create_agent(request.organization, given["name"], given["purpose"], owner, groups, actor=request.actor)
        return Response(AgentSerializer(_agent(request, agent.pk)).data, status=status.HTTP_201_CREATED)


class OneAgent(generics.GenericAPIView[Agent]):
    serializer_class = AgentSerializer

    def get(self, request: Any, pk: UUID) -> Response:
        return Response(AgentSerializer(_agent(request, pk)).data)

    @extend_schema(request=ChangedAgentSerializer, responses=AgentSerializer)  # type: ignore[untyped-decorator]
    def patch(self, request: Any, pk: UUID) -> Response:
        """All of it or nothing."""
        agent, given = _agent(request, pk), checked(ChangedAgentSerializer, request)
        refuse_parts(agent, AgentSerializer, given)
        with transaction.atomic():
            _change(request, agent, given)
        return Response(AgentSerializer(_agent(request, pk)).data)

    def delete(self, request: Any, pk: UUID) -> Response:
        """Ends it, with all its credentials."""
        end_agent(_agent(request, pk), actor=request.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


class GroupsOfAgent(GroupsWithin):
    def ids(self, pk: UUID) -> QuerySet[Any, Any]:
        return Agent.groups.through.objects.filter(agent=_agent(self.request, pk).pk).values("group")

    @extend_schema(request=InnerChangeSerializer, responses={204: None})  # type: ignore[untyped-decorator]
    def patch(self, request: Any, pk: UUID) -> Response:
        """Groups whose tools it may use from now on, and no longer, by their short names."""
        agent, given = _agent(request, pk), checked(InnerChangeSerializer, request)
        added, removed = (groups_named(request.organization, given[way]) for way in ("add", "remove"))
        groups = Changed(added, [group.pk for group in removed])
        change_agent(agent, agent.name, agent.purpose, groups, actor=request.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


class AgentCredentials(generics.GenericAPIView[AccessToken]):
    serializer_class = IssuedTokenSerializer

    @extend_schema(  # type: ignore[untyped-decorator]
        request=NewAgentCredentialSerializer, responses={201: IssuedTokenSerializer}
    )
    def post(self, request: Any, pk: UUID) -> Response:
        """The answer holds the credential, this once."""
        agent, given = _agent(request, pk), checked(NewAgentCredentialSerializer, request)
        token, secret = issue_agent_credential(agent, given["name"], given["expires_in_days"], actor=request.actor)
        shown = TokenSerializer(token).data | {"token": secret.reveal()}
        return Response(shown, status=status.HTTP_201_CREATED)


def _change(request: Any, agent: Agent, given: dict[str, Any]) -> None:
    actor = request.actor
    if given.keys() & {"name", "purpose", "groups"}:
        groups = groups_named(request.organization, given["groups"]) if "groups" in given else agent.groups.all()
        change_agent(agent, given.get("name", agent.name), given.get("purpose", agent.purpose), groups, actor=actor)
    if "owner" in given:
        transfer_agent(agent, _person(request, given["owner"]), actor=actor)
    if "state" in given:
        agent = _agent(request, agent.pk)
        if given["state"] == Agent.State.PAUSED:
            pause_agent(agent, given["because"], actor=actor)
        else:
            resume_agent(agent, actor=actor)


def _visible(request: Any) -> QuerySet[Agent]:
    found = queries.agents_of(request.organization)
    return found if has_power(request.membership, Power.VIEW_SETTINGS) else found.filter(owner=request.user)


def _agent(request: Any, pk: UUID) -> Agent:
    return queries.or_not_found(_visible(request).filter(pk=pk).first(), "There is no such agent here.")


def _person(request: Any, email: str) -> User:
    found = Membership.objects.filter(organization=request.organization, user__email__iexact=email, is_active=True)
    membership = found.select_related("user").first()
    if membership is None:
        raise PeopleError(f"There is nobody active with the address {email} here.", field="owner")
    return membership.user


agent_api_urls = [
    path("agents/", Agents.as_view(), name="agents"),
    path("agents/<uuid:pk>/", OneAgent.as_view(), name="agent"),
    path("agents/<uuid:pk>/groups/", GroupsOfAgent.as_view(), name="agent_groups"),
    path("agents/<uuid:pk>/credentials/", AgentCredentials.as_view(), name="agent_credentials"),
]
