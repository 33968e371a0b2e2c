"""Which tickets somebody sees, what waits for whom, and where a held call stands."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.urls import reverse

from approvals.deciders import decided_by_others, own_of, refusal
from approvals.errors import TooLate
from approvals.frozen import frozen_among
from approvals.held_call import Held, StoredCall
from approvals.models import AccessRequest, PendingAction, Report, Ticket, Webhook, WebhookMessage, WorkflowRun
from approvals.sealed_parts import edited_of, sent_of
from connectors.models import ConnectorPermission
from harriet.people.models import Membership, Organization, Stop
from harriet.people.permissions import has_power
from harriet.people.queries import or_not_found
from harriet.people.roles import Power

UNHEARD_FOR = timedelta(days=1)
"""After its last moment, that the end of a call is kept for whoever asks for it again."""
MOST_FROZEN = 5000
"""Approved calls of organizations with emergency stops that are looked at in one turn."""
STANDS_FOR = timedelta(days=4)
"""Since it was held: a day for the decision, one for the result, and room beside."""


def tickets_of(organization: Organization) -> QuerySet[Ticket]:
    """Those of deleted connectors are left to the audit log: what they were about is gone."""
    return (
        Ticket.objects.filter(organization=organization, action__isnull=False)
        .select_related("action__connector", "action__tool", "action__user")
        .order_by("-number")
    )


def tickets_for(membership: Membership) -> QuerySet[Ticket]:
    """Those that the person may see: all for approvers, else the ones they decide on or asked for."""
    tickets = tickets_of(membership.organization)
    if has_power(membership, Power.DECIDE_ACTIONS):
        return tickets
    return tickets.filter(Q(action__user=membership.user_id) | Q(action__connector__in=_decides_for(membership)))


def requests_for(membership: Membership) -> QuerySet[AccessRequest]:
    """Requests for access that the person may see, the newest first: their own, and those that they may answer."""
    requests = AccessRequest.objects.filter(organization=membership.organization_id)
    if not has_power(membership, Power.MANAGE_CONNECTORS):
        requests = requests.filter(Q(person=membership.user_id) | Q(connector__owner=membership.user_id))
    return requests.select_related("organization", "ticket", "person", "connector").order_by("-created_at", "-pk")


def reports_for(membership: Membership) -> QuerySet[Report]:
    """Reports of odd behaviour that the person may see, the newest first: their own, and those that they answer."""
    reports = Report.objects.filter(organization=membership.organization_id)
    if not has_power(membership, Power.MANAGE_CONNECTORS):
        reports = reports.filter(Q(reporter=membership.user_id) | Q(connector__owner=membership.user_id))
    beside = ("organization", "ticket", "reporter", "connector", "about")
    return reports.select_related(*beside).order_by("-created_at", "-pk")


def reports_to_answer(membership: Membership) -> QuerySet[Report]:
    """Those that wait for this person's answer, the oldest first."""
    waiting = reports_for(membership).filter(state=Report.State.OPEN)
    if not has_power(membership, Power.MANAGE_CONNECTORS):
        waiting = waiting.filter(connector__owner=membership.user_id)
    return waiting.order_by("created_at", "pk")


def sees(ticket: Ticket, membership: Membership) -> bool:
    """Whether the person may see it, whatever it is about."""
    others = (requests_for(membership), reports_for(membership), runs_for(membership))
    kinds = (tickets_for(membership).filter(pk=ticket.pk), *(found.filter(ticket=ticket.pk) for found in others))
    return any(found.exists() for found in kinds)


def runs_for(membership: Membership) -> QuerySet[WorkflowRun]:
    """Runs of workflows that the person may see, the newest first: their own, and all for those who manage connectors
    or decide on calls, who do not see what goes through them."""
    runs = WorkflowRun.objects.filter(organization=membership.organization_id)
    if not (has_power(membership, Power.MANAGE_CONNECTORS) or has_power(membership, Power.DECIDE_ACTIONS)):
        runs = runs.filter(user=membership.user_id)
    return runs.select_related("ticket", "user", "organization", "workflow", "profile").order_by("-created_at", "-pk")


