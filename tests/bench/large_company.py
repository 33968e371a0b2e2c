"""A very large company, made in bulk by the database: rows like those that the busy company has, each with a name, an
owner and a time of its own. The n-th row of a noun has an id that its n alone decides, so that others lead to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.apps import apps

from tests.bench.large_log import make_calls, run

if TYPE_CHECKING:
    from tests.stage.cast import Cast

FIRST = ("Maria", "Jonas", "Aiko", "Ngozi", "Dan", "Ana", "Olu", "Fatima", "Erik", "Chen", "Priya", "Luis", "Ines")
LAST = ("Silva", "Weber", "Tanaka", "Okafor", "Santos", "Novak", "Haddad", "Larsen", "Wang", "Rao", "Ruiz", "Costa")
VERBS = ("list", "get", "create", "update", "delete", "search", "send", "export")
THINGS = ("issue", "invoice", "customer", "page", "file", "deal", "event", "message", "report", "branch", "order")


@dataclass(frozen=True, slots=True)
class Large:
    """How many of each there are, beside those of the busy company."""

    people: int = 100_000
    connectors: int = 1_000
    tools: int = 20_000
    groups: int = 2_000
    profiles: int = 200
    devices: int = 50_000
    tickets: int = 20_000
    calls: int = 4_000_000
    """Each is two events, but for those that were refused or held."""

    @classmethod
    def of(cls, people: int, events: int = 0) -> Large:
        """As much smaller as its people are fewer, but for the events of its log where they are given."""
        whole = cls()
        share = people / whole.people
        counts = {name: max(20, int(getattr(whole, name) * share)) for name in cls.__slots__}
        return cls(**counts | ({"calls": events // 2} if events else {}))


def fill(cast: Cast, size: Large) -> None:
    """Beside what `make_busy_company` made."""
    _people(cast, size)
    _connectors(size)
    _tools(cast, size)
    _profiles(cast, size)
    _devices(size)
    _tickets(cast, size)
    _notices(cast, size)
    make_calls(cast.acme.pk, calls=size.calls, people=size.people)
    run("ANALYZE")


def copies(label: str, many: int, like: str, **columns: str) -> None:
    """`many` rows like the first one that `like` finds; each named column is what its SQL makes of `n`."""
    model = apps.get_model(label)
    table = model._meta.db_table
    names = [
        str(field.column)
        for field in model._meta.concrete_fields
        if not getattr(field, "generated", False) and (field.column in columns or not field.primary_key)
    ]
    changed = ", ".join(f"'{name}', {value}" for name, value in columns.items())
    run(
        f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(f'made.{name}' for name in names)}"
        f" FROM {table} t, generate_series(1, {many}) AS n(n),"
        f" LATERAL jsonb_populate_record(t, jsonb_build_object({changed})) made"
        f" WHERE t.ctid = (SELECT ctid FROM {table} WHERE {like} LIMIT 1)"
    )


def _link(through: Any, many: int, left: str, right: str, where: str = "TRUE") -> None:
    """Rows of a many-to-many table."""
    _, first, second = (str(field.column) for field in through._meta.concrete_fields)
    run(
        f"INSERT INTO {through._meta.db_table} ({first}, {second})"
        f" SELECT {left}, {right} FROM generate_series(1, {many}) AS n(n) WHERE {where} ON CONFLICT DO NOTHING"
    )


def nth(noun: str, number: str = "n") -> str:
    return f"md5('{noun}' || {number})::uuid"


def _one_of(words: tuple[str, ...], number: str = "n") -> str:
    return f"(ARRAY{list(words)})[1 + ({number}) % {len(words)}]"


def _people(cast: Cast, size: Large) -> None:
    first, last = _one_of(FIRST), _one_of(LAST, f"n / {len(FIRST)}")
    name = f"{first} || ' ' || {last}"
    copies(
        "people.User",
        size.people,
        f"id = '{cast.dana.pk}'",
        id=nth("user"),
        name=name,
        email=f"lower({first} || '.' || {last} || n || '@acme.test')",
        created_at="now() - n * interval '1 minute'",
    )
    of_dana = f"user_id = '{cast.dana.pk}'"
    role = "CASE WHEN n % 500 = 0 THEN 'approver' WHEN n % 997 = 0 THEN 'reviewer' ELSE 'member' END"
    copies("people.Membership", size.people, of_dana, id=nth("membership"), user_id=nth("user"), role=role)
    run(f"UPDATE people_membership SET is_active = FALSE WHERE id IN (SELECT {nth('membership')} FROM"
         f" generate_series(50, {size.people}, 50) AS n(n))")  # fmt: skip
    copies(
        "people.Group",
        size.groups,
        "slug = 'sales'",
        id=nth("group"),
        slug="'team-' || n",
        name=f"'Team ' || {_one_of(THINGS)} || ' ' || n",
    )
    membership = apps.get_model("people.Membership")
    _link(membership.groups.through, size.people, nth("membership"), f"'{cast.sales.pk}'::uuid")
    _link(membership.groups.through, size.people, nth("membership"), nth("group", f"(1 + n % {size.groups})"))
    address = "'new.colleague' || n || '@acme.test'"
    hashed = "sha256(('invitation' || n)::bytea)"
    copies("people.Invitation", size.people // 50, "TRUE", id=nth("invitation"), email=address, token_hash=hashed)


def _connectors(size: Large) -> None:
    health = "CASE WHEN n % 25 = 0 THEN 'down' WHEN n % 40 = 0 THEN 'operator' ELSE 'up' END"
    state = "CASE WHEN n % 30 = 0 THEN 'draft' WHEN n % 31 = 0 THEN 'paused' ELSE 'active' END"
    copies(
        "connectors.Connector",
        size.connectors,
        "slug = 'warehouse'",
        id=nth("connector"),
        slug="'server-' || n",
        name=f"initcap({_one_of(THINGS)}) || ' server ' || n",
        health=health,
        state=state,
    )
    copies(
        "vault.Credential",
        size.connectors,
        "name = 'CRM'",
        id=nth("credential"),
        connector_id=nth("connector"),
        name=f"initcap({_one_of(THINGS)}) || ' server ' || n",
        rotation_due_at="now() + (n % 100 - 5) * interval '1 day'",
    )
    copies("vault.CredentialVersion", size.connectors, "is_current", id=nth("secret"), credential_id=nth("credential"))
    run(
        "INSERT INTO connectors_syncrun (id, connector_id, started_at, finished_at, is_success, found, found_prompts,"
        " found_resources, added, changed, removed, renamed, restored, refused, refused_count, mended, mended_count,"
        " unchecked, unchecked_count, error)"
        f" SELECT {nth('sync')}, {nth('connector', f'(1 + n % {size.connectors})')}, now() - n * interval '5 minutes',"
        " now() - n * interval '5 minutes', n % 7 > 0, 20, 0, FALSE, '[]', '[]', '[]', '[]', '[]', '[]', 0, '[]', 0,"
        f" '[]', 0, CASE WHEN n % 7 > 0 THEN '' ELSE 'No answer.' END FROM generate_series(1, {size.tools}) AS n(n)"
    )


def _tools(cast: Cast, size: Large) -> None:
    """A seventh of all are the CRM's."""
    crm = "(SELECT id FROM connectors_connector WHERE slug = 'crm')"
    copies(
        "connectors.Tool",
        size.tools,
        "kind = 'tool' AND name = 'update_deal'",
        id=nth("tool"),
        connector_id=f"CASE WHEN n % 7 = 0 THEN {crm} ELSE {nth('connector', f'(1 + n % {size.connectors})')} END",
        name=f"{_one_of(VERBS)} || '_' || {_one_of(THINGS, 'n / 8')} || '_' || n",
        state="CASE WHEN n % 60 = 0 THEN 'quarantined' WHEN n % 61 = 0 THEN 'removed' ELSE 'pinned' END",
        is_enabled="n % 5 > 1",
        requires_confirmation="n % 9 = 0",
        risk_proposed="(ARRAY['read_only', 'moderate', 'dangerous', 'unknown'])[1 + n % 4]",
        last_called_at="CASE WHEN n % 3 = 0 THEN now() - n * interval '1 minute' END",
    )
    # A definition is kept as the server sent it, character by character: not through jsonb.
    definition = "json_build_object('name', 'tool', 'description', 'Does what its name says.', 'inputSchema'," \
        " json_build_object('type', 'object'))"  # fmt: skip
    for noun, which, is_pinned in (("version", "TRUE", "TRUE"), ("proposed", "n % 60 = 0", "FALSE")):
        run(
            "INSERT INTO connectors_toolversion (id, tool_id, digest, definition, is_pinned, is_proposed, seen_at)"
            f" SELECT {nth(noun)}, {nth('tool')}, sha256(('{noun}' || n)::bytea), {definition},"
            f" {is_pinned}, NOT {is_pinned}, now() FROM generate_series(1, {size.tools}) AS n(n) WHERE {which}"
        )
    groups = ((f"'{cast.sales.pk}'::uuid", "sales"), (nth("group", f"(1 + n % {size.groups})"), "team"))
    for group, noun in groups:
        run(
            "INSERT INTO connectors_toolpermission (id, tool_id, group_id, role)"
            f" SELECT {nth('permission ' + noun)}, {nth('tool')}, {group}, ''"
            f" FROM generate_series(1, {size.tools}) AS n(n)"
        )


