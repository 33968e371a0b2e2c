"""What the API says of AI clients and connected apps: never a token; a secret once, to whoever makes it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from harriet.signin.models import Application, ConnectedApp


class ClientSerializer(serializers.ModelSerializer[Application]):
    redirect_uris = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField(source="created", read_only=True)

    class Meta:
        model = Application
        fields = ["id", "name", "client_id", "registration_source", "standing", "redirect_uris", "created_at"]

    def get_redirect_uris(self, client: Application) -> list[str]:
        return client.redirect_uris.split()


class NewClientSerializer(serializers.Serializer[Any]):
    """A client made by hand, for a product that can't register itself."""

    name = serializers.CharField()
    redirect_uris = serializers.ListField(child=serializers.CharField(), help_text="As the product shows them.")


class MadeClientSerializer(ClientSerializer):
    client_secret = serializers.CharField(read_only=True, help_text="It is shown this once.")

    class Meta(ClientSerializer.Meta):
        fields = [*ClientSerializer.Meta.fields, "client_secret"]


class StandingSerializer(serializers.Serializer[Any]):
    standing = serializers.ChoiceField(["allowed", "blocked"], help_text="Blocking ends what is connected with it.")


class AppSerializer(serializers.ModelSerializer[ConnectedApp]):
    person = serializers.EmailField(source="user.email", read_only=True)
    client = serializers.CharField(source="application.name", read_only=True)
    client_id = serializers.CharField(source="application.client_id", read_only=True)
    profile = serializers.UUIDField(source="profile_id", read_only=True)
    last_used_at = serializers.DateTimeField(source="device.last_seen_at", read_only=True)

    class Meta:
        model = ConnectedApp
        fields = [
            "id",
            "person",
            "client",
            "client_id",
            "profile",
            "scopes",
            "consented_at",
            "expires_at",
            "last_used_at",
        ]
