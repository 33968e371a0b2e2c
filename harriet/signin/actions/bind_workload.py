"""Says which workload of a trusted issuer is an agent here, and ends that."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from audit.actor import Actor, Label
from audit.record import record
from connectors.models import Profile
from harriet.people.actors import person_behind
from harriet.people.agent_rules import answers_for, demand_agent
from harriet.people.errors import NotFound, PeopleError
from harriet.people.models import AccessToken, Agent
from harriet.people.version import move_version
from harriet.signin.events import WorkloadBound, WorkloadEnded
from harriet.signin.models import TrustedIssuer, WorkloadIdentity

MOST = 20
"""Of one agent."""
LONGEST_SUBJECT = 500
"""Characters."""


def bind_workload(
    agent: Agent, issuer: TrustedIssuer, subject: str, profile: Profile, *, actor: Actor
) -> WorkloadIdentity:
    """Whoever does it decides on none of the agent's calls, as whoever makes it a secret. Raises NotAllowed or
    PeopleError."""
    demand_agent(actor, agent)
    subject = _clean(subject)
    if {issuer.organization_id, profile.organization_id} != {agent.organization_id}:
        raise NotFound("There is no such issuer or profile here.")
    with transaction.atomic():
        trusted = TrustedIssuer.objects.select_for_update(no_key=True).filter(pk=issuer.pk, accepts_workloads=True)
        is_trusted = trusted.first() is not None
        held = Agent.objects.select_for_update(of=["self"]).select_related("owner").get(pk=agent.pk)
        _check(held, is_trusted)
        mine = WorkloadIdentity.objects.filter(issuer=issuer, subject=subject)
        mine.filter(agent__state=Agent.State.ENDED).delete()
        made = WorkloadIdentity(
            issuer=issuer, subject=subject, agent=held, profile_id=profile.pk, made_by=person_behind(actor)
        )
        _insert(made)
        said = WorkloadBound(
            agent=held.name,
            person=answers_for(held),
            issuer=issuer.name,
            subject=subject,
            profile=Label(profile.pk, profile.name),
        )
        record(said, organization_id=agent.organization_id, actor=actor)
    return made


def end_workload(identity: WorkloadIdentity, *, actor: Actor) -> None:
    """Its tokens open nothing within a second. Raises NotAllowed or NotFound."""
    demand_agent(actor, identity.agent)
    with transaction.atomic():
        held = WorkloadIdentity.objects.select_for_update(of=("self",)).select_related("agent__owner", "issuer")
        found = held.filter(pk=identity.pk).first()
        if found is None:
            raise NotFound("This workload was removed already.")
        tokens = end_workload_tokens([found])
        said = WorkloadEnded(
            agent=found.agent.name,
            person=answers_for(found.agent),
            issuer=found.issuer.name,
            subject=found.subject,
            tokens=tokens,
        )
        record(said, organization_id=found.agent.organization_id, actor=actor)
        found.delete()


def end_workload_tokens(identities: Iterable[WorkloadIdentity]) -> int:
    """Inside a transaction. How many still opened something."""
    found = list(identities)
    live = AccessToken.objects.filter(workload_id__in=[one.pk for one in found], revoked_at=None)
    count = live.filter(expires_at__gt=Now()).count()
    live.update(revoked_at=Now())
    for organization_id in {one.agent.organization_id for one in found}:
        move_version(organization_id)
    return count


def _clean(subject: str) -> str:
    """As the issuer has it, letter by letter."""
    text = subject.strip()
    if not text or len(text) > LONGEST_SUBJECT or any(not "!" <= one <= "~" for one in text):
        raise PeopleError(
            f"Give the workload’s name (sub) as its tokens have it: up to {LONGEST_SUBJECT} letters without blanks.",
            field="subject",
        )
    return text


def _check(agent: Agent, is_trusted: bool) -> None:
    if agent.state == Agent.State.ENDED:
        raise PeopleError(f"{agent.name} has ended: make another agent.")
    if not is_trusted:
        raise PeopleError(
            "The organization does not trust this issuer for workloads. An owner says so on the issuer’s page.",
            field="issuer",
        )
    if WorkloadIdentity.objects.filter(agent=agent).count() >= MOST:
        raise PeopleError(f"An agent has at most {MOST} workloads. Remove one first.")


def _insert(made: WorkloadIdentity) -> None:
    try:
        with transaction.atomic():
            made.save()
    except IntegrityError:
        raise PeopleError("This workload of this issuer is an agent here already.", field="subject") from None
    made.refresh_from_db()
