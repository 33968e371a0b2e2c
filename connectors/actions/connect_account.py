"""Takes what somebody comes back with from a service: whose account it is, for which connector, and what is odd about
it."""

from __future__ import annotations

from dataclasses import dataclass

from audit.actor import Actor
from connectors.accounts import Account, account_of
from connectors.actions.ask_to_connect import settle_connecting
from connectors.errors import ConnectorError
from connectors.queries import connector_of
from harriet.people.models import User
from harriet.people.permissions import demand
from harriet.people.queries import membership_of
from harriet.people.roles import Power
from harriet.people.version import move_version
from vault.models import OAuthGrant, OAuthRequest
from vault.oauth.finish import CameBack, finish
from vault.oauth.shared import is_for_everybody, shared_account
from vault.queries import credential_of


@dataclass(frozen=True, slots=True)
class Connected:
    sentence: str
    remarks: tuple[str, ...]
    """What they should know, though it worked."""


def connect_account(back: CameBack, asked: OAuthRequest | None, user: User, *, actor: Actor) -> Connected:
    """`asked` is the way on which they come back, None where they have none. Raises ConsentFailed, ConnectorError for
    somebody who may not use the connector any more, and NotFound where nothing of it needs an account now."""
    if asked is not None and asked.is_shared:
        return _connect_for_everybody(back, asked, user, actor)
    before = _account_before(asked, user) if asked is not None else None
    grant = finish(back, user)
    assert asked is not None and before is not None
    settle_connecting(asked.organization_id, asked.connector_id, user.pk, actor=actor)
    where = f" as {grant.account}" if grant.account else ""
    return Connected(f"{before.connector} is connected{where}.", tuple(_remarks(before.grant, grant)))


def _connect_for_everybody(back: CameBack, asked: OAuthRequest, user: User, actor: Actor) -> Connected:
    """Whoever may not look after credentials any more brings nothing in."""
    demand(actor, asked.organization, Power.MANAGE_CREDENTIALS)
    connector = connector_of(asked.organization, asked.connector_id)
    credential = credential_of(connector.pk)
    if credential is None or not is_for_everybody(credential) or credential.oauth_client_id != asked.client_id:
        raise ConnectorError(f"{connector} is no longer set up for a shared account of this provider.")
    old = shared_account(credential)
    grant = finish(back, user)
    move_version(asked.organization_id)
    where = f" as {grant.account}" if grant.account else ""
    sentence = f"Calls of {connector} are made{where} from now on, for everybody who may use it."
    return Connected(sentence, tuple(_remarks(old, grant)))


def _account_before(asked: OAuthRequest, user: User) -> Account:
    """Looked at before the code is spent: nothing is fetched for somebody who left meanwhile."""
    membership = membership_of(user, asked.organization)
    if membership is None:
        raise ConnectorError(
            f"You are not a member of {asked.organization.name} any more, so nothing was connected for it."
        )
    account = account_of(membership, asked.connector_id)
    if account.credential.oauth_client_id != asked.client_id:
        raise ConnectorError(
            f"{account.connector} was set up anew while you were away, so nothing was connected. Connect it again."
        )
    return account


def _remarks(old: OAuthGrant | None, grant: OAuthGrant) -> list[str]:
    remarks = []
    if old is not None and _is_other(old, grant):
        remarks.append(
            f"This is another account than before: it was {old.account or 'one without a name'}, and is "
            f"{grant.account or 'one without a name'} now. From now on calls are made with the new one, and Harriet no "
            "longer has the old one. If you did not mean that, connect again and choose the other account there."
        )
    missing = [one for one in grant.asked_scopes.split() if one not in grant.scopes.split()]
    if missing:
        remarks.append(
            f"Not all of what Harriet asked for was allowed ({', '.join(missing[:5])} is missing). Tools that need it "
            "will say so."
        )
    return remarks


def _is_other(old: OAuthGrant, new: OAuthGrant) -> bool:
    """By the account's own id where both times it was said: an address may change its spelling, or its owner's name."""
    if old.account_subject and new.account_subject:
        return old.account_subject != new.account_subject
    return bool(old.account and new.account) and old.account.casefold() != new.account.casefold()
