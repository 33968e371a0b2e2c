"""The REST API of people, groups, devices and tokens: thin, everything goes through the actions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.response import Response

from harriet.people import queries
from harriet.people.actions.activate_person import activate_person
from harriet.people.actions.bring_person import bring_person
from harriet.people.actions.change_role import change_role
from harriet.people.actions.create_group import create_group
from harriet.people.actions.deactivate_person import deactivate_person
from harriet.people.actions.delete_group import delete_group
from harriet.people.actions.issue_device_credential import IssuedToken, issue_device_credential
from harriet.people.actions.issue_integration_key import issue_integration_key
from harriet.people.actions.offer_device_credential import offer_device_credential
from harriet.people.actions.register_device import register_device
from harriet.people.actions.remove_person import remove_person
from harriet.people.actions.revoke_device import revoke_device
from harriet.people.actions.revoke_token import revoke_token
from harriet.people.actions.set_person_groups import change_person_groups, set_person_groups
from harriet.people.api.inner_lists import InnerChangeSerializer, refuse_parts, with_first_names
from harriet.people.api.newest import Newest
from harriet.people.api.serializers import (
    DeviceSerializer,
    GroupSerializer,
    InvitationSerializer,
    IssuedTokenSerializer,
    NewPersonSerializer,
    NewTokenSerializer,
    OfferSerializer,
    PersonChangeSerializer,
    PersonSerializer,
    TokenSerializer,
)
from harriet.people.api.view_parts import checked, demand_view, groups_named
from harriet.people.errors import PeopleError
from harriet.people.models import AccessToken, Device, Group, Invitation, Membership, User
from harriet.people.permissions import has_power
from harriet.people.roles import Power


class People(generics.ListAPIView[Membership]):
    serializer_class = PersonSerializer
    pagination_class = Newest

    def get_queryset(self) -> QuerySet[Membership]:
        demand_view(self.request)
        found = queries.people_of(self.request.organization)  # type: ignore[attr-defined]
        return with_first_names(found.prefetch_related(None), PersonSerializer)

    @extend_schema(  # type: ignore[untyped-decorator]
        request=NewPersonSerializer, responses={201: PersonSerializer, 202: InvitationSerializer}
    )
    def post(self, request: Any) -> Response:
        """Adds somebody new, who sets a password through "forgot password" (201). Who has an account already is
        invited instead, and accepts or declines (202)."""
        given = checked(NewPersonSerializer, request)
        given["groups"] = groups_named(request.organization, given["groups"])
        membership = bring_person(request.organization, **given, actor=request.actor)
        if isinstance(membership, Invitation):
            return Response(InvitationSerializer(membership).data, status=status.HTTP_202_ACCEPTED)
        person = queries.person_of(request.organization, membership.pk)
        return Response(PersonSerializer(person).data, status=status.HTTP_201_CREATED)


class Person(generics.GenericAPIView[Membership]):
    serializer_class = PersonSerializer

    def get(self, request: Any, pk: UUID) -> Response:
        demand_view(request)
        return Response(PersonSerializer(queries.person_of(request.organization, pk)).data)

    @extend_schema(request=PersonChangeSerializer)  # type: ignore[untyped-decorator]
    def patch(self, request: Any, pk: UUID) -> Response:
        membership, given = queries.person_of(request.organization, pk), checked(PersonChangeSerializer, request)
        refuse_parts(membership, PersonSerializer, given)
        with transaction.atomic():
            change_person(membership, given, request.actor)
        return Response(PersonSerializer(queries.person_of(request.organization, pk)).data)

    def delete(self, request: Any, pk: UUID) -> Response:
        remove_person(queries.person_of(request.organization, pk), actor=request.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


def change_person(membership: Membership, given: dict[str, Any], actor: Any) -> None:
    if "role" in given:
        change_role(membership, given["role"], actor=actor)
    if "groups" in given:
        set_person_groups(membership, groups_named(membership.organization, given["groups"]), actor=actor)
    if "is_active" in given:
        (activate_person if given["is_active"] else deactivate_person)(membership, actor=actor)


class Groups(generics.ListAPIView[Group]):
    serializer_class = GroupSerializer
    pagination_class = Newest

    def get_queryset(self) -> QuerySet[Group]:
        demand_view(self.request)
        return queries.groups_with_counts(self.request.organization)  # type: ignore[attr-defined]

    @extend_schema(request=GroupSerializer, responses={201: GroupSerializer})  # type: ignore[untyped-decorator]
    def post(self, request: Any) -> Response:
        given = checked(GroupSerializer, request)
        group = create_group(request.organization, given["slug"], given["name"], actor=request.actor)
        return Response(GroupSerializer(group).data, status=status.HTTP_201_CREATED)


class GroupsWithin(generics.ListAPIView[Group]):
    """The groups of one thing: a list within what the API tells."""

    serializer_class = GroupSerializer
    pagination_class = Newest

    def ids(self, pk: UUID) -> QuerySet[Any, Any]:
        """Of the groups. Raises NotFound for what the caller may not see."""
        raise NotImplementedError

    def get_queryset(self) -> QuerySet[Group]:
        request: Any = self.request
        return queries.groups_with_counts(request.organization).filter(pk__in=self.ids(self.kwargs["pk"]))


class GroupsOfPerson(GroupsWithin):
    def ids(self, pk: UUID) -> QuerySet[Any, Any]:
        demand_view(self.request)
        person = queries.person_of(self.request.organization, pk)  # type: ignore[attr-defined]
        return Membership.groups.through.objects.filter(membership=person.pk).values("group")

    @extend_schema(request=InnerChangeSerializer, responses={204: None})  # type: ignore[untyped-decorator]
    def patch(self, request: Any, pk: UUID) -> Response:
        """Groups that the person comes into, and that they leave, by their short names."""
        person, given = queries.person_of(request.organization, pk), checked(InnerChangeSerializer, request)
        added, removed = (groups_named(request.organization, given[way]) for way in ("add", "remove"))
        change_person_groups(person, add=added, remove=removed, actor=request.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


class GroupsOfToken(GroupsWithin):
    def ids(self, pk: UUID) -> QuerySet[Any, Any]:
        token = _token(self.request, pk)
        return AccessToken.groups.through.objects.filter(accesstoken=token.pk).values("group")


class OneGroup(generics.GenericAPIView[Group]):
    serializer_class = GroupSerializer

    def get(self, request: Any, pk: UUID) -> Response:
        demand_view(request)
        return Response(GroupSerializer(queries.counted_group_of(request.organization, pk)).data)

    def delete(self, request: Any, pk: UUID) -> Response:
        delete_group(queries.group_of(request.organization, pk), actor=request.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Devices(generics.ListAPIView[Device]):
    """Everybody's for who manages tokens, else one's own."""

    serializer_class = DeviceSerializer
    pagination_class = Newest

    def get_queryset(self) -> QuerySet[Device]:
        request: Any = self.request
        return queries.devices_of(request.organization, own_only(request))


class OneDevice(generics.GenericAPIView[Device]):
    serializer_class = DeviceSerializer

    def delete(self, request: Any, pk: UUID) -> Response:
        revoke_device(queries.device_of(request.organization, pk), actor=request.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Tokens(generics.ListAPIView[AccessToken]):
    """Everybody's for who manages tokens, else one's own. A token's value is never listed."""

    serializer_class = TokenSerializer
    pagination_class = Newest

    def get_queryset(self) -> QuerySet[AccessToken]:
        request: Any = self.request
        found = queries.tokens_of(request.organization, own_only(request))
        return with_first_names(found.prefetch_related(None), TokenSerializer)

    @extend_schema(  # type: ignore[untyped-decorator]
        request=NewTokenSerializer, responses={201: IssuedTokenSerializer, 202: OfferSerializer}
    )
    def post(self, request: Any) -> Response:
        """Issues a device credential or an integration key; the answer (201) holds the token, this once. A credential
        for somebody else is only prepared (202): the answer holds the link that this person alone can open."""
        given = checked(NewTokenSerializer, request)
        with transaction.atomic():
            if given["kind"] == AccessToken.Kind.DEVICE:
                device = device_for(request, given)
                if device.user_id != request.user.pk:
                    offer = offer_device_credential(device, **_terms(given), actor=request.actor)
                    return Response(OfferSerializer(offer).data, status=status.HTTP_202_ACCEPTED)
                token, secret = issue_device_credential(device, **_terms(given), actor=request.actor)
            else:
                token, secret = issue_shared(request, given)
        shown = TokenSerializer(token).data | {"token": secret.reveal()}
        return Response(shown, status=status.HTTP_201_CREATED)


