"""More rows of each list than a page holds: many alike, many with nothing in a column."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from secrets import token_bytes
from typing import Any, NamedTuple
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from approvals.models import PendingAction, Ticket, Workflow, WorkflowRun
from connectors.models import CallLimit, Connector, LimitCount, Profile, Review, Risk, Tool
from harriet.lib.ids import new_id
from harriet.people.models import (
    AccessToken,
    Agent,
    Device,
    FoundServer,
    Group,
    Invitation,
    Membership,
    ServerSighting,
    User,
)
from harriet.people.roles import Role
from tests.stage.cast import Cast
from tests.stage.connected_apps import client_of, connected_app
from tests.stage.connectors import allow, new_connector, new_tool
from tests.stage.held_calls import make_mailing
from tests.stage.profiles import profile
from vault.models import Credential, CredentialVersion, OAuthClient, OAuthGrant

MANY = 60
LARGE = UUID("01900000-0000-7000-8000-000000000001")
"""The connector with many tools."""


def connectors(cast: Cast) -> None:
    """Every state, some with tools, some with a credential, few of them called."""
    chance, now = random.Random(5), timezone.now()
    made = Connector.objects.bulk_create(_connectors(cast, chance))
    called = [None, None, now, now - timedelta(days=1)]
    Tool.objects.bulk_create(
        new_tool(one, f"tool_{number}", is_enabled=bool(number), last_called_at=chance.choice(called))
        for one in made[::2]
        for number in range(1 + chance.randrange(3))
    )
    Credential.objects.bulk_create(
        Credential(
            organization=cast.acme,
            connector_id=one.pk,
            name=one.name,
            type="bearer",
            rotation_due_at=chance.choice([None, now, now + timedelta(days=3)]),
        )
        for one in made[::3]
    )


def _connectors(cast: Cast, chance: random.Random) -> Iterator[Connector]:
    owners: list[User | None] = [None, cast.alice, cast.bob]
    for number in range(MANY):
        yield new_connector(
            cast.acme,
            "https://acme.test/mcp",
            slug=f"connector-{number}",
            name=chance.choice(["CRM", "crm", "قاعدة", "Warehouse"]),
            state=chance.choice(Connector.State.values),
            health=chance.choice(Connector.Health.values),
            owner=chance.choice(owners),
        )


def tools(cast: Cast) -> None:
    """All of one connector, in every state and of every risk."""
    chance, now = random.Random(4), timezone.now()
    large = new_connector(cast.acme, "https://large.test/mcp", slug="large")
    large.pk = LARGE
    large.save()
    states = [Tool.State.PINNED, Tool.State.PINNED, Tool.State.QUARANTINED, Tool.State.REMOVED]
    Tool.objects.bulk_create(
        new_tool(
            large,
            f"tool_{number}",
            is_enabled=chance.random() > 0.3,
            state=chance.choice(states),
            risk_proposed=chance.choice(Risk.values),
            last_called_at=chance.choice([None, now, now - timedelta(days=1)]),
            position=chance.randrange(9),
        )
        for number in range(2 * MANY)
    )


def people(cast: Cast) -> None:
    chance, groups = random.Random(6), _groups(cast, 3)
    users = User.objects.bulk_create(
        User(email=f"somebody{number}@acme.test", name=chance.choice(["", "Maria", "ليلى"])) for number in range(MANY)
    )
    made = Membership.objects.bulk_create(
        Membership(organization=cast.acme, user=user, role=chance.choice(Role.values), is_active=chance.random() > 0.3)
        for user in users
    )
    for membership in made[::7]:
        membership.groups.set(groups)
    _devices(cast, users[:40], chance)


def invitations(cast: Cast) -> None:
    chance = random.Random(7)
    Invitation.objects.bulk_create(
        Invitation(
            organization=cast.acme,
            email=f"{chance.choice(['eve', 'EVE', 'omar'])}@acme.test",
            role=chance.choice(Role.values),
            token_hash=token_bytes(32),
            invited_by=chance.choice([None, cast.alice, cast.bob]),
            expires_at=timezone.now() + timedelta(days=chance.randrange(1, 4)),
        )
        for _ in range(MANY)
    )


def groups(cast: Cast) -> None:
    for group in _groups(cast, MANY)[::3]:
        group.memberships.set(Membership.objects.filter(organization=cast.acme))


def _groups(cast: Cast, number: int) -> list[Group]:
    named = ((f"group-{one}", ("Marketing", "marketing", "مبيعات")[one % 3]) for one in range(number))
    return Group.objects.bulk_create(Group(organization=cast.acme, slug=slug, name=name) for slug, name in named)


def devices(cast: Cast) -> None:
    _devices(cast, [cast.alice, cast.dana], random.Random(8))


def _devices(cast: Cast, owners: list[User], chance: random.Random) -> list[Device]:
    now = timezone.now()
    return Device.objects.bulk_create(
        Device(
            organization=cast.acme,
            user=owners[number % len(owners)],
            name=f"{chance.choice(['laptop', 'Laptop', 'هاتف'])} {number}",
            last_seen_at=chance.choice([None, now, now - timedelta(days=90)]),
        )
        for number in range(MANY)
    )


def tokens(cast: Cast) -> None:
    chance = random.Random(9)
    for device in _devices(cast, [cast.alice, cast.dana], chance):
        _token(cast, chance, kind=AccessToken.Kind.DEVICE, user=device.user, device=device).save()


def shared_keys(cast: Cast) -> None:
    chance = random.Random(10)
    AccessToken.objects.bulk_create(
        _token(cast, chance, kind=AccessToken.Kind.INTEGRATION, made_by=chance.choice(["", "alice@acme.test"]))
        for _ in range(MANY)
    )


def ai_clients(cast: Cast) -> None:
    """Some registered twice, each from another port; a few of them are connected."""
    chance, work = random.Random(11), profile(cast.acme, groups=[cast.sales])
    for number in range(MANY):
        for port in range(1 + number % 2):
            made = client_of(
                cast.acme,
                f"{chance.choice(['Claude', 'claude', 'عميل'])} {number}",
                redirect_uris=f"http://localhost:{4000 + port}/callback",
                registration_source=chance.choice(["dcr", "cimd", "manual"]) if number % 2 == 0 else "dcr",
                standing=("allowed", "waiting", "blocked")[number % 3],
            )
        if number % 7 == 0:
            connected_app(cast.dana, made, work)


def agents(cast: Cast) -> None:
    """Some paused because nobody answers for them, some ended."""
    chance, now = random.Random(14), timezone.now()
    _groups(cast, 5)
    for number in range(MANY):
        state = ("active", "paused", "ended")[number % 3]
        made = Agent.objects.create(
            organization=cast.acme,
            name=f"{chance.choice(['Nightly', 'nightly', 'ليلي'])} {number}",
            owner=None if state == "paused" else chance.choice([cast.alice, cast.dana]),
            state=state,
            last_seen_at=chance.choice([None, now]),
        )
        made.groups.set(Group.objects.filter(organization=cast.acme)[: number % 4])


def unmanaged_servers(cast: Cast) -> None:
    """On Dana's devices; some there more than once."""
    chance, machines = random.Random(15), _devices(cast, [cast.dana], random.Random(15))
    now = timezone.now()
    for number in range(MANY):
        made = FoundServer.objects.create(
            organization=cast.acme,
            kind=("url", "command")[number % 2],
            target=("https://found.example/mcp", "npx -y a-server")[number % 2] + str(number),
            fingerprint=token_bytes(32),
            name=chance.choice(["files", "Files", "ملفات"]),
            decision=chance.choice(["open", "denied", "promoted"]) if number % 2 else "open",
            last_seen_at=now - timedelta(days=number % 5),
        )
        for machine in machines[: number % 3]:
            ServerSighting.objects.create(
                organization=cast.acme, server=made, device=machine, client="Claude Code", name=made.name
            )


