"""Who is calling, from the token alone: a token's hash → Principal, read when it is first seen."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q

from audit.actor import Actor, Label
from connectors.access.facts import MemberRow
from connectors.access.load import integration_facts, member_rows
from connectors.access.rules import CallerFacts
from harriet.people.models import AccessToken, Agent, Membership
from harriet.signin.models import ConnectedApp

LONGEST_LABEL = 200
"""Of a caller, as tickets keep it."""


@dataclass(frozen=True, slots=True, eq=False)
class Principal:
    """The bearer of one token: a person at a device, an agent, or an integration key that is nobody's. Only itself is
    equal."""

    organization_id: UUID
    token_id: UUID
    user_id: UUID | None
    caller: CallerFacts
    actor: Actor
    person: Label
    device: Label | None
    token_hint: str
    """The last characters of the token."""
    only_profile_id: UUID | None
    expires_at: datetime
    """When the access ends."""
    scopes: frozenset[str] | None = None
    """What a person allowed a connected app, or an issuer its workload; None for tokens that groups and profiles alone
    bound."""
    agent_id: UUID | None = None
    answered_by: UUID | None = None
    """Who answers for the agent."""
    client_key: str = ""
    """Of the registered client whose token it is: `Application.group_key`."""
    trust: str = ""
    """A level that its device, or the run that it calls for, makes stricter; empty for the profile's."""
    secret_until: datetime | None = None
    """When this secret has to be exchanged for the next one, where that comes before."""
    member: MemberRow | None = None
    """The person, where it is one."""
    expires: float = field(init=False)
    """When the secret is over, in Unix seconds: cheaper to compare, and every request does."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "expires", (self.secret_until or self.expires_at).timestamp())


_ELSEWHERE = (AccessToken.Kind.PERSONAL, AccessToken.Kind.SCIM)
"""Kinds that open another door: the API's, and that of the organization's directory."""


def bearers_of(hashes: Collection[bytes]) -> dict[bytes, Principal]:
    """Whoever holds the tokens with these hashes, in whichever organization, by all secrets that their tokens have at
    the moment. At most five queries."""
    return _bearers(Q(token_hash__in=hashes) | Q(previous_hash__in=hashes))


def bearers_with(organization_id: UUID, token_ids: Collection[UUID]) -> dict[bytes, Principal]:
    """The same by the ids of an organization's tokens."""
    return _bearers(Q(organization=organization_id, pk__in=token_ids))


def _bearers(which: Q) -> dict[bytes, Principal]:
    rows = AccessToken.objects.filter(which, revoked_at=None).exclude(kind__in=_ELSEWHERE)
    tokens = [_Token(*values) for values in rows.values_list(*_TOKEN)]
    if not tokens:
        return {}
    beside = _beside(tokens)
    found: dict[bytes, Principal] = {}
    for token in tokens:
        principal = _principal(token, beside)
        if principal is not None and principal.caller.is_active:
            found |= dict(_by_secret(token, principal))
    return found


def load_member(organization_id: UUID, user_id: UUID) -> MemberRow | None:
    """As somebody of the organization is now; None for who is no member."""
    return member_rows(Membership.objects.filter(organization=organization_id, user=user_id)).get(user_id)


class _Beside(NamedTuple):
    """What tokens lead to."""

    members: Mapping[tuple[UUID, UUID], MemberRow]
    """By organization and account."""
    groups: Mapping[UUID, set[UUID]]
    """By the id of a key, or of an agent."""
    clients: Mapping[UUID, str]
    """The registered client of each connected app, by its device."""


def _beside(tokens: Iterable[_Token]) -> _Beside:
    people: dict[UUID, set[UUID]] = {}
    for token in tokens:
        who = token.agent_owner_id if token.agent_id is not None else token.user_id
        if who is not None:
            people.setdefault(token.organization_id, set()).add(who)
    keys = {token.id for token in tokens if token.user_id is None and token.agent_id is None}
    agents = {token.agent_id for token in tokens if token.agent_id is not None}
    return _Beside(
        members={
            (organization_id, user_id): row
            for organization_id, ids in people.items()
            for user_id, row in member_rows(
                Membership.objects.filter(organization=organization_id, user__in=ids)
            ).items()
        },
        groups=_groups(AccessToken, "accesstoken_id", keys) | _groups(Agent, "agent_id", agents),
        clients=_clients_of({token.device_id for token in tokens if token.device_id is not None}),
    )


def _groups(model: type[AccessToken] | type[Agent], column: str, ids: Collection[UUID]) -> dict[UUID, set[UUID]]:
    found: dict[UUID, set[UUID]] = {}
    if ids:
        rows = model.groups.through.objects.filter(**{f"{column}__in": ids})
        for row_id, group_id in rows.values_list(column, "group_id"):
            found.setdefault(row_id, set()).add(group_id)
    return found


def _clients_of(devices: Collection[UUID]) -> dict[UUID, str]:
    if not devices:
        return {}
    apps = ConnectedApp.objects.filter(device__in=devices, ended_at=None)
    return dict(apps.order_by("pk").values_list("device_id", "application__group_key"))


