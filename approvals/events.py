"""The audit events of this floor."""

from typing import Annotated
from uuid import UUID

from audit.actor import Label
from audit.events import TicketEvent
from audit.vocabulary.declaration import AuditEvent


class ActionApproved(TicketEvent):
    """An approver allowed a held call to run once, with exactly the arguments shown."""

    code = "action.approved"
    sentence = "{actor} approved {tool} for {person} on ticket {ticket}{because}."


class ActionApprovedFirst(TicketEvent):
    """The first of two approvers allowed a held call; it waits for the second."""

    code = "action.approved_first"
    sentence = "{actor} was the first of two to approve {tool} for {person} on ticket {ticket}{because}."


class ActionEdited(TicketEvent):
    """Somebody who decides changed what a held call sends. Decisions on it as it was are void."""

    code = "action.edited"
    sentence = "{actor} changed what {tool} sends for {person} on ticket {ticket}{because}."
    arguments_before: Annotated[str, "SHA-256 of the arguments as they were, byte by byte; hex"]
    arguments_after: Annotated[str, "SHA-256 of the arguments as they are now; hex"]
    edition: Annotated[int, "counts the changes of this call"]


class ActionRejected(TicketEvent):
    """An approver refused a held call; the reason goes back to the client."""

    code = "action.rejected"
    sentence = "{actor} rejected {tool} for {person} on ticket {ticket}: {reason}"


class ActionExpired(TicketEvent):
    """Nobody decided in time, which counts as a refusal."""

    code = "action.expired"
    sentence = "{tool} for {person} on ticket {ticket} expired without a decision."


class ActionWithdrawn(TicketEvent):
    """A held call was taken back before it ran: by whoever asked, by who manages connectors, or with its run."""

    code = "action.withdrawn"
    sentence = "{actor} withdrew {tool} on ticket {ticket}."


class ActionEnded(TicketEvent):
    """The access of whoever asked for a held call ended, before anybody had decided on it."""

    code = "action.ended"
    sentence = "{tool} for {person} on ticket {ticket} was ended: {reason}"


class ActionInvalidated(TicketEvent):
    """Something that the approval was bound to changed before the call could run, or its time ran out."""

    code = "action.invalidated"
    sentence = "{tool} for {person} on ticket {ticket} was not run: {reason}"


class ActionLost(TicketEvent):
    """The process that ran an approved call stopped before it could say how the call ended."""

    code = "action.lost"
    sentence = "{tool} for {person} on ticket {ticket} was started and its outcome is unknown."


class ActionCollected(TicketEvent):
    """The client that asked received the stored result, which is then gone."""

    code = "action.collected"
    sentence = "{person} collected the result of {tool} on ticket {ticket}."


class TicketCommented(AuditEvent):
    """Somebody said something on a ticket. The words stay on the ticket."""

    code = "ticket.commented"
    sentence = "{actor} commented on ticket {ticket}."
    ticket: Label


class TicketClaimed(AuditEvent):
    """Somebody said that they are looking at a held call. It keeps nobody else from deciding."""

    code = "ticket.claimed"
    sentence = "{actor} is looking at ticket {ticket}."
    ticket: Label


class TicketReleased(AuditEvent):
    """Somebody is no longer looking at a held call."""

    code = "ticket.released"
    sentence = "{actor} is no longer looking at ticket {ticket}."
    ticket: Label


class TicketHandedOver(AuditEvent):
    """Somebody who decides on a held call asked another who may to do it."""

    code = "ticket.handed_over"
    sentence = "{actor} handed ticket {ticket} over to {person}{because}."
    ticket: Label
    person: Annotated[Label, "whom they asked"]
    reason: str


class BehaviourReported(AuditEvent):
    """Somebody reported something odd of a call."""

    code = "report.made"
    sentence = "{actor} reported odd behaviour of {what} on ticket {ticket}{because}."
    ticket: Label
    what: Annotated[str, "the tool and its connector, or “something” where neither is known"]
    about: Annotated[str, "the ticket of the call, “#” and its number; empty when it was not held"]
    event: Annotated[UUID | None, "the event of the call in this log, if it was chosen there"]
    reason: str


class ReportAnswered(AuditEvent):
    """An admin answered a report; whoever made it is told."""

    code = "report.answered"
    sentence = "{actor} answered the report on ticket {ticket}{because}."
    person: Label
    ticket: Label
    reason: str


class ActionLapsed(TicketEvent):
    """A stored result was deleted, because no client collected it in time; the same call asks anew."""

    code = "action.lapsed"
    sentence = "The result of {tool} for {person} on ticket {ticket} was deleted: nobody collected it in time."


class AccessAsked(AuditEvent):
    """Somebody asked for tools that they don't have."""

    code = "access.asked"
    sentence = "{person} asked for access to {what} on ticket {ticket}{because}."
    person: Label
    ticket: Label
    what: Annotated[str, "the connector's name, or “something new” when they named none"]
    reason: str


class AccessGiven(AuditEvent):
    """A request for access was answered with yes. What was given by it has events of its own."""

    code = "access.given"
    sentence = "{actor} gave {person} access to {what} on ticket {ticket}."
    person: Label
    ticket: Label
    what: Annotated[str, "the connector's name, or “something new” when they named none"]
    group: Annotated[str, "short name of the group that the person was put into; empty when it was given otherwise"]
    reason: str


class AccessRequestWithdrawn(AuditEvent):
    """Whoever asked for access asks no longer."""

    code = "access.withdrawn"
    sentence = "{person} withdrew the request for access to {what} on ticket {ticket}."
    person: Label
    ticket: Label
    what: Annotated[str, "the connector's name, or “something new” when they named none"]


