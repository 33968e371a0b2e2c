"""What the audit app can refuse, in sentences."""

from harriet.lib.errors import Problem


class AuditError(Problem):
    """The base of everything that the audit app refuses."""


class AuditUnavailable(AuditError):
    """An event did not become durable in time. Whatever waits for it must not happen: no audit, no call."""


class NotRecordable(AuditError):
    """An event that can't be stored as it is: a value that JSON has no form for, or a column that is too long."""