class OneToken(generics.GenericAPIView[AccessToken]):
    serializer_class = TokenSerializer

    def get(self, request: Any, pk: UUID) -> Response:
        return Response(TokenSerializer(_token(request, pk)).data)

    def delete(self, request: Any, pk: UUID) -> Response:
        revoke_token(queries.token_of(request.organization, pk), actor=request.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _token(request: Any, pk: UUID) -> AccessToken:
    """Raises NotFound."""
    found = queries.tokens_of(request.organization, own_only(request)).filter(pk=pk).first()
    return queries.or_not_found(found, "There is no such token here.")


def own_only(request: Any) -> User | None:
    return None if has_power(request.membership, Power.MANAGE_TOKENS) else request.user


def issue_shared(request: Any, given: dict[str, Any]) -> IssuedToken:
    groups = groups_named(request.organization, given.get("groups", []))
    return issue_integration_key(
        request.organization, given["name"], groups, given["expires_in_days"], actor=request.actor
    )


def _terms(given: dict[str, Any]) -> dict[str, Any]:
    return {"name": given["name"], "expires_in_days": given["expires_in_days"]}


def device_for(request: Any, given: dict[str, Any]) -> Device:
    """The device that was named, registered when it is new."""
    organization, actor = request.organization, request.actor
    if not given.get("device"):
        raise PeopleError("Name the device, such as “Dana's laptop”.", field="device")
    user = holder(request, given.get("person", ""))
    device = queries.devices_of(organization, user).filter(name=given["device"]).first()
    return device or register_device(organization, user, given["device"], actor=actor)


def holder(request: Any, email: str) -> User:
    if not email:
        return request.user  # type: ignore[no-any-return]
    membership = Membership.objects.filter(organization=request.organization, user__email__iexact=email).first()
    if membership is None or own_only(request) not in {None, membership.user}:
        raise PeopleError(f"There is nobody with the address {email} whose tokens you manage here.", field="person")
    return membership.user


people_api_urls = [
    path("people/", People.as_view(), name="people"),
    path("people/<uuid:pk>/", Person.as_view(), name="person"),
    path("people/<uuid:pk>/groups/", GroupsOfPerson.as_view(), name="person_groups"),
    path("groups/", Groups.as_view(), name="groups"),
    path("groups/<uuid:pk>/", OneGroup.as_view(), name="group"),
    path("devices/", Devices.as_view(), name="devices"),
    path("devices/<uuid:pk>/", OneDevice.as_view(), name="device"),
    path("tokens/", Tokens.as_view(), name="tokens"),
    path("tokens/<uuid:pk>/", OneToken.as_view(), name="token"),
    path("tokens/<uuid:pk>/groups/", GroupsOfToken.as_view(), name="token_groups"),
]