def oauth_clients(cast: Cast) -> None:
    chance, now = random.Random(16), timezone.now()
    OAuthClient.objects.bulk_create(
        OAuthClient(
            organization=cast.acme,
            issuer=f"https://id-{number}.example",
            name=chance.choice(["Example ID", "example id", "هوية"]),
            origin=chance.choice(["typed", "registered", "document"]),
            client_id="harriet",
            secret_expires_at=chance.choice([None, now, now + timedelta(days=5), now + timedelta(days=90)]),
            problem=chance.choice(["", "", "The provider said invalid_client."]),
        )
        for number in range(MANY)
    )


def _token(cast: Cast, chance: random.Random, **more: Any) -> AccessToken:
    now = timezone.now()
    return AccessToken(
        organization=cast.acme,
        name=chance.choice(["Claude", "claude", "كلود"]),
        token_hash=token_bytes(32),
        hint="abcd",
        expires_at=now + timedelta(days=chance.randrange(1, 40)),
        last_seen_at=chance.choice([None, now]),
        **more,
    )


def grants(cast: Cast) -> None:
    chance, now = random.Random(12), timezone.now()
    client = OAuthClient.objects.create(
        organization=cast.acme, issuer="https://id.example", name="Example ID", origin="typed", client_id="harriet"
    )
    OAuthGrant.objects.bulk_create(
        OAuthGrant(
            organization=cast.acme,
            client=client,
            user=chance.choice([None, cast.alice, cast.bob, cast.dana]),
            resource=f"https://server.example/{number}",
            account=chance.choice(["", "dana@provider.example", "قاعدة"]),
            state=chance.choice(["active", "needs_consent", "unknown", "revoked"]),
            failures=chance.choice([0, 3]),
            next_refresh_at=chance.choice([None, now, now + timedelta(hours=1)]),
            last_used_at=chance.choice([None, now]),
        )
        for number in range(MANY)
    )


