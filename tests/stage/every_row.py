"""The busy company, and a row of every other kind: what Records has to show."""

from __future__ import annotations

from django.contrib.auth.models import Permission
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from approvals.actions.request_access import request_access
from approvals.models import ActionEdit, Decision, PendingAction, Report, TicketComment, Webhook, WebhookMessage
from approvals.ticket_numbers import next_ticket, one_at_a_time
from audit.chain.sealing import seal_everything
from audit.models import Event, SetAside, Sweep, Unsealed
from audit.usage_counting import count_usage
from audit.verification.verify import verify
from connectors.actions.add_limit import add_limit
from connectors.actions.set_breakers import set_breakers
from connectors.models import (
    Assessment,
    BulkChange,
    Connector,
    ConnectorGroupPermission,
    IdentityKey,
    LimitCount,
    ResourceAddresses,
    Review,
    ReviewComment,
    SyncRun,
    Tool,
    ToolPermission,
)
from harriet.gateway.models import ClientSession
from harriet.lib.ids import new_id
from harriet.people.models import (
    Agent,
    AssertedIdentity,
    Backup,
    BrowserSession,
    Device,
    DeviceInvitation,
    ForgottenChanges,
    FoundServer,
    MadeOnce,
    MailResult,
    Membership,
    NotificationChoice,
    PublishedControlFiles,
    RecoveryLink,
    RightGiven,
    SavedFilter,
    ServerSighting,
    SetupLink,
    SignInRule,
    Stop,
    TablePreference,
)
from harriet.signin.models import (
    Application,
    AuthorizationCode,
    ClaimMapping,
    ConnectedApp,
    ConnectionStep,
    DeviceCode,
    Domain,
    IdentityProvider,
    IssuedToken,
    ProviderSession,
    RefreshToken,
    ScimGroup,
    ScimUser,
    SeenAssertion,
    SignInAttempt,
    SubjectToken,
    TrustedIssuer,
    TrustedProfile,
    UsedAssertion,
    WorkloadIdentity,
)
from tests.stage.cast import Cast
from tests.stage.company import BusyCompany, make_busy_company
from tests.stage.workflow_rows import make_workflow
from vault.models import OAuthClient, OAuthGrant, OAuthRequest, RootKey
from vault.oauth.addresses import callback_address


def make_everything(cast: Cast) -> BusyCompany:
    """What the busy company alone has no row of, too."""
    company = make_busy_company(cast)
    crm, tool = company.connectors[0], Tool.objects.filter(connector=company.connectors[0]).earliest("name")
    SyncRun.objects.create(connector=crm, is_success=True, found=8, added=["add_note"])
    ForgottenChanges.objects.create(organization_id=cast.acme.pk, transaction=1)
    ResourceAddresses.objects.create(connector=crm, resources={"file:///offers": ["2026-01-01", "2026-02-01"]})
    _review(cast, crm)
    IdentityKey.objects.create(organization=cast.acme, kid="key-1", sealed=b"\x0a" * 32, public={"kty": "EC"})
    BulkChange.objects.create(organization=cast.acme, connector=crm, made_by=cast.alice, outcome="3 enabled.")
    _limits(cast, tool)
    ToolPermission.objects.get_or_create(tool=tool, group=cast.sales)
    may = Permission.objects.get(codename="approve_connector")
    ConnectorGroupPermission.objects.create(group=cast.sales, content_object=crm, permission=may)
    ClientSession.objects.create(id=new_id(), token=company.device_token, subscriptions=["file:///offers"])
    action = PendingAction.objects.filter(organization=cast.acme).earliest("created_at")
    Decision.objects.create(
        action=action, approver=cast.bob, approver_label=str(cast.bob), verdict="reject", reason="Not to this customer."
    )
    ActionEdit.objects.create(
        action=action,
        edition=1,
        editor=cast.bob,
        editor_label=str(cast.bob),
        reason="Too many.",
        sealed_before=b"\x0e" * 32,
    )
    _asked(cast, company)
    _told(cast, action)
    make_workflow(cast)
    session = SessionStore()
    session.create()
    BrowserSession.objects.create(session_id=session.session_key, user=cast.bob, browser="Firefox", address="10.0.0.9")
    RecoveryLink.objects.create(
        organization=cast.acme, user=cast.bob, token_hash=b"\x03" * 32, made_by=cast.alice, expires_at=timezone.now()
    )
    _webhook(cast)
    NotificationChoice.objects.create(user=cast.bob, kind="calls", channel="inbox")
    MailResult.objects.update_or_create(id=1, defaults={"failed_at": timezone.now(), "problem": "ConnectionRefused"})
    RightGiven.objects.create(organization=cast.acme, way="role", to_id=cast.bob.pk, by=cast.alice)
    alice = Membership.objects.get(user=cast.alice, organization=cast.acme)
    SavedFilter.objects.create(membership=alice, table="audit", name="Refused in March", query="decision=refuse")
    TablePreference.objects.create(membership=alice, table="connectors", hidden=["due"], is_dense=True)
    MadeOnce.objects.create(organization=cast.acme, user=cast.alice, form_hash=b"\x03" * 32)
    _identities(cast, alice)
    _providers(cast, alice)
    _on_devices(cast)
    _signed_in_clients(cast, company)
    _oauth(cast, company)
    _chain(cast)
    Backup.objects.create()
    SetupLink.objects.create(token_hash=b"\x01" * 32, expires_at=timezone.now())
    Sweep.objects.update_or_create(id=1, defaults={"swept_until": timezone.now()})
    RootKey.objects.get_or_create(label="a root key", defaults={"provider": "file", "canary": b"\x02" * 32})
    return company


