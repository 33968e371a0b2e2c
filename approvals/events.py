"""The audit events of this floor."""

from audit.codes import define

ACTION_APPROVED = define(
    "action.approved",
    "{actor} approved {tool} for {person} on ticket {ticket}.",
    "An approver allowed a held call to run once, with exactly the arguments shown.",
)
ACTION_REJECTED = define(
    "action.rejected",
    "{actor} rejected {tool} for {person} on ticket {ticket}: {reason}",
    "An approver refused a held call; the reason goes back to the client.",
)
ACTION_EXPIRED = define(
    "action.expired",
    "{tool} for {person} on ticket {ticket} expired without a decision.",
    "Nobody decided in time, which counts as a refusal.",
)
ACTION_INVALIDATED = define(
    "action.invalidated",
    "{tool} for {person} on ticket {ticket} was not run: {reason}",
    "Something that the approval was bound to changed before the call could run.",
)
ACTION_LOST = define(
    "action.lost",
    "{tool} for {person} on ticket {ticket} was started and its outcome is unknown.",
    "The process that ran an approved call stopped before it could say how the call ended.",
)
ACTION_COLLECTED = define(
    "action.collected",
    "{person} collected the result of {tool} on ticket {ticket}.",
    "The client that asked received the stored result, which is then gone.",
)