def credentials(cast: Cast) -> None:
    chance, now = random.Random(11), timezone.now()
    made = Credential.objects.bulk_create(
        Credential(
            organization=cast.acme,
            connector_id=new_id(),
            name=chance.choice(["CRM", "crm", "قاعدة"]),
            type="bearer",
            placement={"header": "Authorization"},
            owner=chance.choice([None, cast.alice, cast.bob]),
            rotation_due_at=chance.choice([None, now, now - timedelta(days=3), now + timedelta(days=40)]),
            last_used_at=chance.choice([None, now]),
        )
        for _ in range(MANY)
    )
    CredentialVersion.objects.bulk_create(
        CredentialVersion(credential=one, number=1, sealed=b"", key_version=1, digest=b"", saved_by=cast.alice)
        for one in made
    )


def profiles(cast: Cast) -> None:
    connectors(cast)
    chance, offered = random.Random(12), list(Connector.objects.filter(organization=cast.acme)[:30])
    made = Profile.objects.bulk_create(
        Profile(organization=cast.acme, slug=f"profile-{number}", name=chance.choice(["Work", "work", "عمل"]))
        for number in range(MANY)
    )
    for one in made[::3]:
        one.connectors.set(chance.sample(offered, 7))
        one.people.set(Membership.objects.filter(organization=cast.acme))
    for one in made[::4]:
        one.groups.set([cast.sales])
        one.tools.set(Tool.objects.filter(organization=cast.acme)[:5])


def tickets(cast: Cast) -> None:
    mailing, chance = make_mailing(cast), random.Random(13)
    made = Ticket.objects.bulk_create(
        Ticket(
            organization=cast.acme,
            number=number,
            title=chance.choice(["Send a mail", "send a mail", "Delete everything"]),
            requester_label=chance.choice(["dana@acme.test", "nightly report"]),
        )
        for number in range(1, MANY + 1)
    )
    PendingAction.objects.bulk_create(
        PendingAction(
            organization=cast.acme,
            ticket=ticket,
            connector=mailing.tool.connector,
            tool=mailing.tool,
            user=cast.dana,
            caller_label="dana@acme.test",
            risk=chance.choice(["read_only", "moderate", "dangerous", "unknown"]),
            reason="This tool requires confirmation.",
            request_id=new_id(),
            sealed_arguments=b"",
            binding=token_bytes(32),
            state=chance.choice(["waiting", "approved", "executing"]),
            expires_at=timezone.now() + timedelta(hours=chance.randrange(3)),
        )
        for ticket in made
    )


def reviews(cast: Cast) -> None:
    """Of each connector one, in every state."""
    chance, now = random.Random(17), timezone.now()
    made = Connector.objects.bulk_create(_connectors(cast, chance))
    Review.objects.bulk_create(
        Review(
            organization=cast.acme,
            connector=one,
            submitter_label=chance.choice(["", "alice@acme.test", "ليلى"]),
            reviewer_label=chance.choice(["", "bob@acme.test"]),
            cause="It is new.",
            digest=token_bytes(32),
            score=chance.choice([0, 12, 60, 94]),
            state=chance.choice(Review.State.values),
            decided_at=chance.choice([None, now]),
        )
        for one in made
    )