def _limits(cast: Cast, tool: Tool) -> None:
    """Dana called a tool too often today; and one that is asked again and again by its nature is excepted."""
    by = {"actor": cast.actor(cast.alice)}
    add_limit(cast.acme, "person", None, per_minute=60, per_day=2000, **by)
    limit = add_limit(cast.acme, "tool", tool, per_day=100, at_limit="hold", **by)
    today = {"day": timezone.now().date(), "turned_away_at": timezone.now()}
    LimitCount.objects.create(limit=limit, subject_id=tool.pk, calls=100, turned_away=7, **today)
    set_breakers(cast.acme, repeats=50, seconds=60, at_limit="refuse", may_repeat=[tool], stops_failing=True, **by)
    count_usage()


def _asked(cast: Cast, company: BusyCompany) -> None:
    """Dana asks for a connector of which she may use nothing."""
    dana = Membership.objects.get(user=cast.dana)
    request_access(dana, company.connectors[2], "Monthly figures for the board.", actor=cast.actor(cast.dana))


def _webhook(cast: Cast) -> None:
    sealed = {"sealed_address": b"\x0b" * 32, "sealed_key": b"\x0c" * 32}
    webhook = Webhook.objects.create(organization=cast.acme, name="Chat", host="chat.acme.test", **sealed)
    WebhookMessage.objects.create(webhook=webhook, kind="calls", key="a call", text="Dana asks", path="/tickets/")


def _told(cast: Cast, action: PendingAction) -> None:
    """Bob asks something on the ticket, and Dana found what came of it odd."""
    TicketComment.objects.create(ticket=action.ticket, author=cast.bob, author_label=str(cast.bob), text="Why so many?")
    one_at_a_time(cast.acme.pk)
    ticket = next_ticket(cast.acme.pk, "Odd behaviour of CRM", cast.dana.pk, cast.dana.email)
    Report.objects.create(organization=cast.acme, ticket=ticket, reporter=cast.dana, text="It named a stranger.")


def _identities(cast: Cast, alice: Membership) -> None:
    Agent.objects.create(organization=cast.acme, name="Nightly report", owner=cast.alice)
    Stop.objects.create(
        organization=cast.acme,
        kind="risk",
        subject="dangerous",
        label="Dangerous",
        reason="A rehearsal.",
        began_by_label="Alice",
        released_at=timezone.now(),
        released_by_label="Alice",
        release_reason="It was one.",
    )
    ScimUser.objects.create(organization=cast.acme, membership=alice, user_name="alice@acme.test", external_id="a-1")
    ScimGroup.objects.create(organization=cast.acme, group=cast.sales, external_id="sales-1")
    AssertedIdentity.objects.create(membership=alice, provider_id=new_id(), source="oidc", subject="alice-1")


def _providers(cast: Cast, alice: Membership) -> None:
    """Acme's people come through its own provider."""
    SignInRule.objects.create(organization=cast.acme, break_glass=cast.alice)
    Domain.objects.create(organization=cast.acme, name="acme.test", proof="harriet-domain=1")
    provider = IdentityProvider.objects.create(organization=cast.acme, kind="oidc", name="Acme account")
    ClaimMapping.objects.create(provider=provider, value="sales-team", group=cast.sales)
    soon = timezone.now()
    SignInAttempt.objects.create(provider=provider, state_hash=b"\x07" * 32, expires_at=soon)
    SeenAssertion.objects.create(provider=provider, id_hash=b"\x08" * 32, expires_at=soon)
    SubjectToken.objects.create(provider=provider, membership=alice, sealed=b"\x09" * 32, expires_at=soon)
    session = SessionStore()
    session.create()
    ProviderSession.objects.create(
        session_id=session.session_key, provider=provider, membership=alice, subject="alice-1"
    )


