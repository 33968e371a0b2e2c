"""Reads of connectors, tools and profiles, each within one organization."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, Exists, Max, OuterRef, Prefetch, Q, QuerySet, When
from django.db.models.functions import Now

from connectors.counts import Counts
from connectors.models import (
    IN_SERVICE,
    ArgumentRule,
    AutonomousScope,
    BulkChange,
    Connector,
    ConnectorPermission,
    Profile,
    Review,
    SyncRun,
    Tool,
    ToolPermission,
    ToolVersion,
)
from harriet.lib.batches import in_batches
from harriet.people.models import Group, Membership, Organization
from harriet.people.notifications.recipients import active_here
from harriet.people.queries import or_not_found
from harriet.people.roles import Power, roles_with
from vault.models import Credential
from vault.oauth.per_person import IS_PER_PERSON
from vault.queries import in_use

MOST_VERSIONS = 20
"""Of one tool, on its page."""
MOST_PROFILES = 200
"""Of one person, where they choose among all that they have."""
MOST_OVERRIDES = 10
"""Approvals of a Critical connector, on its pages."""
BETWEEN_SYNCS = timedelta(hours=1)
PLACES_AT_ONCE = 500
"""Tools that are looked for by their places, in one query."""
SYNCS_AT_ONCE = 100
"""Each half minute: 12,000 connectors an hour."""
UNUSED_AFTER = timedelta(days=30)
UNUSED = Q(state=Connector.State.ACTIVE, created_at__lt=Now() - UNUSED_AFTER) & ~Q(
    Exists(Tool.objects.filter(connector=OuterRef("pk"), last_called_at__gte=Now() - UNUSED_AFTER))
)
"""Of connectors: older than the time that counts as unused, and none of their tools called in it."""
OFFERED = ~Q(tools__state=Tool.State.REMOVED)
BY_KIND = Case(*(When(kind=kind, then=place) for place, kind in enumerate(Tool.Kind.values)), default=0)
"""Tools, prompts, resources."""
ENABLED = Q(tools__is_enabled=True, tools__state=Tool.State.PINNED)
"""What can be called: a tool in quarantine can't."""


def connectors_of(organization: Organization) -> QuerySet[Connector]:
    """With `counts_of` them, `.quarantined_count`, `.last_called_at` and `.is_per_person` beside them."""
    signing_in = Credential.objects.filter(IS_PER_PERSON, connector_id=OuterRef("pk"))
    return (
        Connector.objects.filter(organization=organization)
        .select_related("owner", "organization")
        .annotate(
            **{f"{kind}_count": Count("tools", filter=OFFERED & Q(tools__kind=kind)) for kind in Tool.Kind.values},
            **{f"{kind}_enabled": Count("tools", filter=ENABLED & Q(tools__kind=kind)) for kind in Tool.Kind.values},
            quarantined_count=Count("tools", filter=Q(tools__state=Tool.State.QUARANTINED)),
            last_called_at=Max("tools__last_called_at"),
            is_per_person=Exists(in_use(signing_in)),
        )
        .order_by("name")
    )


def counts_of(connector: Connector) -> Counts:
    """Of a connector that `connectors_of` read."""
    columns = (f"{kind}_{what}" for kind in Tool.Kind.values for what in ("count", "enabled"))
    return Counts(*(getattr(connector, column) for column in (*columns, "quarantined_count")))


def connector_of(organization: Organization, connector_id: UUID) -> Connector:
    """Raises NotFound."""
    return or_not_found(connectors_of(organization).filter(pk=connector_id).first(), "There is no such connector here.")


def deciding_people(connector: Connector) -> QuerySet[Membership]:
    """Whoever has the right to decide on its held calls, by role or by a group; by address."""
    by_group = Membership.groups.through.objects.filter(
        membership=OuterRef("pk"),
        group__connector_permissions__content_object=connector,
        group__connector_permissions__permission__codename=ConnectorPermission.APPROVE,
    )
    may = Q(role__in=roles_with(Power.DECIDE_ACTIONS)) | Q(Exists(by_group))
    return active_here(connector.organization_id).filter(may).select_related("user").order_by("user__email")


def tools_of(connector: Connector) -> QuerySet[Tool]:
    """Of one connector: tools, prompts, resources, each by name, with what a list tells of them."""
    return with_roles(Tool.objects.filter(connector=connector)).order_by(BY_KIND, "name")


def tools_within(profile: Profile, kind: str) -> QuerySet[Tool]:
    """Single ones of a profile, beside its whole connectors, with what a list tells of them."""
    pairs = Profile.tools.through.objects.filter(profile=profile, tool__kind=kind)
    return with_roles(Tool.objects.filter(pk__in=pairs.values("tool")))


