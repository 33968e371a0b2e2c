"""Form fields for connectors, tools and profiles, for the forms of this floor and of the floors above."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from connectors.access.in_database import callers_of, havers_of
from connectors.models import Connector, Profile, Tool
from connectors.queries import profiles_for
from harriet.pages.picker import ChangedField, OneField, SeveralField
from harriet.pages.picking import Choice, Source
from harriet.people.models import Membership, Organization
from harriet.people.pages.fields import Everybody, OfOrganization
from harriet.people.search_words import Noun


class EveryConnector(OfOrganization, Source[Connector]):
    """Also drafts."""

    key, one, many = "every-connector", "connector", "connectors"
    noun = Noun.CONNECTOR

    def rows(self) -> QuerySet[Connector]:
        return Connector.objects.filter(organization=self.organization)

    def choice(self, row: Connector) -> Choice:
        return Choice(str(row.pk), row.name, row.get_state_display() if row.state != Connector.State.ACTIVE else "")


class Connectors(EveryConnector):
    """Those that are set up."""

    key = "connectors"

    def offered(self) -> QuerySet[Connector]:
        return self.rows().exclude(state=Connector.State.DRAFT)


class EveryTool(OfOrganization, Source[Tool]):
    """Also prompts and resources; also those that nobody can call."""

    key, one, many = "every-tool", "tool", "tools"
    noun = Noun.TOOL

    def rows(self) -> QuerySet[Tool]:
        return Tool.objects.filter(organization=self.organization).select_related("connector")

    def choice(self, row: Tool) -> Choice:
        name = "Resources" if row.kind == Tool.Kind.RESOURCES else str(row)
        return Choice(str(row.pk), name, row.connector.name)


class Tools(EveryTool):
    """Those that are enabled."""

    key = "tools"

    def offered(self) -> QuerySet[Tool]:
        return self.rows().filter(is_enabled=True).exclude(state=Tool.State.REMOVED)


class Profiles(OfOrganization, Source[Profile]):
    key, one, many = "profiles", "profile", "profiles"
    noun = Noun.PROFILE

    def rows(self) -> QuerySet[Profile]:
        return Profile.objects.filter(organization=self.organization)

    def choice(self, row: Profile) -> Choice:
        return Choice(str(row.pk), row.name)


class OwnProfiles(Profiles):
    """Those that one person has."""

    key = "own-profiles"

    def __init__(self, membership: Membership) -> None:
        super().__init__(membership.organization)
        self.membership = membership

    def rows(self) -> QuerySet[Profile]:
        return profiles_for(self.membership)


class PeopleOfProfile(Everybody):
    """Who is named in it."""

    key = "people-of-profile"

    def __init__(self, profile: Profile) -> None:
        super().__init__(profile.organization)
        self.profile = profile

    def rows(self) -> QuerySet[Membership]:
        return super().rows().filter(profiles=self.profile)


class ToolsOfProfile(EveryTool):
    """Single ones, beside the whole connectors."""

    key = "tools-of-profile"

    def __init__(self, profile: Profile) -> None:
        super().__init__(profile.organization)
        self.profile = profile

    def rows(self) -> QuerySet[Tool]:
        return super().rows().filter(profiles=self.profile)


class Havers(Everybody):
    """Who has a profile, by name or through a group."""

    key = "havers"

    def __init__(self, profile: Profile) -> None:
        super().__init__(profile.organization)
        named = Profile.people.through.objects.filter(profile=profile, membership=OuterRef("pk"))
        self.people = havers_of(profile).annotate(is_named=Exists(named))

    def rows(self) -> QuerySet[Membership]:
        return self.people

    def choice(self, row: Membership) -> Choice:
        way = "named in it" if getattr(row, "is_named", False) else "through a group"
        note = super().choice(row).note
        return Choice(self.value_of(row), str(row.user), f"{note}, {way}" if note else way)


class Callers(Everybody):
    """Who may call at least one of some tools."""

    key = "callers"

    def __init__(self, organization: Organization, tools: QuerySet[Tool]) -> None:
        super().__init__(organization)
        self.people = callers_of(organization, tools)

    def rows(self) -> QuerySet[Membership]:
        return self.people


class ConnectorsField(SeveralField[Connector]):
    def __init__(self, organization: Organization, **options: Any) -> None:
        super().__init__(Connectors(organization), **options)


class ManyToolsField(ChangedField[Tool]):
    def __init__(self, organization: Organization, **options: Any) -> None:
        super().__init__(Tools(organization), **options)


class ToolField(OneField[Tool]):
    """Any, also one that nobody can call."""

    def __init__(self, organization: Organization, **options: Any) -> None:
        super().__init__(EveryTool(organization), **options)


class ProfileField(OneField[Profile]):
    def __init__(self, organization: Organization, **options: Any) -> None:
        super().__init__(Profiles(organization), **options)