def _on_devices(cast: Cast) -> None:
    """Dana is setting up a laptop; another one has a server that Harriet doesn't know."""
    DeviceInvitation.objects.create(
        organization=cast.acme, user=cast.dana, device_name="New laptop", expires_at=timezone.now()
    )
    device = Device.objects.filter(user=cast.dana).earliest("created_at")
    server = FoundServer.objects.create(
        organization=cast.acme, kind="url", target="https://notes.example/mcp", fingerprint=b"\x07" * 32, name="Notes"
    )
    ServerSighting.objects.create(
        organization=cast.acme, server=server, device=device, client="Cursor", name="notes", seen_at=timezone.now()
    )
    PublishedControlFiles.objects.create(organization=cast.acme, group=cast.sales, published_by=cast.alice)


def _signed_in_clients(cast: Cast, company: BusyCompany) -> None:
    """Dana's client has signed in, refreshed once and is about to ask again."""
    client = Application.objects.create(
        organization=cast.acme,
        name="Claude Code",
        client_id="client-of-dana",
        redirect_uris="http://127.0.0.1/callback",
        registration_source="dcr",
    )
    mine = {"user": cast.dana, "application": client}
    app = ConnectedApp.objects.create(
        organization=cast.acme,
        device=Device.objects.create(organization=cast.acme, user=cast.dana, name="Claude Code", kind="app"),
        profile_id=company.profile.pk,
        scopes="tools.read",
        expires_at=timezone.now(),
        **mine,
    )
    mine |= {"connected_app": app}
    AuthorizationCode.objects.create(code="a" * 64, expires=timezone.now(), **mine)
    token = IssuedToken.objects.create(token="b" * 64, expires=timezone.now(), **mine)
    RefreshToken.objects.create(token="c" * 64, access_token=token, **mine)
    DeviceCode.objects.create(
        organization=cast.acme,
        client_id="client-of-dana",
        device_code="d" * 64,
        user_code="ABCDEF",
        expires=timezone.now(),
    )
    ConnectionStep.objects.create(organization=cast.acme, user=cast.dana, kind="token", client="Claude Code")
    issuer = TrustedIssuer.objects.create(organization=cast.acme, name="Acme Okta", issuer="https://acme.okta.example")
    agent = Agent.objects.get(organization=cast.acme, name="Nightly report")
    WorkloadIdentity.objects.create(
        issuer=issuer, subject="system:serviceaccount:reports:nightly", agent=agent, profile_id=company.profile.pk
    )
    TrustedProfile.objects.create(issuer=issuer, profile_id=company.profile.pk, scopes="tools.read")
    UsedAssertion.objects.create(
        organization=cast.acme, issuer=issuer.issuer, jti_hash=b"\x07" * 32, expires_at=timezone.now()
    )


def _oauth(cast: Cast, company: BusyCompany) -> None:
    """Dana has connected an account at the CRM's issuer."""
    client = OAuthClient.objects.create(
        organization=cast.acme, issuer="https://id.example", name="CRM", origin="typed", client_id="harriet"
    )
    OAuthGrant.objects.create(organization=cast.acme, client=client, user=cast.dana, account="dana@acme.example")
    OAuthRequest.objects.create(
        organization=cast.acme,
        client=client,
        user=cast.dana,
        connector_id=company.connectors[0].pk,
        state_hash=b"\x05" * 32,
        sealed_verifier=b"\x06" * 32,
        key_version=1,
        issuer="https://id.example",
        redirect_uri=callback_address("https://id.example"),
        expires_at=timezone.now(),
    )


def _chain(cast: Cast) -> None:
    seal_everything()
    verify(cast.acme.pk)
    event = Event.objects.filter(organization_id=cast.acme.pk).earliest("recorded_at")
    SetAside.objects.create(event_id=event.pk, organization_id=cast.acme.pk)
    Unsealed.objects.create(event_id=new_id(), organization_id=cast.acme.pk)


def _review(cast: Cast, crm: Connector) -> None:
    """Of a change, while the connector goes on serving calls."""
    found = {
        "code": "address",
        "severity": "medium",
        "sentence": "It is reached by plain http.",
        "where": "address",
        "evidence": "http://crm.test/<b>mcp</b>",
    }
    Assessment.objects.create(connector=crm, digest=b"\x01" * 32, findings=[found], score=12)
    review = Review.objects.create(
        organization=cast.acme,
        connector=crm,
        submitter=cast.dana,
        submitter_label=cast.dana.email,
        cause="Changed since the last approval: how Harriet signs in.",
        is_in_service=True,
        digest=b"\x01" * 32,
        findings=[found],
        score=12,
    )
    ReviewComment.objects.create(review=review, author=cast.bob, author_label=cast.bob.email, text="Why the other key?")
