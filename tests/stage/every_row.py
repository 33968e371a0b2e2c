"""The busy company, and a row of every other kind: what Records has to show."""

from __future__ import annotations

from django.contrib.auth.models import Permission
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from approvals.actions.request_access import request_access
from approvals.models import Decision, PendingAction
from audit.chain.sealing import seal_everything
from audit.models import Event, SetAside, Sweep, Unsealed
from audit.verification.verify import verify
from connectors.models import (
    BulkChange,
    ConnectorGroupPermission,
    ResourceAddresses,
    SyncRun,
    Tool,
    ToolPermission,
)
from harriet.gateway.models import ClientSession
from harriet.lib.ids import new_id
from harriet.people.models import (
    Backup,
    BrowserSession,
    MadeOnce,
    MailResult,
    Membership,
    NotificationChoice,
    RecoveryLink,
    RightGiven,
    SavedFilter,
    SetupLink,
    TablePreference,
)
from tests.stage.cast import Cast
from tests.stage.company import BusyCompany, make_busy_company
from vault.models import RootKey


def make_everything(cast: Cast) -> BusyCompany:
    """What the busy company alone has no row of, too."""
    company = make_busy_company(cast)
    crm, tool = company.connectors[0], Tool.objects.filter(connector=company.connectors[0]).earliest("name")
    SyncRun.objects.create(connector=crm, is_success=True, found=8, added=["add_note"])
    ResourceAddresses.objects.create(connector=crm, resources={"file:///offers": ["2026-01-01", "2026-02-01"]})
    BulkChange.objects.create(organization=cast.acme, connector=crm, made_by=cast.alice, outcome="3 enabled.")
    ToolPermission.objects.get_or_create(tool=tool, group=cast.sales)
    may = Permission.objects.get(codename="approve_connector")
    ConnectorGroupPermission.objects.create(group=cast.sales, content_object=crm, permission=may)
    ClientSession.objects.create(id=new_id(), token=company.device_token, subscriptions=["file:///offers"])
    action = PendingAction.objects.filter(organization=cast.acme).earliest("created_at")
    Decision.objects.create(
        action=action, approver=cast.bob, approver_label=str(cast.bob), verdict="reject", reason="Not to this customer."
    )
    _asked(cast, company)
    session = SessionStore()
    session.create()
    BrowserSession.objects.create(session_id=session.session_key, user=cast.bob, browser="Firefox", address="10.0.0.9")
    RecoveryLink.objects.create(
        organization=cast.acme, user=cast.bob, token_hash=b"\x03" * 32, made_by=cast.alice, expires_at=timezone.now()
    )
    NotificationChoice.objects.create(user=cast.bob, kind="calls", channel="inbox")
    MailResult.objects.update_or_create(id=1, defaults={"failed_at": timezone.now(), "problem": "ConnectionRefused"})
    RightGiven.objects.create(organization=cast.acme, way="role", to_id=cast.bob.pk, by=cast.alice)
    alice = Membership.objects.get(user=cast.alice, organization=cast.acme)
    SavedFilter.objects.create(membership=alice, table="audit", name="Refused in March", query="decision=refuse")
    TablePreference.objects.create(membership=alice, table="connectors", hidden=["due"], is_dense=True)
    MadeOnce.objects.create(organization=cast.acme, user=cast.alice, form_hash=b"\x03" * 32)
    _chain(cast)
    Backup.objects.create()
    SetupLink.objects.create(token_hash=b"\x01" * 32, expires_at=timezone.now())
    Sweep.objects.update_or_create(id=1, defaults={"swept_until": timezone.now()})
    RootKey.objects.get_or_create(label="a root key", defaults={"provider": "file", "canary": b"\x02" * 32})
    return company


def _asked(cast: Cast, company: BusyCompany) -> None:
    """Dana asks for a connector of which she may use nothing."""
    dana = Membership.objects.get(user=cast.dana)
    request_access(dana, company.connectors[2], "Monthly figures for the board.", actor=cast.actor(cast.dana))


def _chain(cast: Cast) -> None:
    seal_everything()
    verify(cast.acme.pk)
    event = Event.objects.filter(organization_id=cast.acme.pk).earliest("recorded_at")
    SetAside.objects.create(event_id=event.pk, organization_id=cast.acme.pk)
    Unsealed.objects.create(event_id=new_id(), organization_id=cast.acme.pk)