def requests_to_answer(membership: Membership) -> QuerySet[AccessRequest]:
    """Those that wait for this person's answer, the oldest first."""
    waiting = requests_for(membership).filter(state=AccessRequest.State.OPEN)
    if not has_power(membership, Power.MANAGE_CONNECTORS):
        waiting = waiting.filter(connector__owner=membership.user_id)
    return waiting.order_by("created_at", "pk")


def waiting_for(membership: Membership) -> QuerySet[Ticket]:
    """Tickets on which this person could decide now."""
    tickets = tickets_for(membership).filter(action__state=PendingAction.State.WAITING)
    if not has_power(membership, Power.DECIDE_ACTIONS):
        own = PendingAction.objects.filter(own_of(membership), organization=membership.organization_id)
        tickets = tickets.filter(Q(action__connector__in=_decides_for(membership)) | Q(action__in=own))
    others = PendingAction.objects.filter(decided_by_others(membership), organization=membership.organization_id)
    return tickets.exclude(action__in=others)


def still_waiting(organization_id: UUID) -> QuerySet[PendingAction]:
    """What somebody can decide on now, by the database's clock."""
    waiting = PendingAction.objects.filter(organization=organization_id, state=PendingAction.State.WAITING)
    return waiting.filter(expires_at__gt=Now())


def standing_calls(organization_ids: Iterable[UUID]) -> list[tuple[UUID, bytes]]:
    """The tool and the binding of every call for which there is a ticket: it waits, runs, or its client has not heard
    the end of it yet. What nobody came back for within a day is over."""
    state = PendingAction.State
    is_open = Q(state__in=[state.WAITING, state.APPROVED, state.EXECUTING, state.DONE])
    is_unheard = Q(told_at=None, expires_at__gt=Now() - UNHEARD_FOR)
    rows = PendingAction.objects.filter(organization__in=list(organization_ids), created_at__gt=Now() - STANDS_FOR)
    found = rows.exclude(state=state.COLLECTED).filter(is_open | is_unheard).values_list("tool_id", "binding")
    return [(tool_id, bytes(binding)) for tool_id, binding in found]


def asked_by(actions: QuerySet[PendingAction], user_id: UUID | None, token_id: UUID | None) -> QuerySet[PendingAction]:
    """A person's, with whichever of their clients; or those of one key that is nobody's."""
    return actions.filter(user=user_id) if user_id else actions.filter(user=None, token=token_id)


def calls_asked_for(
    organization_id: UUID, user_id: UUID | None, token_id: UUID, *, own_token: bool
) -> QuerySet[PendingAction]:
    """Those of a person or of a key that is nobody's, the newest first; `own_token`: with this token alone."""
    calls = asked_by(PendingAction.objects.filter(organization=organization_id), user_id, token_id)
    if own_token:
        calls = calls.filter(token=token_id)
    return calls.select_related("ticket", "connector", "tool").defer(*_SEALED).order_by("-created_at")


_SEALED = ("sealed_arguments", "sealed_meta", "sealed_result")


def open_of(calls: QuerySet[PendingAction]) -> QuerySet[PendingAction]:
    """Those that wait for something: a decision, their run, or a client that collects the result."""
    state = PendingAction.State
    waits = Q(state=state.WAITING, expires_at__gt=Now())
    return calls.filter(waits | Q(state__in=[state.APPROVED, state.EXECUTING, state.DONE]))


def states_of(action_ids: Collection[UUID]) -> dict[UUID, str]:
    """By call, of those that are still there."""
    return dict(PendingAction.objects.filter(pk__in=action_ids).values_list("pk", "state"))


def held_of(action_id: UUID) -> Held:
    """Where the call stands now, for the process that holds the client's request.

    Raises TooLate when its connector or its tool was deleted in the meantime.
    """
    action = PendingAction.objects.select_related("ticket").filter(pk=action_id).first()
    if action is None:
        raise TooLate("The tool was deleted, so this call will not run. Ask your IT team what takes its place.")
    return as_held(action)


def may_asker_decide(action_id: UUID) -> bool:
    """Whether whoever asked for the call may decide on it: a person, where their connector leaves it to them."""
    related = ("ticket", "connector", "tool", "user", "token__created_by", "token__agent")
    action = PendingAction.objects.select_related(*related).filter(pk=action_id, user__isnull=False).first()
    if action is None:
        return False
    here = Membership.objects.filter(organization=action.organization_id, user=action.user_id, is_active=True)
    membership = here.select_related("user", "organization").first()
    return membership is not None and not refusal(action, membership)