def _by_secret(token: _Token, principal: Principal) -> Iterator[tuple[bytes, Principal]]:
    """Last comes the current one."""
    if token.previous_hash is not None and token.previous_until is not None:
        yield bytes(token.previous_hash), replace(principal, secret_until=token.previous_until)
    yield bytes(token.token_hash), principal


class _Token(NamedTuple):
    id: UUID
    organization_id: UUID
    token_hash: bytes
    name: str
    hint: str
    user_id: UUID | None
    profile_id: UUID | None
    expires_at: datetime
    kind: str
    scopes: str
    secret_until: datetime | None
    previous_hash: bytes | None
    previous_until: datetime | None
    device_id: UUID | None
    agent_id: UUID | None
    device_name: str | None
    device_revoked_at: datetime | None
    device_trust: str | None
    agent_name: str | None
    agent_state: str | None
    agent_owner_id: UUID | None


_BESIDE = ("device__name", "device__revoked_at", "device__trust", "agent__name", "agent__state", "agent__owner_id")
_TOKEN = (*_Token._fields[: -len(_BESIDE)], *_BESIDE)


def _principal(token: _Token, beside: _Beside) -> Principal | None:
    if token.agent_id is not None:
        return _agent(token, token.agent_id, beside)
    if token.user_id is None:
        return _shared(token, beside.groups.get(token.id, set()))
    member = beside.members.get((token.organization_id, token.user_id))
    if member is None or token.device_revoked_at is not None:
        return None
    return _personal(token, member, beside.clients.get(token.device_id, "") if token.device_id else "")


def _shared(token: _Token, group_ids: set[UUID]) -> Principal:
    label = f"{token.name} (shared key)"
    return Principal(
        organization_id=token.organization_id,
        token_id=token.id,
        user_id=None,
        caller=integration_facts(label, group_ids),
        actor=Actor("token", token.id, label),
        person=Label(token.id, label),
        device=None,
        token_hint=token.hint,
        only_profile_id=token.profile_id,
        expires_at=token.expires_at,
    )


def principal_of_person(
    organization_id: UUID, member: MemberRow, token_id: UUID, profile_id: UUID | None, *, trust: str = ""
) -> Principal:
    """Somebody for whom Harriet calls a tool by itself: a step of a workflow's run, or an attempt on a page. Its id
    stands where a client's token would: what is approved for it is good for nothing else."""
    return Principal(
        organization_id=organization_id,
        token_id=token_id,
        user_id=member.user_id,
        caller=member.facts,
        actor=Actor("person", member.user_id, member.email),
        person=Label(member.user_id, member.email),
        device=None,
        token_hint="",
        only_profile_id=profile_id,
        expires_at=datetime.max.replace(tzinfo=UTC),
        trust=trust,
        member=member,
    )


def principal_of_run(
    organization_id: UUID, user_id: UUID, attempt_id: UUID, profile_id: UUID | None, *, trust: str
) -> Principal | None:
    """A workflow's run, which calls tools as its person, as they are now. None for somebody who is no active member."""
    member = load_member(organization_id, user_id)
    if member is None or not member.facts.is_active:
        return None
    return principal_of_person(organization_id, member, attempt_id, profile_id, trust=trust)


def _agent(token: _Token, agent_id: UUID, beside: _Beside) -> Principal | None:
    """None while it is paused, or nobody active answers for it. Its groups alone count, and never its owner's."""
    owner = beside.members.get((token.organization_id, token.agent_owner_id)) if token.agent_owner_id else None
    if token.agent_state != Agent.State.ACTIVE or owner is None or not owner.facts.is_active:
        return None
    label = f"{token.agent_name} (agent of {owner.email})"[:LONGEST_LABEL]
    return Principal(
        organization_id=token.organization_id,
        token_id=token.id,
        user_id=None,
        caller=integration_facts(label, beside.groups.get(agent_id, set())),
        actor=Actor("token", token.id, label),
        person=Label(agent_id, label),
        device=None,
        token_hint=token.hint,
        only_profile_id=token.profile_id,
        expires_at=token.expires_at,
        scopes=frozenset(token.scopes.split()) if token.scopes else None,
        agent_id=agent_id,
        answered_by=owner.user_id,
    )


def _personal(token: _Token, member: MemberRow, client_key: str) -> Principal:
    return Principal(
        organization_id=token.organization_id,
        token_id=token.id,
        user_id=member.user_id,
        caller=member.facts,
        actor=Actor("person", member.user_id, member.email),
        person=Label(member.user_id, member.email),
        device=Label(token.device_id, token.device_name or "") if token.device_id is not None else None,
        token_hint=token.hint,
        only_profile_id=token.profile_id,
        expires_at=token.expires_at,
        scopes=frozenset(token.scopes.split()) if token.kind == AccessToken.Kind.OAUTH else None,
        client_key=client_key,
        trust=token.device_trust or "",
        secret_until=token.secret_until,
        member=member,
    )
