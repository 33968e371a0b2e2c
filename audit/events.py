"""The events of calls (the gateway and approvals write them) and of the audit log itself."""

from typing import Annotated, Final, NotRequired, TypedDict
from uuid import UUID

from msgspec import UNSET, UnsetType

from audit.actor import Label
from audit.vocabulary.declaration import CALL, AuditEvent, declare_call

CALL_INTENT: Final = "call.intent"
CALL_OUTCOME: Final = "call.outcome"
CALL_REFUSED: Final = "call.refused"
CALL_HELD: Final = "call.held"


class CallDetails(TypedDict, total=False):
    """What the events of a call that is no tools/call hold beside."""

    method: Annotated[str, "the MCP method, when it isn't tools/call"]
    uri: Annotated[str, "the resource that is read or subscribed to, at most 200 characters"]


class IntentDetails(CallDetails):
    arguments_digest: Annotated[str, "SHA-256 of the arguments, byte by byte as they are sent; hex"]
    tool_digest: Annotated[str, "SHA-256 of the definition that was accepted; hex"]
    connector_revision: Annotated[int, "counts the connector's addresses"]
    policy_version: Annotated[int, "counts the organization's settings; the call was decided under this one"]
    credential: Annotated[str, "name of the secret that is sent along; empty without one"]
    credential_version: Annotated[int, "which version of that secret; 0 without one"]
    identity: NotRequired[Annotated[str, "what the server is told of who calls: the kind and attribute, not the value"]]
    meta_digest: NotRequired[Annotated[str, "SHA-256 of the `_meta` that is sent along, if any; hex"]]


class OutcomeDetails(CallDetails, total=False):
    milliseconds: Annotated[float, "from the arrival of the request to its answer, in milliseconds; 0.1 is the unit"]
    harriet_milliseconds: Annotated[float, "how much of that Harriet itself took"]
    upstream_milliseconds: Annotated[float, "how much of that the server took; what is left, people were waited for"]
    origin: Annotated[str, "where it went wrong: caller, harriet or upstream; left out when it did not"]
    size: Annotated[int, "bytes of the server's answer"]
    redacted: Annotated[int, "secrets that were taken out of the answer"]
    connection: Annotated[str, "the id of the connected account whose token went with it, if any"]
    connection_generation: Annotated[int, "which token of it: counts its renewals"]
    fault: Annotated[str, "what went wrong, for who looks after the connector; left out when the reason says it"]
    intent: Annotated[UUID, "the call.intent that this closes, when Harriet stopped before it could say"]


declare_call(
    CALL_INTENT,
    "{caller} called {target}.",
    "A call passed every check and is about to leave. Durable before anything is sent.",
    "decision",
    "reason",
    details=IntentDetails,
)
declare_call(
    CALL_OUTCOME,
    "The call of {target} by {caller} {result}{because}.",
    "What became of a call: ok, error, timeout, cancelled; unknown when the process ended before it could say.",
    "outcome",
    "reason",
    details=OutcomeDetails,
)


class CallRefused(AuditEvent):
    """A call that Harriet did not let pass, and why. Nothing was sent."""

    code = CALL_REFUSED
    together = CALL
    sentence = "{caller} was refused {target}{because}."
    person: Label | None
    device: Label | None
    client: str
    token_hint: str = ""
    connector: Label | None
    tool: Label | None
    profile: Label
    ticket: Label | None = None
    decision: str = "refuse"
    reason: str
    asked_for: Annotated[str, "the name or address that the client asked for, at most 200 characters"]
    method: Annotated[str | UnsetType, "the MCP method, when it isn't tools/call"] = UNSET
    uri: Annotated[str | UnsetType, "the resource that was asked for, at most 200 characters"] = UNSET


class TicketEvent(AuditEvent):
    """Something that happened to a held call. Person, device, client and credential are its caller's, whoever acts."""

    together = CALL
    person: Label
    device: Label | None = None
    client: str
    token_hint: str = ""
    connector: Label
    tool: Label
    ticket: Label
    decision: str = ""
    reason: str = ""


class CallHeld(TicketEvent):
    """A call that a person has to approve first. Nothing is sent until then."""

    code = CALL_HELD
    sentence = "{caller} asked for {target}, which waits for approval{because}."


class AuditExported(AuditEvent):
    """Events were downloaded from the audit page."""

    code = "audit.exported"
    sentence = "{actor} exported the audit log{because}."
    reason: Annotated[str, "which events, as the filters of the page's address; empty for all"]


class AuditRowsSetAside(AuditEvent):
    """Somebody put rows into the audit log past Harriet, or changed some before they were sealed. The chain goes on."""

    code = "audit.rows_set_aside"
    sentence = "{actor} set aside {count} rows in the audit log that it had not written{because}."
    reason: Annotated[str, "what is wrong with the first of them"]
    count: Annotated[int, "how many rows"]
    rows: Annotated[list[str], "ids of the first ten"]
    claimed: Annotated[UUID, "the organization that the rows say they are of"]


class AuditChainMended(AuditEvent):
    """Somebody put seals into the audit log past Harriet, or changed the mark that says how far the chain goes."""

    code = "audit.chain_mended"
    sentence = "{actor} found the audit chain tampered with, and went on from the last seal that was its own{because}."
    reason: Annotated[str, "what was wrong, as sentences"]
    seals: Annotated[int, "seals found that Harriet did not make"]


class AuditSealedLate(AuditEvent):
    """Genuine events that stood neither in a seal nor in the sealer's queue; a verification found them."""

    code = "audit.sealed_late"
    sentence = "{actor} sealed {count} events late, which somebody had taken out of the queue."
    count: Annotated[int, "how many events"]


class AuditCheckAsked(AuditEvent):
    """Somebody pressed Verify now on the audit page."""

    code = "audit.check_asked"
    sentence = "{actor} asked for a verification of the audit log."
