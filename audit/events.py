"""The codes of calls (the gateway and approvals write them) and of the audit log itself."""

from audit.codes import define

CALL_INTENT = define(
    "call.intent",
    "{caller} called {target}.",
    "A call passed every check and is about to leave. Durable before anything is sent.",
)
CALL_OUTCOME = define(
    "call.outcome",
    "The call of {target} by {caller} {result}{because}.",
    "What became of a call: ok, error, timeout, cancelled; unknown when the process ended before it could say.",
)
CALL_REFUSED = define(
    "call.refused",
    "{caller} was refused {target}{because}.",
    "A call that Harriet did not let pass, and why. Nothing was sent.",
)
CALL_HELD = define(
    "call.held",
    "{caller} asked for {target}, which waits for approval{because}.",
    "A call that a person has to approve first. Nothing is sent until then.",
)
AUDIT_EXPORTED = define(
    "audit.exported",
    "{actor} exported the audit log{because}.",
    "Events were downloaded from the audit page.",
)
AUDIT_ROWS_SET_ASIDE = define(
    "audit.rows_set_aside",
    "{actor} found {count} row(s) in the audit log that it did not write, and set them aside{because}.",
    "Somebody put rows into the audit log past Harriet, or changed some before they were sealed. The chain goes on.",
)
AUDIT_CHAIN_MENDED = define(
    "audit.chain_mended",
    "{actor} found the audit chain tampered with, and went on behind its last own seal{because}.",
    "Somebody put seals into the audit log past Harriet, or changed the mark that says how far the chain goes.",
)
AUDIT_SEALED_LATE = define(
    "audit.sealed_late",
    "{actor} sealed {count} event(s) late, which somebody had taken out of the queue.",
    "Genuine events that stood neither in a seal nor in the sealer's queue; a verification found them.",
)
AUDIT_CHECK_ASKED = define(
    "audit.check_asked",
    "{actor} asked for a verification of the audit log.",
    "Somebody pressed Verify now on the audit page.",
)
