"""Builds what the hot path reads: one immutable snapshot per organization, in a handful of bulk queries."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from connectors.access.call_limits import load_limits
from connectors.access.facts import OrganizationFacts
from connectors.access.load import load
from connectors.identity_keys import identity_key_of
from connectors.models import Connector
from harriet.gateway.policy.principal import Principals, load_principals, mark_of_tokens
from harriet.gateway.policy.snapshot import Snapshot
from harriet.gateway.policy.view import Views
from harriet.people.models import Organization, OrganizationVersion
from vault.actions.create_data_key import create_data_key
from vault.open import opener_for
from vault.queries import sealed_credentials


def compile_snapshot(organization_id: UUID, before: Snapshot | None = None) -> Snapshot | None:
    """None when the organization is gone. All queries see the same moment, so the number fits the rows; what is as it
    was `before` is taken over."""
    _make_sure_of_keys(organization_id)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        return _compile(organization_id, before)


def snapshot_now(organization_id: UUID) -> Snapshot | None:
    """For a page, in whatever transaction there is. What it decides is decided again before anything leaves."""
    return _compile(organization_id, None)


def _make_sure_of_keys(organization_id: UUID) -> None:
    """An organization without a data key gets its first, which a read-only transaction can't make."""
    if Organization.objects.filter(pk=organization_id).exists():
        create_data_key(organization_id)


def _compile(organization_id: UUID, before: Snapshot | None) -> Snapshot | None:
    number = OrganizationVersion.objects.filter(pk=organization_id).values_list("number", flat=True).first()
    try:
        facts = load(organization_id, before.facts if before else None)
    except Organization.DoesNotExist:
        return None
    principals = principals_since(facts, before)
    return Snapshot(
        facts=facts,
        number=number or 0,
        principals=principals.by_hash,
        principals_mark=principals.mark,
        by_token={one.token_id: one for one in principals.by_hash.values()},  # of several secrets, the current one
        profiles={profile.slug: profile for profile in facts.profiles.values()},
        credentials=sealed_credentials(organization_id),
        opener=opener_for(organization_id),
        down_since=_down_since(organization_id),
        limits=load_limits(organization_id),
        views=_views_since(facts, before),
        identity_key=identity_key_of(facts),
    )


def principals_since(facts: OrganizationFacts, before: Snapshot | None) -> Principals:
    """Those of the snapshot before, when neither a token nor a member has changed."""
    mark = mark_of_tokens(facts.id)
    if before is not None and before.principals_mark == mark and before.facts.members is facts.members:
        return Principals(before.principals, mark)
    return Principals(load_principals(facts), mark)


def _views_since(facts: OrganizationFacts, before: Snapshot | None) -> Views:
    """What a view shows depends on the tools, the rules on arguments, its profile, and the role, groups and trust level
    that are its key."""
    if before is None or before.facts.tools is not facts.tools or before.facts.rules != facts.rules:
        return Views()
    same = {row.id for row in facts.profiles.values() if before.facts.profiles.get(row.id) is row}
    return before.views.of_profiles(same)


def _down_since(organization_id: UUID) -> dict[UUID, datetime]:
    """The connectors whose calls pause."""
    down = Connector.objects.filter(organization_id=organization_id, health=Connector.Health.DOWN)
    return {row_id: since for row_id, since in down.values_list("id", "health_changed_at") if since is not None}