def _profiles(cast: Cast, size: Large) -> None:
    """Everything is in the one called work; another is given to many people by name."""
    copies(
        "connectors.Profile",
        size.profiles,
        "slug = 'work'",
        id=nth("profile"),
        slug="'profile-' || n",
        name=f"initcap({_one_of(THINGS)}) || ' profile ' || n",
    )
    profile, all_of = apps.get_model("connectors.Profile"), "(SELECT id FROM connectors_profile WHERE slug = '{}')"
    for slug in ("work", "longest"):
        _link(profile.connectors.through, size.connectors, all_of.format(slug), nth("connector"), "n % 30 > 0")
    _link(profile.people.through, size.people // 4, all_of.format("longest"), nth("membership"))
    run("UPDATE connectors_profile SET has_prefix = TRUE WHERE slug IN ('work', 'longest')")  # many share a tool's name
    some = nth("connector", f"(1 + (n * 13) % {size.connectors})")
    _link(profile.connectors.through, size.profiles, nth("profile"), some)
    _link(profile.groups.through, size.profiles, nth("profile"), f"'{cast.sales.pk}'::uuid")


def _devices(size: Large) -> None:
    """Of every second person one; Dana's token is what they are like."""
    owner = nth("user", "(n * 2)")
    copies("people.Device", size.devices, "revoked_at IS NULL", id=nth("device"), user_id=owner, name="'laptop ' || n")
    seen = "CASE WHEN n % 4 > 0 THEN now() - n * interval '1 minute' END"
    copies(
        "people.AccessToken",
        size.devices,
        "kind = 'device'",
        id=nth("token"),
        user_id=owner,
        device_id=nth("device"),
        name="'Claude on laptop ' || n",
        token_hash="sha256(('token' || n)::bytea)",
        last_seen_at=seen,
        expires_at="now() + (n % 90 + 1) * interval '1 day'",
    )
    copies(
        "people.AccessToken",
        size.groups,
        "kind = 'integration'",
        id=nth("key"),
        name="'Robot ' || n",
        token_hash="sha256(('key' || n)::bytea)",
    )


def _tickets(cast: Cast, size: Large) -> None:
    """A tenth of them wait."""
    asker = nth("user", f"(1 + (n * 17) % {size.people})")
    waits = "n % 10 = 0"
    copies(
        "approvals.Ticket",
        size.tickets,
        "number = 1",
        id=nth("ticket"),
        number="n + 100",
        title=f"initcap({_one_of(THINGS)}) || ' server: ' || {_one_of(VERBS)} || '_' || {_one_of(THINGS, 'n / 8')}",
        is_open=waits,
        requester_id=asker,
        requester_label="'somebody' || n || '@acme.test'",
        created_at="now() - n * interval '2 minutes'",
    )
    copies(
        "approvals.PendingAction",
        size.tickets,
        "state = 'waiting'",
        id=nth("action"),
        ticket_id=nth("ticket"),
        tool_id=nth("tool", f"(1 + n % {size.tools})"),
        connector_id=f"(SELECT connector_id FROM connectors_tool WHERE id = {nth('tool', f'(1 + n % {size.tools})')})",
        user_id=asker,
        binding="sha256(('binding' || n)::bytea)",
        request_id=nth("request"),
        state=f"CASE WHEN {waits} THEN 'waiting' WHEN n % 3 = 0 THEN 'rejected' ELSE 'collected' END",
        created_at="now() - n * interval '2 minutes'",
        decided_at=f"CASE WHEN {waits} THEN NULL ELSE now() - n * interval '1 minute' END",
    )
    run(
        "INSERT INTO approvals_decision (id, action_id, approver_id, approver_label, verdict, reason, decided_at)"
        f" SELECT {nth('decision')}, {nth('action')}, '{cast.bob.pk}', 'Bob', CASE WHEN n % 3 = 0 THEN 'reject' ELSE"
        f" 'approve' END, '', now() - n * interval '1 minute' FROM generate_series(1, {size.tickets}) AS n(n)"
        f" WHERE NOT {waits}"
    )


def _notices(cast: Cast, size: Large) -> None:
    for person in (cast.alice, cast.bob):
        noun = f"notice {person.name}"
        like, key = "TRUE", "'ticket ' || (n + 100)"
        copies(
            "people.Notice", size.tickets // 10, like, id=nth(noun), user_id=f"'{person.pk}'", key=key, read_at="NULL"
        )
