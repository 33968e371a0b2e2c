"""A company that has a row of every kind, for the stories about Records."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Permission
from django.db.models import Model, QuerySet
from django.urls import reverse
from django.utils import timezone

from approvals.models import Decision, PendingAction
from audit.chain.sealing import seal_everything
from audit.models import Event, SetAside, Sweep, Unsealed
from audit.verification.verify import verify
from connectors.models import (
    Connector,
    ConnectorGroupPermission,
    ResourceAddresses,
    SyncRun,
    Tool,
    ToolPermission,
)
from harriet.console.records.registry import model_of, url_name
from harriet.gateway.models import ClientSession
from harriet.lib.ids import new_id
from harriet.lib.records import INSTALLATION, Record
from harriet.people.models import Membership, Organization, RightGiven, SetupLink, User
from harriet.people.roles import Role
from tests.stage.cast import Cast
from tests.stage.company import World, make_world
from vault.models import RootKey


def make_everything(cast: Cast) -> World:
    """The busy company, and what the busy company alone has no row of."""
    world = make_world(cast)
    crm, tool = world.connectors[0], Tool.objects.filter(connector=world.connectors[0]).earliest("name")
    SyncRun.objects.create(connector=crm, is_success=True, found=8, added=["add_note"])
    ResourceAddresses.objects.create(connector=crm, resources={"file:///offers": ["2026-01-01", "2026-02-01"]})
    ToolPermission.objects.get_or_create(tool=tool, group=cast.sales)
    may = Permission.objects.get(codename="approve_connector")
    ConnectorGroupPermission.objects.create(group=cast.sales, content_object=crm, permission=may)
    ClientSession.objects.create(id=new_id(), token=world.device_token, subscriptions=["file:///offers"])
    action = PendingAction.objects.filter(organization=cast.acme).earliest("created_at")
    Decision.objects.create(
        action=action, approver=cast.bob, approver_label=str(cast.bob), verdict="reject", reason="Not to this customer."
    )
    RightGiven.objects.create(organization=cast.acme, way="role", to_id=cast.bob.pk, by=cast.alice)
    _chain(cast)
    SetupLink.objects.create(token_hash=b"\x01" * 32, expires_at=timezone.now())
    Sweep.objects.update_or_create(id=1, defaults={"swept_until": timezone.now()})
    RootKey.objects.get_or_create(label="a root key", defaults={"provider": "file", "canary": b"\x02" * 32})
    return world


def _chain(cast: Cast) -> None:
    seal_everything()
    verify(cast.acme.pk)
    event = Event.objects.filter(organization_id=cast.acme.pk).earliest("recorded_at")
    SetAside.objects.create(event_id=event.pk, organization_id=cast.acme.pk)
    Unsealed.objects.create(event_id=new_id(), organization_id=cast.acme.pk)


def with_role(cast: Cast, role: Role) -> User:
    """Somebody new at Acme."""
    user = User.objects.create_user(f"{role}@acme.test", "correct horse battery", name=f"A {role}")
    Membership.objects.create(organization=cast.acme, user=user, role=role)
    return user


def rows_in(record: Record, organization: Organization) -> QuerySet[Any]:
    """As the database has them, not as Records reads them; the newest first."""
    rows: QuerySet[Model] = model_of(record)._default_manager.order_by(f"-{record.time or 'pk'}", "-pk")
    return rows if record.scope == INSTALLATION else rows.filter(**{record.scope: organization.pk})


def list_url(record: Record) -> str:
    return reverse(url_name(record, "changelist"))


def row_url(record: Record, row: Model) -> str:
    return reverse(url_name(record, "change"), args=[row.pk])


def connector_of(cast: Cast) -> Connector:
    return Connector.objects.get(organization=cast.acme, slug="crm")
