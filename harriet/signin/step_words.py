"""What a connection step is called, what a failure means, and what mends it: the connection doctor's dictionary."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    done: str
    """What the client, or the person, did; read after the client's name."""
    failed: str
    """The same for one that went wrong."""
    mend: str
    """What to do when the problem itself has no better advice."""


@dataclass(frozen=True, slots=True)
class Trouble:
    words: str
    mend: str
    """Empty when the step's own advice is the better one."""


_AGAIN = "Connect the client again: remove Harriet from it, add the address once more and sign in."
_ADDRESS = "Compare the address in the client, letter by letter, with the one under My AI, Connect a client."

KINDS = {
    "challenged": Kind(
        "called without a token and was told where to sign in",
        "called without a token that works and was told where to sign in",
        "The client should open a sign-in page in the browser now. If none opens, restart the client.",
    ),
    "resource_metadata": Kind(
        "read where to sign in for this profile", "could not read where to sign in for this profile", _ADDRESS
    ),
    "server_metadata": Kind("read how signing in works here", "could not read how signing in works here", _ADDRESS),
    "registered": Kind(
        "registered itself",
        "could not register itself",
        "Ask an IT admin to make a client by hand under Settings, AI clients, and type its id into the client.",
    ),
    "client_document": Kind(
        "was recognised by the document that it publishes",
        "could not be recognised: Harriet could not use the document that it publishes",
        "Try again in a few minutes. If it stays so, ask an IT admin to make a client by hand under Settings, "
        "AI clients.",
    ),
    "authorize": Kind(
        "opened the sign-in page in a browser", "opened the sign-in page with a request that is not right", _AGAIN
    ),
    "signed_in": Kind("was waiting while the person signed in", "was waiting, but signing in failed", "Sign in again."),
    "consented": Kind(
        "was allowed", "was not allowed", "Connect again and allow it, if you want the client to use your tools."
    ),
    "device_code": Kind(
        "asked for a code to type on another device",
        "could not get a code to type on another device",
        "Start signing in from the client once more.",
    ),
    "device_typed": Kind(
        "had its code typed in",
        "waited for a code that was not right",
        "Start again from the client: codes last some minutes.",
    ),
    "token": Kind("got its first token", "could not get its first token", _AGAIN),
    "first_call": Kind("called for the first time", "could not make its first call", _ADDRESS),
    "refreshed": Kind("got its next token", "could not get its next token", _AGAIN),
    "expired_call": Kind(
        "called with a token that had expired, and was told to fetch the next one",
        "called with a token that had expired",
        "A client fetches its next token by itself. If this one does not, sign in from it again.",
    ),
    "refused": Kind("was let through", "was refused a call", "An IT admin can say more."),
    "revoked": Kind(
        "signed out: it gave its token back",
        "could not give its token back",
        "Disconnect it under My AI, Connected apps.",
    ),
    "ended": Kind("was disconnected", "was disconnected", "Connect it again if that was not intended."),
    "forgotten": Kind(
        "was forgotten: it had registered and nobody signed in with it", "could not be forgotten", "Nothing to do."
    ),
}
"""Each kind of step; rows hold the key, so keys are never renamed."""

