"""The audit events of this floor."""

from audit.events import TicketEvent


class ActionApproved(TicketEvent):
    """An approver allowed a held call to run once, with exactly the arguments shown."""

    code = "action.approved"
    sentence = "{actor} approved {tool} for {person} on ticket {ticket}."


class ActionRejected(TicketEvent):
    """An approver refused a held call; the reason goes back to the client."""

    code = "action.rejected"
    sentence = "{actor} rejected {tool} for {person} on ticket {ticket}: {reason}"


class ActionExpired(TicketEvent):
    """Nobody decided in time, which counts as a refusal."""

    code = "action.expired"
    sentence = "{tool} for {person} on ticket {ticket} expired without a decision."


class ActionInvalidated(TicketEvent):
    """Something that the approval was bound to changed before the call could run."""

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
