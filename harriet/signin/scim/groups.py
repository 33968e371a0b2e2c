"""Groups as SCIM's groups."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.db.models import F, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Coalesce
from scim2_models import Meta, Reference

from harriet.people.models import Group, Membership, Organization
from harriet.signin.descriptions import GroupDescription
from harriet.signin.scim import resources
from harriet.signin.scim.filters import Far, Moment, Same, Sources, Text, as_id
from harriet.signin.scim.people import version_of

_Through = Membership.groups.through


def groups_of(organization: Organization) -> QuerySet[Group]:
    return Group.objects.filter(organization=organization).select_related("organization", "scim").order_by("pk")


def _one(text: str) -> Q:
    return Q(pk=as_id(text)) if as_id(text) else Q(pk__in=[])


SOURCES: Sources = {
    "id": Text(Cast(F("pk"), TextField()), fast=_one),
    "displayname": Text(F("name")),
    "externalid": Text(Coalesce(F("scim__external_id"), Value(""), output_field=TextField())),
    "members": Far(
        _Through.objects.filter(group=OuterRef("pk"), membership__scim__deleted_at=None),
        "membership_id",
        "membership__user__email",
    ),
    "meta.created": Moment(F("created_at")),
    "meta.lastmodified": Moment(Coalesce(F("scim__modified_at"), F("created_at"))),
    "meta.resourcetype": Same("Group"),
}


def members_of(groups: list[Group]) -> dict[UUID, list[UUID]]:
    """By group, in one query. Nobody whom the directory deleted."""
    rows = _Through.objects.filter(group__in=[group.pk for group in groups], membership__scim__deleted_at=None)
    found: dict[UUID, list[UUID]] = {group.pk: [] for group in groups}
    for group_id, membership_id in rows.order_by("membership_id").values_list("group_id", "membership_id"):
        found[group_id].append(membership_id)
    return found


def told(group: Group, members: list[UUID]) -> Any:
    scim = getattr(group, "scim", None)
    resource = resources.Group(
        id=str(group.pk),
        external_id=(scim.external_id if scim else "") or None,
        display_name=group.name,
        members=[_member(one) for one in members] or None,
    )
    content = (group.name, resource.external_id, [str(one) for one in members])
    resource.meta = Meta(
        resource_type="Group",
        created=group.created_at,
        last_modified=scim.modified_at if scim else group.created_at,
        version=version_of(content),
    )
    return resource


def _member(membership_id: UUID) -> resources.Member:
    ref = cast(Reference[Any], f"Users/{membership_id}")
    return resources.Member(value=str(membership_id), ref=ref, type="User")


def read(resource: Any) -> GroupDescription:
    """Raises PeopleError."""
    members = frozenset(one.value.strip().lower() for one in resource.members or () if one.value)
    return GroupDescription(resource.display_name or "", resource.external_id or "", members)