PROBLEMS = {
    "invalid_request": Trouble("Something that the protocol asks for was missing or said twice.", ""),
    "invalid_client": Trouble(
        "Harriet does not know this client, or its secret was not right.",
        "Remove Harriet from the client and add it again, so that it registers anew. For a client that was made by "
        "hand, copy its id and secret once more.",
    ),
    "invalid_grant": Trouble(
        "What the client showed for a token had expired, was used before or belonged to another request.", _AGAIN
    ),
    "unauthorized_client": Trouble("This client may not sign in in this way.", ""),
    "unsupported_grant_type": Trouble("The client asked for a token in a way that Harriet does not offer.", ""),
    "unsupported_response_type": Trouble("The client asked for an answer that Harriet does not give.", ""),
    "invalid_scope": Trouble(
        "The client asked for rights that Harriet does not know.",
        "Empty the field for scopes in the client, or use tools.read, tools.write and tools.dangerous.",
    ),
    "access_denied": Trouble("The person said no, or may not use this profile.", ""),
    "invalid_target": Trouble("The client asked for an address that is none of your profiles.", _ADDRESS),
    "server_error": Trouble(
        "Harriet failed. The log of the machine says more.", "Try again; if it stays so, tell an IT admin."
    ),
    "temporarily_unavailable": Trouble("Harriet could not answer at that moment.", "Try again in a minute."),
    "invalid_redirect_uri": Trouble(
        "The address that the client wants to be answered at is not one that is allowed.",
        "For a client that was made by hand, add the address under Settings, AI clients, just as the client shows it.",
    ),
    "invalid_client_metadata": Trouble("What the client said of itself could not be used.", ""),
    "invalid_token": Trouble("The token had expired, was ended, or is for another profile.", _AGAIN),
    "insufficient_scope": Trouble(
        "The tool needs more than the person allowed this client.",
        "Sign in from the client again and allow what it asks for. If it does not ask, disconnect it under My AI, "
        "Connected apps, and connect it anew.",
    ),
    "expired_token": Trouble("Nobody typed the code in time.", ""),
    "slow_down": Trouble("The client asked too often.", "Nothing to do: it goes on by itself, more slowly."),
    "client_waiting": Trouble(
        "New clients wait here until an IT admin allows them.", "An IT admin finds it under Settings, AI clients."
    ),
    "client_blocked": Trouble(
        "An IT admin blocked this client.", "Ask an IT admin, who can allow it under Settings, AI clients."
    ),
    "wrong_account": Trouble(
        "The browser was signed in as somebody else.", "Sign out in the browser, then connect again."
    ),
    "not_in_profile": Trouble(
        "The person has no access to this profile.", "Ask an IT admin to add them to the profile, or choose another."
    ),
    "unreachable": Trouble("Harriet could not reach the address.", ""),
    "invalid_document": Trouble("The document could not be read, or does not say what it must.", ""),
    "document_refused": Trouble(
        "The document’s address leads into a private network, or is not one that Harriet reads.", ""
    ),
    "reused": Trouble(
        "A token that was replaced long ago was used again, so that Harriet ended all of this client’s: somebody may "
        "have copied it, or the client lost its newest one.",
        _AGAIN,
    ),
    "expired": Trouble("The time that the person allowed it for was over.", "Sign in from the client again."),
    "connected_anew": Trouble("It was connected anew.", "Nothing to do."),
    "ended_by_person": Trouble("The person disconnected it.", ""),
    "ended_by_admin": Trouble("An IT admin disconnected it.", "Ask an IT admin before you connect it again."),
    "ended_by_block": Trouble(
        "An IT admin blocked this client.", "Ask an IT admin, who can allow it under Settings, AI clients."
    ),
    "issuer_ended": Trouble(
        "Your organization no longer trusts the issuer that had opened it, or trusts it with less.",
        "Connect the client again, or ask an IT admin, who finds it under Settings, Trusted issuers.",
    ),
    "access_ended": Trouble("The person’s access to the organization ended.", ""),
}
"""Why a step failed, by its code: the RFCs' codes where there is one (RFC 6749 §5.2, 6750 §3.1, 7591 §3.2.2, 8628 §3.5,
8707 §2)."""

UNKNOWN = Trouble("It failed for a reason that has no words here.", "")

DETAILS = {
    "host": "Answers go to",
    "scope": "Rights",
    "document": "Document",
    "resource": "Address",
    "software": "Software",
    "method": "Proves itself by",
    "grant": "Way",
    "tool": "Tool",
    "reason": "Reason",
}
"""What a step may hold besides, with its label. Nothing else is kept, so that no caller keeps a token by mistake."""


def kind_of(key: str) -> Kind:
    """Also of a row that a newer Harriet wrote."""
    return KINDS.get(key) or Kind("did something", "could not do something", "")


def trouble_of(code: str) -> Trouble:
    return PROBLEMS.get(code, UNKNOWN)
