"""Keeps with each described person the names of the groups that the directory has them in: what servers are told."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Q

from harriet.people.models import AssertedIdentity

AT_ONCE = 500


def assert_groups(membership_ids: Collection[UUID]) -> None:
    """Inside the caller's transaction, which moves the version. Only of people whom the directory describes."""
    described = AssertedIdentity.objects.filter(membership__in=membership_ids, source=AssertedIdentity.Source.SCIM)
    of_directory = Q(membership__groups__scim__isnull=False)
    named = described.annotate(
        named=ArrayAgg("membership__groups__name", filter=of_directory, order_by="membership__groups__name", default=[])
    )
    changed = []
    for identity in named:
        if identity.groups != identity.named:
            identity.groups = identity.named
            changed.append(identity)
    AssertedIdentity.objects.bulk_update(changed, ["groups"], batch_size=AT_ONCE)
