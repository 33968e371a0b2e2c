"""Gives a workload, which an issuer has vouched for, a token of its agent: for one profile and a quarter of an hour."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models.functions import Now

from audit.actor import SYSTEM, Label
from audit.record import record
from connectors.models import Profile
from harriet.lib.secret import Secret
from harriet.people.agent_rules import answers_for
from harriet.people.models import AccessToken, Agent
from harriet.people.queries import membership_of
from harriet.people.tokens import NewToken, new_token
from harriet.signin.actions.take_assertion import hold_issuer, use_once
from harriet.signin.events import WorkloadAdmitted
from harriet.signin.models import TrustedIssuer, WorkloadIdentity
from harriet.signin.protocol.id_jag import refused
from harriet.signin.protocol.problems import OAuthProblem

LASTS = timedelta(minutes=15)


class Vouched(NamedTuple):
    """What a workload's token says, proved and within its bounds; only whether it was used before is open."""

    issuer: TrustedIssuer
    subject: str
    scopes: str
    """As the issuer may give and the request has them, both."""
    profile_slug: str
    """As the request names it; empty where it names none."""
    jti: str
    """Empty where it has none."""
    expires: datetime


class Admitted(NamedTuple):
    token: Secret
    identity: WorkloadIdentity
    profile: Profile


@transaction.atomic
def take_workload(said: Vouched, *, now: datetime) -> Admitted:
    """Raises OAuthProblem, and then nothing was used up."""
    hold_issuer(said.issuer)
    identity = _identity(said)
    profile = Profile.objects.filter(organization=said.issuer.organization_id, pk=identity.profile_id).first()
    if profile is None or said.profile_slug not in {"", profile.slug}:
        raise OAuthProblem("invalid_target", "The workload opens another profile, or one that is gone.")
    if said.jti:
        use_once(said.issuer, said.jti, said.expires)
    new = new_token("agent")
    _keep(identity, new, said.scopes, now)
    WorkloadIdentity.objects.filter(pk=identity.pk).update(last_used_at=now)
    TrustedIssuer.objects.filter(pk=said.issuer.pk).update(last_used_at=now)
    record(_told(identity, profile, said), organization_id=said.issuer.organization_id, actor=SYSTEM)
    return Admitted(new.secret, identity, profile)


def _identity(said: Vouched) -> WorkloadIdentity:
    """Held with its agent, so that what stops either comes before or after, never between."""
    rows = WorkloadIdentity.objects.select_for_update(of=("self", "agent"), no_key=True)
    found = rows.select_related("agent", "issuer").filter(issuer=said.issuer, subject=said.subject).first()
    if found is None:
        raise refused("No agent here has a workload of this name (sub).")
    owner = found.agent.owner
    if found.agent.state != Agent.State.ACTIVE or owner is None:
        raise refused("The agent of this workload is paused or has ended.")
    if membership_of(owner, said.issuer.organization) is None:
        raise refused("Nobody who is active answers for the agent of this workload.")
    return found


def _keep(identity: WorkloadIdentity, new: NewToken, scopes: str, now: datetime) -> None:
    """A row whose token has run out is used again, so that a workload that comes four times an hour leaves few. The
    organization's version stays where it is: a gateway looks a new token up once."""
    mine = AccessToken.objects.select_for_update(skip_locked=True).filter(workload_id=identity.pk, revoked_at=None)
    token = mine.filter(expires_at__lte=Now()).first() or AccessToken(
        organization_id=identity.agent.organization_id,
        kind=AccessToken.Kind.AGENT,
        agent=identity.agent,
        workload_id=identity.pk,
        created_by=identity.made_by,
    )
    token.name, token.made_by = f"Workload of {identity.issuer.name}"[:80], identity.issuer.name
    token.token_hash, token.hint, token.scopes = new.hash, new.hint, scopes
    token.profile_id, token.expires_at = identity.profile_id, now + LASTS
    token.save()


def _told(identity: WorkloadIdentity, profile: Profile, said: Vouched) -> WorkloadAdmitted:
    return WorkloadAdmitted(
        agent=identity.agent.name,
        person=answers_for(identity.agent),
        issuer=identity.issuer.name,
        subject=identity.subject,
        profile=Label(profile.pk, profile.name),
        scopes=said.scopes,
    )
