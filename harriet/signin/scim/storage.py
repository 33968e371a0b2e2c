"""Where the SCIM server reads and writes: one organization's rows, through actions. One for each request."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

from django.db import transaction
from scim2_models import (
    InvalidValueException,
    NotFoundException,
    NotImplementedException,
    PreconditionFailedException,
    Resource,
    ResourceType,
    ResponseParameters,
    SearchRequest,
)
from scim2_server.storage import ScimStorage, SearchPage

from audit.actor import Actor
from harriet.people.models import Group, Membership, Organization
from harriet.signin.actions.describe_person import describe_person
from harriet.signin.actions.provision_group import describe_group, drop_group, provision_group, unknown_members
from harriet.signin.actions.provision_person import provision_person
from harriet.signin.actions.withdraw_person import withdraw_person
from harriet.signin.descriptions import GroupDescription
from harriet.signin.scim import groups, people
from harriet.signin.scim.filters import as_id, narrowed
from harriet.signin.scim.resources import PAGE

_NO_ID = UUID(int=0)
"""Of what is no id at all: nobody has it."""
FARTHEST = 1_000_000
"""Rows that paging by index skips at most."""


class DatabaseStorage(ScimStorage):
    """`subject` is the row that the request is about, once it was read: an action that refuses names it."""

    def __init__(self, organization: Organization, actor: Actor, *, is_writing: bool) -> None:
        self.organization, self.actor, self.is_writing = organization, actor, is_writing
        self.subject: Membership | None = None

    def operation(self) -> AbstractContextManager[None]:
        return transaction.atomic()

    def get(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        response_parameters: ResponseParameters[Any] | None = None,
    ) -> Resource[Any]:
        """Whoever writes holds the row from here on: two changes at once come one after the other."""
        if resource_type.name == "User":
            return self._user(self._person(resource_id))
        group = self._group(resource_id)
        return self._groups([group], response_parameters)[0]

    def search(
        self, resource_types: list[ResourceType], search_request: SearchRequest[Any], *, position: Any = None
    ) -> SearchPage:
        if len(resource_types) != 1:
            raise NotImplementedException(detail="Search among Users or among Groups, not among both.")
        count = PAGE if search_request.count is None else search_request.count
        start = search_request.start_index_0 or 0
        page = slice(start, start + count)
        if resource_types[0].name == "User":
            users = narrowed(people.users_of(self.organization), search_request.filter, people.SOURCES)
            total = users.count()
            found = list(users.prefetch_related("groups")[page]) if count and start < min(total, FARTHEST) else []
            return SearchPage(total, [self._user(one) for one in found])
        rows = narrowed(groups.groups_of(self.organization), search_request.filter, groups.SOURCES)
        total = rows.count()
        some = list(rows[page]) if count and start < min(total, FARTHEST) else []
        return SearchPage(total, self._groups(some, search_request))

    def create(self, resource_type: ResourceType, resource: Resource[Any]) -> Resource[Any]:
        if resource_type.name == "User":
            person = provision_person(self.organization, people.read(resource), actor=self.actor)
            return self._user(self._person(str(person.pk)))
        said = self._members_known(groups.read(resource), resource)
        group = provision_group(self.organization, said, actor=self.actor)
        return self._groups([self._group(str(group.pk))], None)[0]

    def update(
        self, resource_type: ResourceType, resource: Resource[Any], *, expected_version: str | None = None
    ) -> Resource[Any]:
        if resource_type.name == "User":
            person = self._person(str(resource.id))
            self._check(self._user(person), expected_version)
            describe_person(person, people.read(resource), actor=self.actor)
            return self._user(self._person(str(resource.id)))
        group = self._group(str(resource.id))
        before = self._groups([group], None)[0]
        self._check(before, expected_version)
        had = groups.read(before).members
        said = self._members_known(groups.read(resource), resource, had)
        describe_group(group, said, had, actor=self.actor)
        return self._groups([self._group(str(resource.id))], None)[0]

    def delete(self, resource_type: ResourceType, resource_id: str, *, expected_version: str | None = None) -> None:
        current = self.get(resource_type, resource_id)
        self._check(current, expected_version)
        if resource_type.name == "User":
            withdraw_person(self._person(resource_id), actor=self.actor)
        else:
            drop_group(self._group(resource_id), actor=self.actor)

    def _person(self, text: str) -> Membership:
        found = people.users_of(self.organization).filter(pk=as_id(text) or _NO_ID)
        if self.is_writing:
            found = found.select_for_update(of=["self"], no_key=True)
        person = found.first()
        if person is None:
            raise NotFoundException(detail="There is no such user here.")
        self.subject = person
        return person

    def _group(self, text: str) -> Group:
        found = groups.groups_of(self.organization).filter(pk=as_id(text) or _NO_ID)
        if self.is_writing:
            found = found.select_for_update(of=["self"], no_key=True)
        group = found.first()
        if group is None:
            raise NotFoundException(detail="There is no such group here.")
        return group

    def _user(self, person: Membership) -> Resource[Any]:
        user: Resource[Any] = people.told(person)
        return user

    def _groups(self, rows: list[Group], asked: ResponseParameters[Any] | None) -> list[Resource[Any]]:
        members = groups.members_of(rows) if _wants_members(asked) else {}
        return [groups.told(row, members.get(row.pk, [])) for row in rows]

    def _members_known(
        self, said: GroupDescription, resource: Any, had: frozenset[str] = frozenset()
    ) -> GroupDescription:
        if any((one.type or "User").lower() != "user" for one in resource.members or ()):
            raise InvalidValueException(detail="A group has users as members here, and no other groups.")
        unknown = unknown_members(self.organization, said.members - had)
        if unknown:
            raise InvalidValueException(detail=f"There is no user {sorted(unknown)[0][:80]} here.")
        return said

    @staticmethod
    def _check(current: Resource[Any], expected_version: str | None) -> None:
        if expected_version is not None and (current.meta is None or current.meta.version != expected_version):
            raise PreconditionFailedException(detail="It has changed meanwhile: read it again.")


def _wants_members(asked: ResponseParameters[Any] | None) -> bool:
    """Not those of a group of thousands when only its name was asked for."""
    if asked is None:
        return True
    named = [str(path).lower() for path in asked.attributes or ()]
    left_out = {str(path).lower().rpartition(":")[2] for path in asked.excluded_attributes or ()}
    return "members" not in left_out and (not named or any("members" in path for path in named))