class AccessDeclined(AuditEvent):
    """A request for access was answered with no; the person is told why."""

    code = "access.declined"
    sentence = "{actor} declined to give {person} access to {what} on ticket {ticket}{because}."
    person: Label
    ticket: Label
    what: Annotated[str, "the connector's name, or “something new” when they named none"]
    reason: str


class WebhookAdded(AuditEvent):
    """An address outside is told of what waits for people. The address itself is a secret."""

    code = "webhook.added"
    sentence = "{actor} added the webhook {name} to {host}."
    name: Annotated[str, "what the webhook is called"]
    host: Annotated[str, "where it is, without path and query"]
    told: Annotated[str, "what it is told of"]


class WebhookChanged(AuditEvent):
    """Where a webhook goes, or what it is told of."""

    code = "webhook.changed"
    sentence = "{actor} changed the webhook {name} to {host}."
    name: Annotated[str, "what the webhook is called"]
    host: Annotated[str, "where it is, without path and query"]
    told: Annotated[str, "what it is told of now"]


class WebhookRemoved(AuditEvent):
    """An address outside is told nothing any more."""

    code = "webhook.removed"
    sentence = "{actor} removed the webhook {name} to {host}."
    name: Annotated[str, "what the webhook is called"]
    host: Annotated[str, "where it was, without path and query"]


class WorkflowSaved(AuditEvent):
    """A workflow was made, or changed. Runs that were started before keep the steps that they were started with."""

    code = "workflow.saved"
    sentence = "{actor} saved version {version} of the workflow {workflow}."
    workflow: Annotated[str, "the workflow, by its name"]
    version: Annotated[int, "counts the changes of the workflow"]
    steps: Annotated[list[str], "names of the steps, in order"]


class WorkflowSwitched(AuditEvent):
    """A workflow was switched on, so that runs can be started, or off."""

    code = "workflow.switched"
    sentence = "{actor} set the workflow {workflow} to {state}."
    workflow: Annotated[str, "the workflow, by its name"]
    state: Annotated[str, "draft, active or off"]


class WorkflowDeleted(AuditEvent):
    """A workflow was deleted. Its runs go on with the steps that they were started with."""

    code = "workflow.deleted"
    sentence = "{actor} deleted the workflow {workflow}."
    workflow: Annotated[str, "the workflow, by its name"]


class RunEvent(AuditEvent):
    """Something that happened to a run of a workflow."""

    person: Label
    workflow: Annotated[str, "the workflow, by its name"]
    ticket: Label


class RunStarted(RunEvent):
    """A run of a workflow was started. Its calls are made as the person, with their rights of the moment."""

    code = "run.started"
    sentence = "{actor} started the workflow {workflow} as {person} on ticket {ticket}."
    version: Annotated[int, "of the workflow"]


class RunReplied(RunEvent):
    """Somebody answered what a run had asked on its ticket."""

    code = "run.replied"
    sentence = "{actor} replied to the run of {workflow} on ticket {ticket} at the step {step}."
    step: Annotated[str, "the step, by its name"]


class RunStopped(RunEvent):
    """A step failed, or nobody knows what became of it: the run goes no further by itself."""

    code = "run.stopped"
    sentence = "The run of {workflow} for {person} on ticket {ticket} stopped at the step {step}: {reason}"
    step: Annotated[str, "the step, by its name"]
    became: Annotated[str, "failed; unknown when the call may have had an effect"]
    reason: str


class RunFinished(RunEvent):
    """A run came to its end, or a condition of it held."""

    code = "run.finished"
    sentence = "The run of {workflow} for {person} on ticket {ticket} is done{because}."
    reason: str


class RunCancelled(RunEvent):
    """Somebody ended a run. A step that was being sent at this moment came to its own end."""

    code = "run.cancelled"
    sentence = "{actor} cancelled the run of {workflow} for {person} on ticket {ticket}."


class RunEnded(RunEvent):
    """A run ended with the access of the person as whom it calls tools."""

    code = "run.ended"
    sentence = "The run of {workflow} for {person} on ticket {ticket} was ended: {reason}"
    reason: str


class StepRetried(RunEvent):
    """Somebody had a step tried again that had failed, or of which they said that it had not run."""

    code = "run.retried"
    sentence = "{actor} had the step {step} of the run of {workflow} on ticket {ticket} tried again{because}."
    step: Annotated[str, "the step, by its name"]
    reason: Annotated[str, "that they looked and it had had no effect, where that was not known; empty otherwise"]


class StepSettled(RunEvent):
    """Somebody looked and said that a step had run whose outcome Harriet did not know; the run goes on after it."""

    code = "run.settled"
    sentence = "{actor} said that the step {step} of the run of {workflow} on ticket {ticket} had run."
    step: Annotated[str, "the step, by its name"]


class RunsScheduled(AuditEvent):
    """Somebody has a workflow run again and again, as themselves."""

    code = "run.scheduled"
    sentence = "{actor} scheduled the workflow {workflow} as {person}: {when}."
    person: Label
    workflow: Annotated[str, "the workflow, by its name"]
    when: Annotated[str, "cron fields, and the time zone in which they count"]


class RunsUnscheduled(AuditEvent):
    """A workflow is no longer run again and again for somebody."""

    code = "run.unscheduled"
    sentence = "{actor} ended the schedule of the workflow {workflow} as {person}."
    person: Label
    workflow: Annotated[str, "the workflow, by its name"]
