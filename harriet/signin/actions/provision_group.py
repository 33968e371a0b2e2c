"""Makes, changes and deletes groups as the directory says."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from audit.actor import Actor
from harriet.people.actions.change_group_members import change_group_members
from harriet.people.actions.create_group import create_group
from harriet.people.actions.delete_group import delete_group
from harriet.people.actions.rename_group import rename_group
from harriet.people.errors import NotAllowed
from harriet.people.models import Group, Membership, Organization
from harriet.people.names import clean_name, slug_from
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.signin.actions.assert_groups import assert_groups
from harriet.signin.descriptions import GroupDescription
from harriet.signin.errors import Taken
from harriet.signin.models import ScimGroup

LONGEST_SLUG = 50


def provision_group(organization: Organization, said: GroupDescription, *, actor: Actor) -> Group:
    """The ids of members were looked up by the caller. Raises Taken, PeopleError or NotAllowed."""
    demand(actor, organization, Power.MANAGE_PEOPLE)
    name = _free_name(organization, said.name, besides=None)
    with transaction.atomic():
        group = create_group(organization, _free_slug(organization, name), name, actor=actor)
        ScimGroup.objects.create(group=group, organization=organization, external_id=said.external_id, is_own=True)
        change_group_members(group, _ids(said.members), [], actor=actor)
        assert_groups(_ids(said.members))
    return group


def describe_group(group: Group, said: GroupDescription, before: Iterable[str], *, actor: Actor) -> None:
    """`before`: its members when the directory's change was applied to them, under the lock of the caller."""
    demand(actor, group.organization, Power.MANAGE_PEOPLE)
    name = _free_name(group.organization, said.name, besides=group)
    had = frozenset(before)
    with transaction.atomic():
        rename_group(group, name, actor=actor)
        change_group_members(group, _ids(said.members - had), _ids(had - said.members), actor=actor)
        ScimGroup.objects.update_or_create(
            group=group,
            defaults={"external_id": said.external_id, "modified_at": Now()},
            create_defaults={"organization": group.organization, "external_id": said.external_id},
        )
        assert_groups(_ids(had | said.members))


def drop_group(group: Group, *, actor: Actor) -> None:
    """Only one that the directory made: what people gave to one of their own would go with it. Raises NotAllowed."""
    if not ScimGroup.objects.filter(group=group, is_own=True).exists():
        raise NotAllowed(
            f"{group.name} was made in Harriet, and gives its members what somebody chose. Delete it there, or take "
            "its members out."
        )
    with transaction.atomic():
        members = list(group.memberships.values_list("pk", flat=True))
        delete_group(group, actor=actor)
        assert_groups(members)


def _free_name(organization: Organization, text: str, *, besides: Group | None) -> str:
    name = clean_name(text, field="displayName")
    same = Group.objects.filter(organization=organization, name__iexact=name)
    if (same.exclude(pk=besides.pk) if besides else same).exists():
        raise Taken(f"There is already a group called {name} here.", field="displayName")
    return name


def _free_slug(organization: Organization, name: str) -> str:
    first = slug_from(name, fallback="group", longest=LONGEST_SLUG)
    alike = Group.objects.filter(organization=organization, slug__startswith=first[:40])
    taken = set(alike.values_list("slug", flat=True))
    others = (f"{first[:44]}-{number}" for number in range(2, len(taken) + 3))
    return next(slug for slug in (first, *others) if slug not in taken)


def _ids(texts: Iterable[str]) -> list[UUID]:
    return [UUID(text) for text in texts]


def unknown_members(organization: Organization, ids: Iterable[str]) -> set[str]:
    """Of these ids those that name nobody here whom the directory can see."""
    wanted = {text: as_uuid for text in ids if (as_uuid := _as_uuid(text))}
    visible = Membership.objects.filter(organization=organization, pk__in=wanted.values(), scim__deleted_at=None)
    found = set(visible.values_list("pk", flat=True))
    return {text for text in ids if wanted.get(text) not in found}


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
