"""Step ⑥, beside the credential: what the server is told of who calls, where its connector says so.

It comes from the snapshot, where the organization's identity provider asserted it; never from the request.
"""

from __future__ import annotations

from connectors.passed_identity import Attribute, How, Identity, IdentityRule, fits_token, value_of
from harriet.gateway.errors import ToolRefusal
from harriet.gateway.policy.grant import Grant
from harriet.gateway.steps.passed_tokens import PassedTokens, Whose
from harriet.gateway.steps.request import Call, Sent
from vault.opened import OpenCredential


def check_identity(call: Call, grant: Grant) -> None:
    """Before anything leaves. Raises ToolRefusal for a caller of whom there is nothing to pass on."""
    rule = grant.tool.connector.identity
    if rule is not None and rule.refuses_local and not _has_value(call, rule):
        raise ToolRefusal(_why(call, grant, rule))


def add_identity(call: Call, grant: Grant, credential: OpenCredential, sent: Sent, tokens: PassedTokens) -> None:
    """Into the headers of this request; a signed token is taken out of what the server answers. Raises ToolRefusal."""
    rule = grant.tool.connector.identity
    if rule is None:
        return
    check_identity(call, grant)
    if any(name.lower() == rule.header.lower() for name in credential.headers):
        raise ToolRefusal(
            f"{grant.tool.connector.name} is set up to get who calls in the header of its secret, so nothing was sent. "
            "You can't mend this yourself: show this message to your IT team."
        )
    identity = _identity(call)
    if identity is None or not _has_value(call, rule):
        return
    if rule.how == How.JWT:
        _add_token(call, grant, rule.header, identity, credential, sent, tokens)
    else:
        credential.headers[rule.header] = value_of(identity, rule.attribute)


def _add_token(
    call: Call,
    grant: Grant,
    header: str,
    identity: Identity,
    credential: OpenCredential,
    sent: Sent,
    tokens: PassedTokens,
) -> None:
    key, user_id, connector = call.snapshot.identity_key, call.principal.user_id, grant.tool.connector
    if key is None or user_id is None:
        return
    whose = Whose(user_id, connector.id)
    credential.headers[header] = tokens.token(whose, key, identity, connector.url)
    sent.redactor = tokens.redactor(whose, credential, sent.redactor)


def passed_words(call: Call, rule: IdentityRule) -> str:
    """What goes along, for the audit log; never the value."""
    if _has_value(call, rule):
        return rule.words
    identity = _identity(call)
    if identity is None:
        return "nothing: no identity provider has asserted the caller"
    return f"nothing: {_missing(identity, rule)}"


def _identity(call: Call) -> Identity | None:
    """None for a local account, and for a shared key or agent, which is no person."""
    member = call.principal.member
    return member.identity if member is not None else None


def _has_value(call: Call, rule: IdentityRule) -> bool:
    identity = _identity(call)
    if identity is None:
        return False
    if rule.how == How.JWT:
        return call.snapshot.identity_key is not None and fits_token(identity)
    return bool(value_of(identity, rule.attribute))


def _why(call: Call, grant: Grant, rule: IdentityRule) -> str:
    name, identity = grant.tool.connector.name, _identity(call)
    if call.principal.user_id is None:
        return (
            f"{name} wants to know which person calls, and this client uses a shared key, so nothing was sent. Connect "
            "it with a credential of your own."
        )
    if identity is None:
        return (
            f"{name} wants to know who calls as your company’s sign-in says it, and you have not signed in to Harriet "
            "that way, so nothing was sent. Sign in to Harriet through your company once, then call again."
        )
    return (
        f"{name} wants to know who calls, and Harriet can’t tell it ({_missing(identity, rule)}), so nothing was sent. "
        "Show this message to your IT team."
    )


def _missing(identity: Identity, rule: IdentityRule) -> str:
    is_of_groups = rule.how == How.JWT or rule.attribute == Attribute.GROUPS
    if is_of_groups and identity.groups and not (rule.how == How.JWT and fits_token(identity)):
        return "the caller’s groups are more than fit into a header"
    if rule.how == How.JWT:
        return "the key with which it signs can’t be opened"
    return f"the identity provider says no {rule.attribute.replace('_', ' ')} that fits into a header"
