"""People as SCIM's users: which rows, what can be asked of them, and how each is told and read."""

from __future__ import annotations

import hashlib
import json
from typing import Any, cast

from django.db.models import F, Func, JSONField, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Coalesce, JSONObject
from scim2_models import Meta, Reference

from harriet.people.models import Membership, Organization
from harriet.signin.descriptions import Address, PersonDescription
from harriet.signin.models import ScimUser
from harriet.signin.scim.filters import Entries, Far, Moment, Same, Sources, Text, as_id
from harriet.signin.scim.resources import PROVIDER, Email, EnterpriseUser, GroupOfUser, PersonName

MODEL: Any = PROVIDER.model_for("User")
_LOCAL = {"type": "work", "primary": True}
"""What is said of the address of somebody whom no directory has described yet."""


def users_of(organization: Organization) -> QuerySet[Membership]:
    """Everybody of the organization but those whom the directory deleted."""
    found = Membership.objects.filter(organization=organization, scim__deleted_at=None)
    return found.select_related("user", "organization", "scim").order_by("pk")


def _text(column: str) -> Text:
    return Text(Coalesce(F(column), Value(""), output_field=TextField()))


def _named(text: str) -> Q:
    """By the indexes of both tables."""
    described = ScimUser.objects.filter(user_name__iexact=text, deleted_at=None).values("membership_id")
    return Q(pk__in=described) | Q(scim=None, user__email__iexact=text)


def _one(text: str) -> Q:
    return Q(pk=as_id(text)) if as_id(text) else Q(pk__in=[])


_EMAIL = Func(
    JSONObject(value=F("user__email"), type=Value("work"), primary=Value(True)),
    function="jsonb_build_array",
    output_field=JSONField(),
)
SOURCES: Sources = {
    "id": Text(Cast(F("pk"), TextField()), fast=_one),
    "username": Text(Coalesce(F("scim__user_name"), F("user__email"), output_field=TextField()), fast=_named),
    "externalid": _text("scim__external_id"),
    "displayname": Text(Coalesce(F("scim__display_name"), F("user__name"), output_field=TextField())),
    "name.formatted": _text("scim__formatted_name"),
    "name.givenname": _text("scim__given_name"),
    "name.familyname": _text("scim__family_name"),
    "employeenumber": _text("scim__employee_number"),
    "active": Moment(F("is_active")),
    "emails": Entries(Coalesce(F("scim__emails"), _EMAIL), frozenset({"value", "type", "display", "primary"})),
    "groups": Far(Membership.groups.through.objects.filter(membership=OuterRef("pk")), "group_id", "group__name"),
    "meta.created": Moment(F("created_at")),
    "meta.lastmodified": Moment(Coalesce(F("scim__modified_at"), F("created_at"))),
    "meta.resourcetype": Same("User"),
}


def told(membership: Membership) -> Any:
    """As a resource of the library."""
    scim = getattr(membership, "scim", None)
    resource = MODEL(
        id=str(membership.pk),
        user_name=scim.user_name if scim else membership.user.email,
        external_id=(scim.external_id if scim else "") or None,
        display_name=(scim.display_name if scim else membership.user.name) or None,
        active=membership.is_active,
        emails=_emails(membership, scim),
        groups=_groups(membership) or None,
    )
    if scim:
        _describe(resource, scim)
    resource.meta = Meta(
        resource_type="User",
        created=membership.created_at,
        last_modified=scim.modified_at if scim else membership.created_at,
        version=version_of(resource.model_dump(mode="json")),
    )
    return resource


def _describe(resource: Any, scim: ScimUser) -> None:
    name = {
        "formatted": scim.formatted_name or None,
        "given_name": scim.given_name or None,
        "family_name": scim.family_name or None,
    }
    if any(name.values()):
        resource.name = PersonName(**name)
    if scim.employee_number:
        resource[EnterpriseUser] = EnterpriseUser(employee_number=scim.employee_number)


def _emails(membership: Membership, scim: ScimUser | None) -> list[Email] | None:
    known = scim.emails if scim else [{"value": membership.user.email, **_LOCAL}]
    return [Email(**one) for one in known] or None


def _groups(membership: Membership) -> list[GroupOfUser]:
    return [
        GroupOfUser(value=str(group.pk), display=group.name, ref=cast(Reference[Any], f"Groups/{group.pk}"))
        for group in sorted(membership.groups.all(), key=lambda group: group.pk)
    ]


def version_of(content: object) -> str:
    """A weak entity tag that changes with what is told, whoever changed it."""
    told_as = json.dumps(content, sort_keys=True, default=str).encode()
    return f'W/"{hashlib.sha256(told_as).hexdigest()[:32]}"'


def read(resource: Any) -> PersonDescription:
    """What the directory says. Raises PeopleError."""
    name, extension = resource.name or PersonName(), resource[EnterpriseUser] or EnterpriseUser()
    return PersonDescription(
        user_name=resource.user_name or "",
        external_id=resource.external_id or "",
        formatted_name=name.formatted or "",
        given_name=name.given_name or "",
        family_name=name.family_name or "",
        display_name=resource.display_name or "",
        emails=tuple(_address(one) for one in resource.emails or () if one.value and one.value.strip()),
        employee_number=extension.employee_number or "",
        is_active=resource.active,
    )


def _address(email: Email) -> Address:
    return Address(
        value=(email.value or "").strip(),
        type=email.type or "",
        is_primary=email.primary,
        display=email.display or "",
    )