def as_held(action: PendingAction, *, is_new: bool = False) -> Held:
    """What a waiting process and its client are told of the row."""
    return Held(
        action_id=action.id,
        request_id=action.request_id,
        ticket=action.ticket.as_label(),
        ticket_number=action.ticket.number,
        ticket_path=reverse("tickets:detail", args=[action.ticket.number]),
        state=action.state,
        reason=action.outcome_reason,
        expires_at=action.expires_at,
        edition=action.edition,
        collect_until=action.collect_until,
        asked_at=action.created_at,
        changed_at=action.finished_at or action.started_at or action.decided_at or action.created_at,
        tool_id=action.tool_id,
        is_new=is_new,
    )


def approved_call(action_id: UUID) -> StoredCall | None:
    """The call with its sealed parts opened; None when it isn't approved, or not any more."""
    approved = PendingAction.objects.filter(pk=action_id, state=PendingAction.State.APPROVED)
    action = approved.select_related("ticket", "run_step__run").first()
    if action is None:
        return None
    return stored_call(action)


def stored_call(action: PendingAction) -> StoredCall:
    """As it is now, with its sealed parts opened."""
    sent = sent_of(action)
    return StoredCall(
        action_id=action.id,
        organization_id=action.organization_id,
        binding=action.agreed,
        request_id=action.request_id,
        profile_id=action.profile_id,
        token_id=action.token_id,
        user_id=action.user_id,
        connector_id=action.connector_id,
        tool_id=action.tool_id,
        client_label=action.client_label,
        ticket=action.ticket.as_label(),
        arguments=sent.arguments,
        meta=sent.meta,
        edited=edited_of(action, sent.arguments),
        run_id=action.run_step.run_id if action.run_step else None,
        run_step_id=action.run_step_id,
        run_trust=action.run_step.run.trust if action.run_step else "",
    )


def bound_parts_of(action_id: UUID) -> dict[str, str]:
    """What its approval is bound to, part by part; empty for an action that is gone."""
    return PendingAction.objects.filter(pk=action_id).values_list("bound_parts", flat=True).first() or {}


def is_good(action_id: UUID) -> bool:
    """Whether its time isn't over: an approval is good until the request would have expired."""
    return PendingAction.objects.filter(pk=action_id, expires_at__gt=Now()).exists()


def left_over(after: timedelta, *, most: int = 100) -> list[UUID]:
    """Approved actions that nobody took in this time after the decision, those decided first before the others;
    without what an emergency stop freezes, which keeps nobody else's waiting."""
    approved = PendingAction.objects.filter(state=PendingAction.State.APPROVED, decided_at__lt=Now() - after)
    stopped = Exists(Stop.objects.filter(organization=OuterRef("organization"), released_at=None))
    oldest = approved.order_by("decided_at").values_list("id", flat=True)
    undisturbed, perhaps = list(oldest.exclude(stopped)[:most]), list(oldest.filter(stopped)[:MOST_FROZEN])
    frozen = frozen_among(perhaps) if perhaps else {}
    return [*undisturbed, *(one for one in perhaps if one not in frozen)][:most]


def webhooks_of(organization: Organization) -> QuerySet[Webhook]:
    """By name; there are few."""
    return Webhook.objects.filter(organization=organization).order_by("name")


def webhook_named(organization: Organization, pk: UUID) -> Webhook:
    """Raises NotFound."""
    found = Webhook.objects.filter(organization=organization, pk=pk).select_related("organization").first()
    return or_not_found(found, "There is no such webhook here.")


def latest_messages(webhook: Webhook, *, most: int = 10) -> list[WebhookMessage]:
    """The newest first."""
    return list(webhook.messages.order_by("-created_at")[:most])


def _decides_for(membership: Membership) -> QuerySet[PendingAction, object]:
    return PendingAction.objects.filter(
        organization=membership.organization_id,
        connector__group_permissions__permission__codename=ConnectorPermission.APPROVE,
        connector__group_permissions__group__memberships=membership,
    ).values("connector")