def tools_in(organization: Organization) -> QuerySet[Tool]:
    """All tools, prompts and resources, with details."""
    return with_details(Tool.objects.filter(organization=organization)).order_by("connector__name", BY_KIND, "name")


def tool_of(organization: Organization, tool_id: UUID) -> Tool:
    """With details. Raises NotFound."""
    return or_not_found(tools_in(organization).filter(pk=tool_id).first(), "There is no such tool here.")


def told_tool_of(organization: Organization, tool_id: UUID) -> Tool:
    """With what a list tells of it. Raises NotFound."""
    found = with_roles(Tool.objects.filter(organization=organization)).filter(pk=tool_id).first()
    return or_not_found(found, "There is no such tool here.")


def tool_for_page(organization: Organization, tool_id: UUID) -> Tool:
    """With whom it is for; its definitions are read beside it. Raises NotFound."""
    rows = Tool.objects.filter(organization=organization).select_related("connector__organization")
    found = rows.prefetch_related("permissions").filter(pk=tool_id).first()
    return or_not_found(found, "There is no such tool here.")


def tool_named(connector: Connector, name: str) -> Tool | None:
    """Of its tools and prompts; a tool before a prompt of the same name."""
    found = Tool.objects.filter(connector=connector, name=name).exclude(kind=Tool.Kind.RESOURCES)
    return found.order_by("-kind").first()


def tool_at(organization: Organization, place: str, kind: str = Tool.Kind.TOOL) -> Tool | None:
    """By the connector's short name and its own, as “crm/send_mail”; with the connector."""
    slug, _, name = place.partition("/")
    found = Tool.objects.filter(organization=organization, kind=kind, connector__slug=slug, name=name)
    return found.select_related("connector").first()


def tools_at(organization_id: UUID, places: Collection[str], kind: str = Tool.Kind.TOOL) -> dict[str, Tool]:
    """The same of many, by their places; what is not there is left out."""
    found: dict[str, Tool] = {}
    for some in in_batches(dict.fromkeys(places), PLACES_AT_ONCE):
        slugs, names = zip(*(place.partition("/")[::2] for place in some), strict=True)
        rows = Tool.objects.filter(organization=organization_id, kind=kind, connector__slug__in=set(slugs))
        alike = rows.filter(name__in=set(names)).select_related("connector")
        wanted = set(some)
        at = {f"{tool.connector.slug}/{tool.name}": tool for tool in alike}
        found |= {place: tool for place, tool in at.items() if place in wanted}
    return found


def with_details(tools: QuerySet[Tool]) -> QuerySet[Tool]:
    """With the connector, the permissions, and the pinned version in the list `pinned`."""
    permissions = ToolPermission.objects.select_related("group").order_by("group__name", "role")
    return _with_definition(tools).prefetch_related(Prefetch("permissions", permissions))


def with_roles(tools: QuerySet[Tool]) -> QuerySet[Tool]:
    """With the connector, the pinned version, and the roles to which each is given in the list `for_roles`: the groups
    may be very many."""
    roles = ToolPermission.objects.filter(group=None).order_by("role")
    return _with_definition(tools).prefetch_related(Prefetch("permissions", roles, to_attr="for_roles"))


def _with_definition(tools: QuerySet[Tool]) -> QuerySet[Tool]:
    pinned = ToolVersion.objects.filter(is_pinned=True)
    return tools.select_related("connector__organization").prefetch_related(
        Prefetch("versions", pinned, to_attr="pinned")
    )


def pinned_definition(tool: Tool) -> ToolVersion:
    """The accepted definition, of a tool read by this module without another query."""
    found: list[ToolVersion] | None = getattr(tool, "pinned", None)
    return found[0] if found else tool.versions.get(is_pinned=True)


def shown_versions(tool: Tool) -> list[ToolVersion]:
    """The latest of its definitions, the newest first; the accepted and the proposed one are always among them."""
    rows = tool.versions.select_related("accepted_by", "refused_by")
    latest = rows.order_by("-is_proposed", "-is_pinned", "-seen_at")[:MOST_VERSIONS]
    return sorted(latest, key=lambda version: version.seen_at, reverse=True)


def bulk_change_of(organization: Organization, connector_id: UUID, bulk_id: UUID) -> BulkChange:
    """Raises NotFound; also for one that is too old to be kept."""
    rows = BulkChange.objects.filter(organization=organization, connector=connector_id).select_related("organization")
    return or_not_found(rows.filter(pk=bulk_id).first(), "This preview is not kept any more. Tick the tools again.")


def bulk_changes_of(connector: Connector) -> QuerySet[BulkChange]:
    """Those that were done, the latest first; without what they hold of each tool."""
    done = BulkChange.objects.filter(connector=connector).exclude(applied_at=None)
    return done.select_related("made_by", "undone_by").defer("seen", "done").order_by("-applied_at")


