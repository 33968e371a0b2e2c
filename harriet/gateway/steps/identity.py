"""Step ⑥, beside the credential: what the server is told of who calls, where its connector says so.

It comes from the snapshot, where the organization's identity provider asserted it; never from the request.
"""

from __future__ import annotations

import time

from connectors.identity_tokens import signed
from connectors.passed_identity import How, Identity, IdentityRule, value_of
from harriet.gateway.errors import ToolRefusal
from harriet.gateway.policy.grant import Grant
from harriet.gateway.steps.request import Call
from vault.opened import OpenCredential

MOST_TOKENS = 20_000
"""Kept for one snapshot."""


def check_identity(call: Call, grant: Grant) -> None:
    """Before anything leaves. Raises ToolRefusal for a caller of whom there is nothing to pass on."""
    rule = grant.tool.connector.identity
    if rule is not None and rule.refuses_local and not _value(call, grant, rule):
        raise ToolRefusal(_why(call, grant, rule))


def add_identity(call: Call, grant: Grant, credential: OpenCredential) -> None:
    """Into the headers of this request. Raises ToolRefusal."""
    rule = grant.tool.connector.identity
    if rule is None:
        return
    value = _value(call, grant, rule)
    if not value and rule.refuses_local:
        raise ToolRefusal(_why(call, grant, rule))
    if any(name.lower() == rule.header.lower() for name in credential.headers):
        raise ToolRefusal(
            f"{grant.tool.connector.name} is set up to get who calls in the header of its secret, so nothing was sent. "
            "You can't mend this yourself: show this message to your IT team."
        )
    if value:
        credential.headers[rule.header] = value


def passed_words(call: Call, grant: Grant, rule: IdentityRule) -> str:
    """What goes along, for the audit log; never the value."""
    return rule.words if _value(call, grant, rule) else "nothing: no identity provider has asserted the caller"


def _identity(call: Call) -> Identity | None:
    """None for a local account, and for a shared key or agent, which is no person."""
    user_id = call.principal.user_id
    member = call.snapshot.facts.members.get(user_id) if user_id is not None else None
    return member.identity if member is not None else None


def _value(call: Call, grant: Grant, rule: IdentityRule) -> str:
    identity = _identity(call)
    if identity is None:
        return ""
    return _token(call, grant, identity) if rule.how == How.JWT else value_of(identity, rule.attribute)


def _token(call: Call, grant: Grant, identity: Identity) -> str:
    """One serves the person's calls of this connector for some minutes."""
    snapshot, connector = call.snapshot, grant.tool.connector
    if snapshot.identity_key is None or call.principal.user_id is None:
        return ""
    key = (call.principal.user_id, connector.id)
    kept = snapshot.identity_tokens.get(key)
    if kept is None or kept.kept_until < time.time():
        if len(snapshot.identity_tokens) >= MOST_TOKENS:
            snapshot.identity_tokens.clear()
        kept = snapshot.identity_tokens[key] = signed(snapshot.identity_key, identity, connector.url)
    return kept.token


def _why(call: Call, grant: Grant, rule: IdentityRule) -> str:
    name = grant.tool.connector.name
    if call.principal.user_id is None:
        return (
            f"{name} wants to know which person calls, and this client uses a shared key, so nothing was sent. Connect "
            "it with a credential of your own."
        )
    if _identity(call) is None:
        return (
            f"{name} wants to know who calls as your company’s sign-in says it, and you have not signed in to Harriet "
            "that way, so nothing was sent. Sign in to Harriet through your company once, then call again."
        )
    return (
        f"{name} wants to know who calls, and your company’s sign-in does not say what it needs of you "
        f"({rule.attribute.replace('_', ' ') or 'a signed token'}), so nothing was sent. Show this message to your IT "
        "team."
    )
