"""What one person may use, read from the database: the rules of `rules.py` as a query, which asks for nobody else.

The gateway and the previews judge with the rules themselves; a test holds the two together.
"""

from __future__ import annotations

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from connectors.models import CALLABLE, EVERYONE, IN_SERVICE, Connector, Profile, Tool, ToolPermission
from connectors.queries import groups_with, profiles_for
from harriet.people.models import Group, Membership

MOST_GROUPS = 20


def usable_tools(membership: Membership, profile: Profile | None = None) -> QuerySet[Tool]:
    """Tools, prompts and resources that the person may use through this profile of theirs, or through any."""
    if not (membership.is_active and membership.user.is_active):
        return Tool.objects.none()
    mine = profiles_for(membership).order_by()
    if profile is not None:
        mine = mine.filter(pk=profile.pk)
    contained = Q(connector__in=mine.values("connectors")) | Q(pk__in=mine.values("tools"))
    return offered_tools(membership).filter(contained, Exists(_permissions_of(membership)))


def offered_tools(membership: Membership) -> QuerySet[Tool]:
    """Those that anybody of the organization could be allowed to use now."""
    return Tool.objects.filter(CALLABLE, organization=membership.organization_id)


def is_permitted(tool: Tool, membership: Membership) -> bool:
    """Whether the tool is for a group or the role of the person, enabled or not."""
    return Tool.objects.filter(Exists(_permissions_of(membership)), pk=tool.pk).exists()


def connectors_beyond(membership: Membership) -> QuerySet[Connector]:
    """Active connectors of which the person may use nothing, by name."""
    mine = usable_tools(membership).values("connector")
    active = Connector.objects.filter(organization=membership.organization_id, **IN_SERVICE)
    return active.exclude(pk__in=mine).order_by("name", "pk")


def groups_that_use(connector: Connector) -> list[Group]:
    """Groups that may use tools of it, most tools first, each with `.tool_count`; `.has_profile` says whether a profile
    of the group offers the connector."""
    permitted = Q(
        tool_permissions__tool__connector=connector,
        tool_permissions__tool__is_enabled=True,
        tool_permissions__tool__state=Tool.State.PINNED,
    )
    groups = Group.objects.filter(permitted, organization=connector.organization_id)
    profiles = Profile.objects.filter(groups=OuterRef("pk"))
    offering = profiles.filter(Q(connectors=connector) | Q(tools__connector=connector))
    counted = groups.annotate(tool_count=Count("tool_permissions", filter=permitted), has_profile=Exists(offering))
    return list(counted.order_by("-tool_count", "name")[:MOST_GROUPS])


def _permissions_of(membership: Membership) -> QuerySet[ToolPermission]:
    by_group = Q(group__in=groups_with(membership))
    by_role = Q(group=None, role__in=[membership.role, EVERYONE])
    return ToolPermission.objects.filter(by_group | by_role, tool=OuterRef("pk"))