def limits(cast: Cast) -> None:
    """Of tools, some of which were reached today."""
    chance, today = random.Random(18), timezone.now()
    crm = new_connector(cast.acme, "https://acme.test/mcp", slug="limited")
    crm.save()
    made = Tool.objects.bulk_create(new_tool(crm, f"tool_{number}") for number in range(MANY))
    rows = CallLimit.objects.bulk_create(
        CallLimit(
            organization=cast.acme,
            kind="tool",
            tool=one,
            counts=chance.choice(CallLimit.Counts.values),
            per_minute=chance.choice([None, 5]),
            per_day=chance.choice([5, 500]),
        )
        for one in made
    )
    LimitCount.objects.bulk_create(
        LimitCount(
            limit=one, subject_id=cast.dana.pk, day=today.date(), turned_away=chance.randrange(3), turned_away_at=today
        )
        for one in rows[::2]
    )


def workflows(cast: Cast) -> None:
    chance, work = random.Random(19), profile(cast.acme, groups=[cast.sales])
    Workflow.objects.bulk_create(
        Workflow(
            organization=cast.acme,
            slug=f"workflow-{number}",
            name=chance.choice(["Offer", "offer", "عرض"]),
            profile=chance.choice([None, work]),
            state=chance.choice(Workflow.State.values),
        )
        for number in range(MANY)
    )


def workflow_runs(cast: Cast) -> None:
    chance = random.Random(20)
    made = Ticket.objects.bulk_create(
        Ticket(organization=cast.acme, number=number, title="Offer", requester_label="dana@acme.test")
        for number in range(1, MANY + 1)
    )
    WorkflowRun.objects.bulk_create(
        WorkflowRun(
            organization=cast.acme,
            ticket=ticket,
            name=chance.choice(["Offer", "offer", "عرض"]),
            version=1,
            steps=[],
            user=chance.choice([cast.dana, cast.alice]),
            caller_label=chance.choice(["dana@acme.test", "alice@acme.test"]),
            origin="page",
            sealed_inputs=b"",
            state=chance.choice(WorkflowRun.State.values),
        )
        for ticket in made
    )


def ungated(cast: Cast) -> None:
    """Many tools that run without a person."""
    crm = new_connector(cast.acme, "https://acme.test/mcp", slug="quiet", state=Connector.State.ACTIVE)
    crm.save()
    made = Tool.objects.bulk_create(new_tool(crm, f"tool_{number:03}") for number in range(MANY))
    allow(cast.sales, made)
    profile(cast.acme, crm, groups=[cast.sales])


class Crowd(NamedTuple):
    view: str
    """The name of the page on which the table stands."""
    make: Callable[[Cast], None]
    query: str = ""
    args: tuple[UUID, ...] = ()
    most_queries: int = 16
    """That its page asks, however many rows there are."""

    @property
    def url(self) -> str:
        """To which `sort=name` can be added."""
        return f"{reverse(self.view, args=self.args)}?{self.query}"


CROWDS = {
    "connectors": Crowd("connectors:list", connectors),
    "tools": Crowd("connectors:detail", tools, args=(LARGE,)),
    "found-tools": Crowd("console:search", connectors, "of=tools&q=tool&"),
    "profiles": Crowd("profiles:list", profiles),
    "people": Crowd("people:list", people),
    "invitations": Crowd("people:list", invitations),
    "groups": Crowd("groups:list", groups),
    "devices": Crowd("devices:list", devices),
    "tokens": Crowd("devices:list", tokens),
    "shared-keys": Crowd("devices:list", shared_keys),
    "ai-clients": Crowd("clients:list", ai_clients),
    "agents": Crowd("agents:list", agents),
    "unmanaged-servers": Crowd("unmanaged:list", unmanaged_servers, "show=all&"),
    "control-files": Crowd("control_files:list", groups),
    "oauth_clients": Crowd("vault:oauth_clients", oauth_clients),
    "credentials": Crowd("vault:list", credentials),
    "grants": Crowd("vault:grants", grants),
    "tickets": Crowd("tickets:list", tickets, most_queries=26),
    "reviews": Crowd("reviews:list", reviews, "show=all&"),
    "limits": Crowd("limits:list", limits),
    "workflows": Crowd("workflows:list", workflows),
    "workflow-runs": Crowd("workflows:runs", workflow_runs),
    "coverage": Crowd("explain:coverage", ungated),
}
"""By the key of its table."""
