"""What can be wrong with a decision or a held call, told to a person."""

from harriet.lib.errors import Problem


class ApprovalError(Problem):
    """The base of this floor's errors."""


class NotYours(ApprovalError):
    """The person may not decide on this action."""


class TooLate(ApprovalError):
    """The action has moved on: decided, expired or run."""


class TooMany(ApprovalError):
    """So many calls of this person wait already that no other one is put on a ticket."""
