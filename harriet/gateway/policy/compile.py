"""Builds what the hot path reads: one immutable snapshot per organization, whole at first, and after that by the rows
that changed."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.db import connection, transaction

from connectors.access.call_limits import load_limits
from connectors.access.facts import OrganizationFacts, ProfileRow
from connectors.access.load import load, load_changed
from connectors.identity_keys import identity_key_of
from harriet.gateway.policy.callers import callers_since
from harriet.gateway.policy.last_known import forget, last_known, remember
from harriet.gateway.policy.principal import Principal
from harriet.gateway.policy.snapshot import Snapshot
from harriet.gateway.policy.view import Views
from harriet.people.changes import Changes, Moment, changes_since, moment
from harriet.people.models import Change, Organization, OrganizationVersion
from vault.actions.create_data_key import create_data_key
from vault.open import opener_for
from vault.queries import sealed_credentials
from vault.stored import SealedCredential


def compile_snapshot(
    organization_id: UUID, before: Snapshot | None = None, known: Mapping[bytes, Principal] | None = None
) -> Snapshot | None:
    """None when the organization is gone. All queries see the same moment, so the number fits the rows; of what was
    known `before`, or to the last snapshot of this process, only what has changed since is read. `known` are the
    callers that it has in the end, as they are now; all of `before` when it isn't told."""
    if known is None:
        known = before.callers.known() if before is not None else {}
    before = before or last_known(organization_id)
    if before is None:
        _make_sure_of_keys(organization_id)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            snapshot = _compile(organization_id, before, known)
        except Organization.DoesNotExist:
            forget(organization_id)
            return None
    remember(snapshot)
    return snapshot


def snapshot_now(organization_id: UUID) -> Snapshot | None:
    """For a page, in whatever transaction there is. What it decides is decided again before anything leaves."""
    try:
        return _compile(organization_id, last_known(organization_id), {})
    except Organization.DoesNotExist:
        return None


def _make_sure_of_keys(organization_id: UUID) -> None:
    """An organization without a data key gets its first, which a read-only transaction can't make."""
    if Organization.objects.filter(pk=organization_id).exists():
        create_data_key(organization_id)


def _compile(organization_id: UUID, before: Snapshot | None, known: Mapping[bytes, Principal]) -> Snapshot:
    """Raises Organization.DoesNotExist."""
    at = moment()
    number = OrganizationVersion.objects.filter(pk=organization_id).values_list("number", flat=True).first() or 0
    changed = changes_since(organization_id, before.moment, at) if before is not None else None
    if before is None or changed is None:
        return _whole(organization_id, number, at, before, known)
    return _changed(before, number, at, changed, known)


def _whole(
    organization_id: UUID, number: int, at: Moment, before: Snapshot | None, known: Mapping[bytes, Principal]
) -> Snapshot:
    facts = load(organization_id, before.facts if before is not None else None)
    return Snapshot(
        facts=facts,
        number=number,
        moment=at,
        callers=callers_since(organization_id, known, None),
        profiles=_by_slug(facts),
        credentials=sealed_credentials(organization_id),
        opener=opener_for(organization_id),
        limits=load_limits(organization_id),
        views=_views_since(facts, before),
        identity_key=identity_key_of(facts),
    )


def _changed(before: Snapshot, number: int, at: Moment, changed: Changes, known: Mapping[bytes, Principal]) -> Snapshot:
    """`before` with what has changed since."""
    what, facts = Change.What, load_changed(before.facts, changed)
    has_settings, connectors = what.SETTINGS in changed, changed.get(what.CONNECTOR, set())
    return Snapshot(
        facts=facts,
        number=number,
        moment=at,
        callers=callers_since(facts.id, known, changed),
        profiles=_by_slug(facts),
        credentials=_credentials_since(before, connectors),
        opener=opener_for(facts.id) if has_settings else before.opener,
        limits=load_limits(facts.id) if what.LIMITS in changed else before.limits,
        views=_views_since(facts, before),
        identity_key=identity_key_of(facts) if has_settings or connectors else before.identity_key,
    )


def _by_slug(facts: OrganizationFacts) -> dict[str, ProfileRow]:
    return {profile.slug: profile for profile in facts.profiles.values()}


def _credentials_since(before: Snapshot, connectors: set[UUID]) -> Mapping[UUID, SealedCredential]:
    if not connectors:
        return before.credentials
    kept = {one: sealed for one, sealed in before.credentials.items() if one not in connectors}
    return kept | sealed_credentials(before.facts.id, connectors)


def _views_since(facts: OrganizationFacts, before: Snapshot | None) -> Views:
    """What a view shows depends on its profile's tools, the rules on arguments, the profile, and the role, groups and
    trust level that are its key."""
    if before is None or before.facts.rules != facts.rules:
        return Views()
    tools, connectors = _other_tools(facts, before.facts)
    same = {
        row.id
        for row in facts.profiles.values()
        if before.facts.profiles.get(row.id) is row
        and connectors.isdisjoint(row.facts.connector_ids)
        and tools.isdisjoint(row.facts.tool_ids)
    }
    return before.views.of_profiles(same)


def _other_tools(facts: OrganizationFacts, before: OrganizationFacts) -> tuple[set[UUID], set[UUID]]:
    """The ids of tools that aren't what they were, and of their connectors."""
    if facts.tools is before.tools:
        return set(), set()
    were = [row for tool_id, row in before.tools.items() if facts.tools.get(tool_id) is not row]
    are = [row for tool_id, row in facts.tools.items() if before.tools.get(tool_id) is not row]
    return {row.id for row in were + are}, {row.connector.id for row in were + are}
