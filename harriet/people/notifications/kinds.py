"""The kinds of matters that people hear of, one row each: what it is about, for whom, and how they hear of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

INBOX, MAIL, DAILY = "inbox", "mail", "daily"
"""Keys of the dictionary of channels."""


@dataclass(frozen=True, slots=True)
class Kind:
    code: str
    """In rows, at most 20 characters; never renamed."""
    label: str
    hears: str
    """A sentence: when it is told, and to whom."""
    channel: str = MAIL
    """Unless a person chose another."""
    is_fixed: bool = False
    """Nobody can choose another way: it is about somebody's sign-in or the log, or told by other means as well."""
    is_quiet: bool = False
    """Mails of it keep a distance for each person, however much happens; the rest goes into the next one."""


CALLS = Kind(
    "calls",
    "Calls that wait for approval",
    "When calls wait for a decision that you may take. At most one mail in ten minutes, with all that came since.",
    is_quiet=True,
)
EXPIRING = Kind(
    "expiring",
    "Calls that expire soon",
    "When calls that you may decide on expire within two hours and nobody has decided. Once for each call, quietly as "
    "above.",
    is_quiet=True,
)
ANSWERS = Kind(
    "answers",
    "Answers to your calls and requests",
    "When somebody decided on a call of yours, answered your request for tools, or reviewed a connector that you "
    "submitted.",
    channel=INBOX,
)
RUNS = Kind(
    "runs",
    "Runs of workflows",
    "When a run of yours asks for a reply, stops at a step, or is done.",
    channel=INBOX,
)
REQUESTS = Kind(
    "requests",
    "Requests for tools",
    "When somebody asks for tools of a connector that you look after, or for new ones if you manage connectors.",
)
REPORTS = Kind(
    "reports",
    "Reports of odd behaviour",
    "When somebody reports that a call behaved oddly. Owners, IT admins and whoever looks after the connector hear of "
    "it.",
)
SERVER = Kind(
    "server",
    "A server is down, and works again",
    "When a server of a connector that you look after has been down for some minutes, and when it works again.",
)
CREDENTIAL_REFUSED = Kind(
    "credential_refused",
    "A connector needs an admin",
    "When a server refuses the organization's credential for a connector that you look after, or a provider refuses "
    "Harriet's registration.",
)
CONNECT_AGAIN = Kind(
    "connect_again",
    "An account has to be connected again",
    "When a provider no longer accepts an account that you connected, so that its tools don't work for you.",
)
QUARANTINE = Kind(
    "quarantine",
    "Tools in quarantine",
    "When a server changed tools of a connector that you look after, and nobody can call them until you have looked.",
)
TOOL_FAILS = Kind(
    "tool_fails",
    "A tool fails",
    "When nearly all calls of a tool fail, of a connector that you look after, so that calls of it pause; and when it "
    "works again.",
)
LIMIT_REACHED = Kind(
    "limit_reached",
    "Limits that are reached",
    "When a limit of how often calls may be made is reached, once a day for each limit. Owners and IT admins hear of "
    "it.",
    channel=INBOX,
    is_quiet=True,
)
REVIEWS = Kind(
    "reviews",
    "Connectors that wait for review",
    "When a connector waits for a review that is yours to give: it is new, or it was changed.",
)
SCOPE_ENDS = Kind(
    "scope_ends",
    "Scopes that end soon",
    "Three days before a scope of an autonomous profile ends that was made for a week or longer: what ran unasked "
    "waits from then on. Owners and IT admins hear of it, and whoever the profile is for, if it is for one person.",
)
SECRET_DUE = Kind(
    "secret_due",
    "Secrets that are due",
    "14 and 3 days before a secret that you look after is due for rotation, on the day, and then every week. Owners "
    "also hear 14 days before the directory's token ends.",
)
CLIENT_WAITS = Kind(
    "client_waits",
    "AI clients that wait",
    "When somebody wants to use an AI client that nobody here has decided about, and new clients wait. Owners and IT "
    "admins hear of it.",
)
ISSUER_WAITS = Kind(
    "issuer_waits",
    "Riskier tools that a trusted issuer may not open yet",
    "When a profile has gained riskier tools than AI clients get there by a trusted issuer's word. Owners hear of it.",
)
KEY_KNOWN = Kind(
    "key_known",
    "Shared keys that somebody knows who left",
    "When somebody leaves who made or was given a shared integration key, which goes on working. Owners and IT admins "
    "hear of it.",
)
HANDED_OVER = Kind(
    "handed_over",
    "What you look after",
    "When a connector or a secret is handed over to you. Owners and IT admins also hear when nobody looks after "
    "something any more, when an agent is paused because nobody answers for it, or when nobody can decide on a call "
    "that waits.",
)
FOR_YOU = Kind(
    "for_you",
    "Something was prepared for you",
    "When somebody prepared a device credential for you.",
)
CONNECT_ACCOUNT = Kind(
    "connect_account",
    "An account to connect",
    "When a call of yours was not made because it needs an account of your own that you have not connected yet.",
    channel=INBOX,
)
INVITATION = Kind(
    "invitation",
    "Invitations",
    "When another organization invites you. The invitation itself comes by mail.",
    channel=INBOX,
    is_fixed=True,
)
SIGN_IN = Kind(
    "sign_in",
    "How you sign in, and people whom somebody helped back in",
    "When somebody removes your second factors, or makes or uses a link that sets your password. Owners hear of it, "
    "and when the directory wants to end the access of the last owner.",
    is_fixed=True,
)
LOG_FAULT = Kind(
    "log_fault",
    "The audit log has a fault",
    "When a verification of the audit log finds something wrong. Owners, IT admins and auditors hear of it.",
    is_fixed=True,
)
STOPPED = Kind(
    "stopped",
    "Emergency stops",
    "When somebody stops calls in an emergency, or releases a part of a stop. Owners and IT admins hear of it.",
    is_fixed=True,
)

KINDS = {
    kind.code: kind
    for kind in (
        CALLS,
        EXPIRING,
        ANSWERS,
        RUNS,
        REQUESTS,
        REPORTS,
        SERVER,
        CREDENTIAL_REFUSED,
        CONNECT_AGAIN,
        QUARANTINE,
        TOOL_FAILS,
        LIMIT_REACHED,
        REVIEWS,
        SCOPE_ENDS,
        SECRET_DUE,
        CLIENT_WAITS,
        ISSUER_WAITS,
        KEY_KNOWN,
        HANDED_OVER,
        FOR_YOU,
        CONNECT_ACCOUNT,
        INVITATION,
        SIGN_IN,
        LOG_FAULT,
        STOPPED,
    )
}


class Matter(NamedTuple):
    """One thing that people are told of."""

    kind: Kind
    organization_id: UUID
    key: str
    """Names the cause: nobody is told of one twice."""
    text: str
    path: str
    """Of the page where they act."""
    details: Sequence[tuple[str, str]] = ()
    """What the text counts, each with the path of its page. A mail lists those that no mail has listed yet."""
