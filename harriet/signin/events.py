"""What can happen at the door, as the audit log says it."""

from typing import Annotated

from audit.actor import Label
from audit.vocabulary.declaration import AuditEvent


class SigninEvent(AuditEvent):
    """Something that a person did about signing in."""

    person: Label


class SignedIn(SigninEvent):
    """A person signed in to the pages."""

    code = "signin.succeeded"
    sentence = "{person} signed in."


class PasswordChanged(SigninEvent):
    """Changed, set or reset."""

    code = "signin.password_changed"
    sentence = "{person} changed their password."


class FactorsReset(SigninEvent):
    """Somebody who manages people removed all second factors of a person: the password alone signs them in."""

    code = "signin.factors_reset"
    sentence = "{actor} removed the second factors of {person}."
    count: Annotated[int, "how many there were"]


class RecoveryLinkMade(SigninEvent):
    """A one-time link to set a new password was made and shown, to be handed over."""

    code = "signin.recovery_link_made"
    sentence = "{actor} made a link with which {person} can set a new password."


class RecoveryLinkUsed(SigninEvent):
    """The account counts as not proved until a mail reaches its address: somebody else had the link in hand."""

    code = "signin.recovery_link_used"
    sentence = "{person} set a new password with a recovery link that {by} handed over."
    by: Annotated[str, "who made the link, or whoever operates the installation"]


class FactorAdded(SigninEvent):
    """A second factor or passkey."""

    code = "signin.factor_added"
    sentence = "{person} added {factor} for signing in."
    factor: Annotated[str, "what kind of factor, in words"]


class FactorRemoved(SigninEvent):
    """A factor is gone."""

    code = "signin.factor_removed"
    sentence = "{person} removed {factor} for signing in."
    factor: Annotated[str, "what kind of factor, in words"]


class ConnectedAppEnded(SigninEvent):
    """What a person had allowed a client is over: its tokens open nothing any more."""

    code = "app.disconnected"
    sentence = "{actor} disconnected {app} of {person}."
    app: Annotated[str, "the client, as it calls itself"]
    profile: Label | None


class AppEvent(AuditEvent):
    """Something about an AI client that a person signed in to."""

    person: Label
    client: Annotated[str, "the client, as it calls itself"]
    profile: Label


class AppConnected(AppEvent):
    """A person allowed an AI client to use a profile in their name, or allowed it something else than before."""

    code = "app.connected"
    sentence = "{person} allowed {client} to use the profile {profile}."
    client_id: Annotated[str, "the id under which the client is known here"]
    source: Annotated[str, "how it came to be known: dcr registered itself, cimd by its document, manual by an admin"]
    answers_to: Annotated[str, "where its answers go: a host, or an app on the person's computer"]
    scopes: Annotated[str, "what it may do, as scopes"]
    until: Annotated[str, "when the person is asked again"]


class AppRefused(AppEvent):
    """A person said no to an AI client."""

    code = "app.refused"
    sentence = "{person} did not allow {client} to use the profile {profile}."
    client_id: Annotated[str, "the id under which the client is known here"]


class AppTokensEnded(AppEvent):
    """All tokens of one sign-in with an AI client ended."""

    code = "app.tokens_ended"
    sentence = "The tokens of {client} for {person} at the profile {profile} ended: {why}."
    why: Annotated[str, "the reason, as words"]


class ClientEvent(AuditEvent):
    """Something that an admin did about an AI client."""

    client_name: Annotated[str, "the client, as it calls itself"]
    client_id: Annotated[str, "the id under which the client is known here; of several registrations, the newest"]


class ClientAllowed(ClientEvent):
    """People may sign in with it."""

    code = "client.allowed"
    sentence = "{actor} allowed the AI client {client_name}."


class ClientBlocked(ClientEvent):
    """Nobody can sign in with it, and what people had connected is over."""

    code = "client.blocked"
    sentence = "{actor} blocked the AI client {client_name}. {apps} connected apps ended."
    apps: Annotated[int, "how many connected apps ended"]


class ClientMade(ClientEvent):
    """For a product that can't register itself."""

    code = "client.made"
    sentence = "{actor} made the AI client {client_name}."
    redirects: Annotated[str, "where its answers may go, with spaces"]


class ClientChanged(ClientEvent):
    """A client that was made by hand."""

    code = "client.changed"
    sentence = "{actor} changed the AI client {client_name}."
    redirects: Annotated[str, "where its answers may go from now on, with spaces"]


class ClientSecretReplaced(ClientEvent):
    """Of a client that was made by hand. The secret before it opens nothing any more."""

    code = "client.secret_replaced"
    sentence = "{actor} replaced the secret of the AI client {client_name}."
