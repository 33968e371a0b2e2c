"""Change what a held call sends, and approve that."""

from __future__ import annotations

from hashlib import sha256
from typing import Literal

from django.db import transaction

from approvals.actions.record_decision import Standing, approve_standing, decider, standing
from approvals.actions.tell_approvers import tell_approvers
from approvals.actions.tell_caller import tell_of_change
from approvals.binding import with_arguments
from approvals.changes import changes_between, changes_in_words
from approvals.edited_call import Judged, judged_edit, read_arguments
from approvals.errors import ApprovalError
from approvals.events import ActionEdited
from approvals.lifecycle import announce, write_event
from approvals.models import ActionEdit, PendingAction
from approvals.sealed_parts import sealer_of, sent_of
from audit.actor import Actor
from connectors.definitions.risk import is_lower
from connectors.models import Tool

Became = Literal["runs", "waits for the second", "waits again"]
WORDS = 500


def edit_action(
    action: PendingAction, arguments: bytes, *, reason: str, actor: Actor, edition: int | None = None
) -> Became:
    """The changed call is read, checked and judged as if it came in now, and bound anew. It runs, or waits for the
    second person; where today's rules hold it for another reason or count it as riskier, it waits for a decision of
    somebody else. Raises ApprovalError with what is wrong with it, NotYours or TooLate."""
    text = reason.strip()
    if not text:
        raise ApprovalError(
            "Say why: whoever asked and their client are told what was changed, and why.", field="reason"
        )
    decider(action, actor)  # nobody else learns what the rules say of it
    if action.tool.kind == Tool.Kind.RESOURCES:
        raise ApprovalError("What is read can't be changed: reject the call, and say what to ask for instead.")
    judged = judged_edit(action, sent_of(action).arguments, arguments)
    return _edit(action, arguments, judged, text[:WORDS], actor, edition)


@transaction.atomic
def _edit(
    action: PendingAction, arguments: bytes, judged: Judged, reason: str, actor: Actor, edition: int | None
) -> Became:
    stands = standing(action, actor, edition=edition)
    now, before = stands.action, sent_of(stands.action).arguments
    is_same = _is_same(now, judged)
    _write_edit(stands, before, arguments, judged, reason)
    write_event(
        ActionEdited,
        now,
        actor=actor,
        reason=reason,
        arguments_before=sha256(before).hexdigest(),
        arguments_after=sha256(arguments).hexdigest(),
        edition=now.edition,
    )
    became = _approve(stands, reason, actor) if is_same else _ask_again(now)
    changes = changes_in_words(changes_between(read_arguments(before), read_arguments(arguments)))
    tell_of_change(now, f"was changed by {stands.person}: {changes}. {reason}")
    return became


def _is_same(action: PendingAction, judged: Judged) -> bool:
    """It is held for what the person saw, or for less."""
    return not is_lower(action.risk, judged.risk) and judged.reason in ("", action.reason)


def _write_edit(stands: Standing, before: bytes, arguments: bytes, judged: Judged, reason: str) -> None:
    action, person = stands
    seal = sealer_of(action)
    action.edition += 1
    action.sealed_arguments, action.edited_binding = seal("arguments", arguments), judged.binding
    action.bound_parts = with_arguments(action.bound_parts, arguments)
    action.risk, action.reason = judged.risk, judged.reason[:300] or action.reason
    action.save(update_fields=["edition", "sealed_arguments", "edited_binding", "bound_parts", "risk", "reason"])
    ActionEdit.objects.create(
        action=action,
        edition=action.edition,
        editor=person,
        editor_label=str(person),
        reason=reason,
        sealed_before=seal("before", before),
    )


def _approve(stands: Standing, reason: str, actor: Actor) -> Became:
    return "runs" if approve_standing(stands, reason, actor) else "waits for the second"


def _ask_again(action: PendingAction) -> Became:
    announce(action.pk)
    tell_approvers(action)
    return "waits again"
