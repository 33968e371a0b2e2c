"""How people, groups and tokens look in the REST API."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework import serializers

from harriet.people.actions.issue_device_credential import LONGEST_DAYS
from harriet.people.api.inner_lists import WHOLE, More, Names, names_of_groups
from harriet.people.models import AccessToken, CredentialOffer, Device, Group, Invitation, Membership
from harriet.people.queries import offer_path
from harriet.people.roles import Role

SETTABLE_STATES = [("active", "active"), ("paused", "paused")]
"""What a connector and an agent are set to over the API."""
ISSUED_KINDS = [(kind.value, kind.label) for kind in (AccessToken.Kind.DEVICE, AccessToken.Kind.INTEGRATION)]


class GroupSerializer(serializers.ModelSerializer[Group]):
    slug = serializers.SlugField(required=False, default="", allow_blank=True, max_length=50)
    members = serializers.IntegerField(source="member_count", read_only=True, default=0)

    class Meta:
        model = Group
        fields = ["id", "slug", "name", "members", "created_at"]
        read_only_fields = ["created_at"]


class PersonSerializer(serializers.ModelSerializer[Membership]):
    email = serializers.EmailField(source="user.email", read_only=True)
    name = serializers.CharField(source="user.name", read_only=True)
    groups = Names(names_of_groups(Membership.groups.through, "membership"), route="api:person_groups")
    more = More()
    devices = serializers.IntegerField(source="device_count", read_only=True)
    last_seen_at = serializers.DateTimeField(read_only=True)

    class Meta:
        model = Membership
        fields = ["id", "email", "name", "role", "groups", "is_active", "devices", "last_seen_at", "created_at", "more"]


class PersonChangeSerializer(serializers.Serializer[Any]):
    role = serializers.ChoiceField(Role.choices, required=False)
    groups = serializers.ListField(
        child=serializers.SlugField(), required=False, help_text="Short names; the whole list."
    )
    whole_lists = serializers.BooleanField(required=False, help_text=WHOLE)
    is_active = serializers.BooleanField(required=False)


class NewPersonSerializer(serializers.Serializer[Any]):
    email = serializers.EmailField()
    name = serializers.CharField(required=False, default="", allow_blank=True)
    role = serializers.ChoiceField(Role.choices, default=Role.MEMBER)
    groups = serializers.ListField(child=serializers.SlugField(), required=False, default=list)


class InvitationSerializer(serializers.ModelSerializer[Invitation]):
    """Somebody who is asked to join; they are in when they accept."""

    groups: serializers.SlugRelatedField[Group] = serializers.SlugRelatedField(
        slug_field="slug", many=True, read_only=True
    )

    class Meta:
        model = Invitation
        fields = ["id", "email", "role", "groups", "created_at", "expires_at"]


class TokenSerializer(serializers.ModelSerializer[AccessToken]):
    person = serializers.EmailField(source="user.email", read_only=True, default=None)
    device = serializers.CharField(source="device.name", read_only=True, default=None)
    groups = Names(names_of_groups(AccessToken.groups.through, "accesstoken"), route="api:token_groups")
    more = More()
    is_shared = serializers.SerializerMethodField()

    class Meta:
        model = AccessToken
        fields = [
            "id",
            "kind",
            "name",
            "hint",
            "person",
            "device",
            "groups",
            "is_shared",
            "profile_id",
            "created_at",
            "expires_at",
            "last_seen_at",
            "more",
        ]

    def get_is_shared(self, token: AccessToken) -> bool:
        return token.kind == AccessToken.Kind.INTEGRATION


class NewTokenSerializer(serializers.Serializer[Any]):
    """A device credential names a person and a device, which is registered when it is new; a key names groups."""

    kind = serializers.ChoiceField(ISSUED_KINDS)
    name = serializers.CharField()
    expires_in_days = serializers.IntegerField(min_value=1, max_value=LONGEST_DAYS, default=90)
    person = serializers.EmailField(required=False, help_text="Device credentials; the caller when left out.")
    device = serializers.CharField(required=False, help_text="Device credentials.")
    groups = serializers.ListField(child=serializers.SlugField(), required=False, help_text="Integration keys.")


class IssuedTokenSerializer(TokenSerializer):
    token = serializers.CharField(read_only=True, help_text="The token itself. It is shown this once.")

    class Meta(TokenSerializer.Meta):
        fields = [*TokenSerializer.Meta.fields, "token"]


class OfferSerializer(serializers.ModelSerializer[CredentialOffer]):
    """A credential that waits for its person, who alone can open the link, signed in. It is made then."""

    kind = serializers.SerializerMethodField()
    person = serializers.EmailField(source="device.user.email", read_only=True)
    device = serializers.CharField(source="device.name", read_only=True)
    link = serializers.SerializerMethodField()

    class Meta:
        model = CredentialOffer
        fields = ["id", "kind", "name", "person", "device", "link", "created_at", "expires_at"]

    def get_kind(self, offer: CredentialOffer) -> str:
        return AccessToken.Kind.DEVICE.value

    def get_link(self, offer: CredentialOffer) -> str:
        return settings.BASE_URL + offer_path(offer.pk)


class DeviceSerializer(serializers.ModelSerializer[Device]):
    person = serializers.EmailField(source="user.email", read_only=True)

    class Meta:
        model = Device
        fields = ["id", "name", "kind", "person", "created_at", "last_seen_at"]
        read_only_fields = ["kind"]
