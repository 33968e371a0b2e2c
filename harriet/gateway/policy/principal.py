"""Who is calling, from the token alone: a token's hash → Principal, compiled per organization."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q, QuerySet

from audit.actor import Actor, Label
from connectors.access.facts import Mark, MemberRow, OrganizationFacts
from connectors.access.load import integration_facts
from connectors.access.rules import CallerFacts
from harriet.lib.row_fingerprint import fingerprint
from harriet.people.models import AccessToken, Agent
from harriet.signin.models import ConnectedApp

LONGEST_LABEL = 200
"""Of a caller, as tickets keep it."""


@dataclass(frozen=True, slots=True, eq=False)
class Principal:
    """The bearer of one token: a person at a device, an agent, or an integration key that is nobody's. Only itself is
    equal."""

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
    expires: float = field(init=False)
    """When the secret is over, in Unix seconds: cheaper to compare, and every request does."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "expires", (self.secret_until or self.expires_at).timestamp())


_ELSEWHERE = (AccessToken.Kind.PERSONAL, AccessToken.Kind.SCIM)
"""Kinds that open another door: the API's, and that of the organization's directory."""


def load_principals(facts: OrganizationFacts) -> dict[bytes, Principal]:
    """Every token of the organization that may open the gateway. Four queries."""
    groups = _groups_of_keys(facts.id) | _groups_of_agents(facts.id)
    clients = _clients_of_devices(Q(organization=facts.id))
    found: dict[bytes, Principal] = {}
    for values in _opening(facts.id).values_list(*_TOKEN).iterator(chunk_size=1000):
        token = _Token(*values)
        principal = _principal(token, facts, groups.get(token.agent_id or token.id, set()), clients)
        if principal is not None and principal.caller.is_active:
            found |= dict(_by_secret(token, principal))
    return found


def load_fetched_principal(facts: OrganizationFacts, key: bytes) -> dict[bytes, Principal]:
    """The bearer of a connected app's or a workload's token that came after the facts, by its secrets. Two queries:
    the other one is for the client, or for the groups of a workload's agent."""
    is_it = Q(token_hash=key) | Q(previous_hash=key)
    fetched = Q(kind=AccessToken.Kind.OAUTH) | Q(workload_id__isnull=False)
    values = _opening(facts.id).filter(is_it, fetched).values_list(*_TOKEN).first()
    if values is None:
        return {}
    token = _Token(*values)
    groups = _groups_of_agent(token.agent_id) if token.agent_id else set()
    clients = _clients_of_devices(Q(device=token.device_id)) if token.device_id else {}
    principal = _principal(token, facts, groups, clients)
    return dict(_by_secret(token, principal)) if principal is not None and principal.caller.is_active else {}


def _clients_of_devices(which: Q) -> dict[UUID, str]:
    """The registered client of each connected app, by its device."""
    apps = ConnectedApp.objects.filter(which, ended_at=None)
    return dict(apps.values_list("device_id", "application__group_key"))


def _groups_of_agent(agent_id: UUID) -> set[UUID]:
    return set(Agent.groups.through.objects.filter(agent_id=agent_id).values_list("group_id", flat=True))


def _opening(organization_id: UUID) -> QuerySet[AccessToken]:
    tokens = AccessToken.objects.filter(organization_id=organization_id, revoked_at=None)
    return tokens.exclude(kind__in=_ELSEWHERE)


def _by_secret(token: _Token, principal: Principal) -> Iterator[tuple[bytes, Principal]]:
    """Last comes the current one."""
    if token.previous_hash is not None and token.previous_until is not None:
        yield bytes(token.previous_hash), replace(principal, secret_until=token.previous_until)
    yield bytes(token.token_hash), principal


class Principals(NamedTuple):
    """The callers of one organization, by the SHA-256 of their token."""

    by_hash: Mapping[bytes, Principal]
    mark: Mark
    """What they were made from, beside the members."""


def mark_of_tokens(organization_id: UUID) -> Mark:
    """Differs when any token, any agent that has one, or a group of either has changed."""
    tokens = AccessToken.objects.filter(organization_id=organization_id, revoked_at=None)
    groups = AccessToken.groups.through.objects.filter(accesstoken__in=tokens)
    of_agents = Agent.groups.through.objects.filter(agent__organization=organization_id)
    return (
        fingerprint(tokens.values_list(*_TOKEN)),
        fingerprint(groups.values_list("accesstoken_id", "group_id")),
        fingerprint(of_agents.values_list("agent_id", "group_id")),
    )


class _Token(NamedTuple):
    id: UUID
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


def _groups_of_keys(organization_id: UUID) -> dict[UUID, set[UUID]]:
    found: dict[UUID, set[UUID]] = {}
    rows = AccessToken.groups.through.objects.filter(accesstoken__organization_id=organization_id)
    for token_id, group_id in rows.values_list("accesstoken_id", "group_id"):
        found.setdefault(token_id, set()).add(group_id)
    return found


def _groups_of_agents(organization_id: UUID) -> dict[UUID, set[UUID]]:
    found: dict[UUID, set[UUID]] = {}
    rows = Agent.groups.through.objects.filter(agent__organization_id=organization_id)
    for agent_id, group_id in rows.values_list("agent_id", "group_id"):
        found.setdefault(agent_id, set()).add(group_id)
    return found


def _principal(
    token: _Token, facts: OrganizationFacts, group_ids: set[UUID], clients: Mapping[UUID, str]
) -> Principal | None:
    if token.agent_id is not None:
        return _agent(token, token.agent_id, facts, group_ids)
    if token.user_id is None:
        return _shared(token, group_ids)
    member = facts.members.get(token.user_id)
    if member is None or token.device_revoked_at is not None:
        return None
    return _personal(token, member, clients.get(token.device_id, "") if token.device_id else "")


def _shared(token: _Token, group_ids: set[UUID]) -> Principal:
    label = f"{token.name} (shared key)"
    return Principal(
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


def principal_of_run(
    facts: OrganizationFacts, user_id: UUID, attempt_id: UUID, profile_id: UUID | None, *, trust: str
) -> Principal | None:
    """A workflow's run, which calls tools as its person. The attempt at the step stands where a client's token would:
    what is approved for it is good for nothing else. None for somebody who is no active member."""
    member = facts.members.get(user_id)
    if member is None or not member.facts.is_active:
        return None
    return Principal(
        token_id=attempt_id,
        user_id=member.user_id,
        caller=member.facts,
        actor=Actor("person", member.user_id, member.email),
        person=Label(member.user_id, member.email),
        device=None,
        token_hint="",
        only_profile_id=profile_id,
        expires_at=datetime.max.replace(tzinfo=UTC),
        trust=trust,
    )


def _agent(token: _Token, agent_id: UUID, facts: OrganizationFacts, group_ids: set[UUID]) -> Principal | None:
    """None while it is paused, or nobody active answers for it. Its groups alone count, and never its owner's."""
    owner = facts.members.get(token.agent_owner_id) if token.agent_owner_id else None
    if token.agent_state != Agent.State.ACTIVE or owner is None or not owner.facts.is_active:
        return None
    label = f"{token.agent_name} (agent of {owner.email})"[:LONGEST_LABEL]
    return Principal(
        token_id=token.id,
        user_id=None,
        caller=integration_facts(label, group_ids),
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
    )