def profiles_of(organization: Organization) -> QuerySet[Profile]:
    return Profile.objects.filter(organization=organization).select_related("organization")


def profile_of(organization: Organization, profile_id: UUID) -> Profile:
    """Raises NotFound."""
    return or_not_found(profiles_of(organization).filter(pk=profile_id).first(), "There is no such profile here.")


def profiles_for(membership: Membership) -> QuerySet[Profile]:
    """Those that a person has, by name or through a group."""
    named = Profile.people.through.objects.filter(membership=membership.pk).values("profile")
    grouped = Profile.groups.through.objects.filter(group__in=groups_with(membership)).values("profile")
    # Not by joins: every person of every group of every profile would be looked at.
    mine = Q(pk__in=named) | Q(pk__in=grouped)
    found = Profile.objects.filter(mine, organization=membership.organization_id)
    return found.select_related("organization").order_by("name")


def profiles_with_group(group: Group) -> QuerySet[Profile]:
    """Those that are given to a group."""
    given = Profile.groups.through.objects.filter(group=group).values("profile")
    found = Profile.objects.filter(pk__in=given, organization=group.organization_id)
    return found.select_related("organization").order_by("slug")


def approved_profiles(organization: Organization) -> QuerySet[Profile]:
    """Those that offer something: a whole connector that is active, or a tool of one."""
    active = Connector.objects.filter(organization=organization, **IN_SERVICE).values("pk")
    whole = Profile.connectors.through.objects.filter(profile=OuterRef("pk"), connector__in=active)
    single = Profile.tools.through.objects.filter(profile=OuterRef("pk"), tool__connector__in=active)
    return profiles_of(organization).filter(Exists(whole) | Exists(single)).order_by("slug")


def groups_with(membership: Membership) -> QuerySet[Any, Any]:
    """The ids of the groups that the person is in."""
    return Membership.groups.through.objects.filter(membership=membership.pk).values("group")


def last_sync_of(connector: Connector) -> SyncRun | None:
    """None before the first."""
    return SyncRun.objects.filter(connector=connector).first()


def last_taken_sync_of(connector: Connector) -> SyncRun | None:
    """The one that what is offered now comes from: a failed sync changes nothing of it."""
    return SyncRun.objects.filter(connector=connector, is_success=True).first()


def reviews_of(organization: Organization) -> QuerySet[Review]:
    """The newest first, without what was found."""
    rows = Review.objects.filter(organization=organization).select_related("connector", "submitter", "reviewer")
    return rows.select_related("organization").defer("parts", "versions", "findings").order_by("-submitted_at")


def review_of(organization: Organization, review_id: UUID) -> Review:
    """Raises NotFound."""
    found = reviews_of(organization).defer(None).defer("parts", "versions").filter(pk=review_id).first()
    return or_not_found(found, "There is no such review here.")


def standing_reviews_of(connector: Connector) -> list[Review]:
    """The newest, and those in which it was approved although it was Critical, which are shown for good."""
    mine = Review.objects.filter(connector=connector).select_related("organization")
    newest = mine.order_by("-submitted_at").values("pk")[:1]
    shown = mine.filter(Q(pk__in=newest) | ~Q(override_reason=""))
    return list(shown.defer("parts", "versions", "findings").order_by("-submitted_at")[:MOST_OVERRIDES])


def due_for_sync() -> list[UUID]:
    """Servers that are up and whose tools nobody compared for an hour: changes are found without anybody's asking. Some
    at a time: while they wait for a worker they are found again."""
    return list(_due_for_sync().values_list("pk", flat=True)[:SYNCS_AT_ONCE])


def is_due_for_sync(connector_id: UUID) -> bool:
    """Whether this one is, without looking at the others."""
    return _due_for_sync().filter(pk=connector_id).exists()


def _due_for_sync() -> QuerySet[Connector]:
    seen = Connector.objects.filter(state=Connector.State.ACTIVE, health=Connector.Health.UP)
    lately = SyncRun.objects.filter(connector=OuterRef("pk"), started_at__gte=Now() - BETWEEN_SYNCS)
    return seen.filter(~Exists(lately))


def rules_of(connector: Connector) -> QuerySet[ArgumentRule]:
    """On arguments, in their order; there are few."""
    return ArgumentRule.objects.filter(connector=connector).select_related("tool", "connector__organization")


def rule_of(connector: Connector, pk: UUID) -> ArgumentRule:
    """Raises NotFound."""
    return or_not_found(rules_of(connector).filter(pk=pk).first(), "There is no such rule here.")


def scope_of(profile: Profile, pk: UUID) -> AutonomousScope:
    """Raises NotFound."""
    found = AutonomousScope.objects.filter(profile=profile).select_related("profile__organization")
    return or_not_found(found.filter(pk=pk).first(), "There is no such scope here.")
