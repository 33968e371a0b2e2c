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


class AppGiven(AppEvent):
    """An AI client got to use a profile in a person's name because a trusted issuer said so; nobody was asked."""

    code = "app.given"
    sentence = "As {issuer} says, {client} may use the profile {profile} for {person}."
    client_id: Annotated[str, "the id under which the client is known here"]
    issuer: Annotated[str, "the trusted issuer, by its name here"]
    scopes: Annotated[str, "what it may do, as scopes"]


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


class SignedInByProvider(SigninEvent):
    """A person came through the organization's identity provider."""

    code = "signin.by_provider"
    sentence = "{person} signed in through {provider}."
    provider: Annotated[str, "the identity provider's name here"]


class ProviderSignInRefused(AuditEvent):
    """The provider's answer was proved, and its person is not let in all the same. Unproved answers are no events."""

    code = "signin.refused"
    sentence = "Sent by {provider}, {email} was not let in: {why}"
    provider: Annotated[str, "the identity provider's name here"]
    email: Annotated[str, "the address that the provider gave; empty for none"]
    why: Annotated[str, "as the person was told"]


class BreakGlassUsed(SigninEvent):
    """Single sign-on is required; the one owner who may do without it did."""

    code = "signin.break_glass_used"
    sentence = "{person} signed in without single sign-on, as the owner who may."


class SessionsEndedByProvider(SigninEvent):
    """A back-channel logout (OpenID Connect)."""

    code = "signin.ended_by_provider"
    sentence = "Signed out by {provider}: {person}, in {count} browsers."
    provider: Annotated[str, "the identity provider's name here"]
    count: Annotated[int, "how many"]


class ClientsLapsed(SigninEvent):
    """The person's AI clients and tokens are refused until they sign in through the provider again."""

    code = "signin.clients_lapsed"
    sentence = "The clients of {person} wait for their next sign-in: {why}"
    why: Annotated[str, "as a sentence"]


class ProviderEvent(AuditEvent):
    """About an identity provider of the organization."""

    provider: Annotated[str, "its name here"]


class ProviderAdded(ProviderEvent):
    """Off until it is switched on."""

    code = "identity_provider.added"
    sentence = "{actor} added the identity provider {provider} ({kind})."
    kind: Annotated[str, "which protocol it speaks"]


class ProviderChanged(ProviderEvent):
    """Never the secret itself."""

    code = "identity_provider.changed"
    sentence = "{actor} changed the identity provider {provider}: {change}."
    change: Annotated[str, "which settings, as words"]


class ProviderSwitched(ProviderEvent):
    """When off, its sessions end and nobody signs in through it."""

    code = "identity_provider.switched"
    sentence = "{actor} switched the identity provider {provider} {state}."
    state: Annotated[str, "on or off"]


class ProviderRemoved(ProviderEvent):
    """With its mappings. People whose clients waited for a sign-in through it are deactivated, each by an event."""

    code = "identity_provider.removed"
    sentence = "{actor} removed the identity provider {provider}; {count} people are known by it no more."
    count: Annotated[int, "how many people it had asserted"]


class MappingChanged(ProviderEvent):
    """What a group at the provider gives here."""

    code = "identity_provider.mapping_changed"
    sentence = "{actor} {what} that “{value}” at {provider} means {gives}."
    what: Annotated[str, "set, or took back"]
    value: Annotated[str, "the group at the provider"]
    gives: Annotated[str, "the group or role here"]


class DomainAdded(AuditEvent):
    """It counts for nothing until it is verified."""

    code = "domain.added"
    sentence = "{actor} added the domain {domain}."
    domain: Annotated[str, "the domain"]


class DomainVerified(AuditEvent):
    """The proof was found in its DNS or at its website."""

    code = "domain.verified"
    sentence = "{actor} verified the domain {domain} by {way}."
    domain: Annotated[str, "the domain"]
    way: Annotated[str, "where the proof was found"]


class DomainRemoved(AuditEvent):
    """No new accounts by its addresses."""

    code = "domain.removed"
    sentence = "{actor} removed the domain {domain}."
    domain: Annotated[str, "the domain"]


class SignInRuleChanged(AuditEvent):
    """Whether single sign-on is required, who gets in without it, how long sign-ins are good for."""

    code = "organization.sign_in_rule_changed"
    sentence = "{actor} changed how people sign in: {change}."
    change: Annotated[str, "each setting with what it was and what it is, as words"]


class IdentitySeparated(SigninEvent):
    """The person is a local account again; the next sign-in through the provider begins anew."""

    code = "signin.identity_separated"
    sentence = "{actor} separated {person} from {subject} at the identity provider."
    subject: Annotated[str, "the provider's own lasting name for the person"]


class PersonDescribed(SigninEvent):
    """The organization's directory said over SCIM who somebody is."""

    code = "scim.person_described"
    sentence = "{actor} said who {person} is: {parts}."
    parts: Annotated[str, "what is new in the description, as SCIM calls it, with commas"]


class PersonWithdrawn(SigninEvent):
    """The directory deleted a person: their access ended, and they can come back by the directory alone."""

    code = "scim.person_withdrawn"
    sentence = "{actor} deleted {person}, whose access has ended."


class DirectoryRefused(SigninEvent):
    """The directory wanted to end an access that must stay, such as the last owner's."""

    code = "scim.refused"
    sentence = "{actor} wanted to end the access of {person}, which was refused: {reason}"
    reason: str


class IssuerEvent(AuditEvent):
    """Something that an admin did about whose word about people is taken."""

    name: Annotated[str, "what the trusted issuer is called here"]
    issuer: Annotated[str, "its identifier, as it stands in its assertions"]


class IssuerTrusted(IssuerEvent):
    """Its assertions open profiles from now on."""

    code = "issuer.trusted"
    sentence = "{actor} made {name} a trusted issuer."
    tenant: Annotated[str, "the claim and value that an assertion must have, empty for an issuer of one's own"]
    clients: Annotated[str, "the AI clients that may bring its assertions, with spaces"]
    takes: Annotated[str, "the types of assertions that are taken, with spaces: id_jag about people, workloads"]
    scopes: Annotated[str, "the most that it can give"]


class IssuerChanged(IssuerTrusted):
    """What is trusted of it is another from now on."""

    code = "issuer.changed"
    sentence = "{actor} changed what is trusted of {name}."
    apps: Annotated[int, "how many connected apps ended by it"]


class IssuerEnded(IssuerEvent):
    """Its word is taken no more, and what it had opened is over."""

    code = "issuer.ended"
    sentence = "{actor} ended the trust in {name}. {apps} connected apps ended."
    apps: Annotated[int, "how many connected apps ended"]


class IssuerProfileApproved(IssuerEvent):
    """A profile had gained riskier tools than at the issuer's first grant."""

    code = "issuer.profile_approved"
    sentence = "{actor} approved that {name} opens more of the profile {profile}."
    profile: Label
    scopes: Annotated[str, "what it opens from now on, as scopes"]


class WorkloadEvent(AuditEvent):
    """Something about a workload that is an agent here."""

    agent: Annotated[str, "the agent’s name"]
    person: Annotated[Label | None, "who answers for the agent"]
    issuer: Annotated[str, "what the trusted issuer is called here"]
    subject: Annotated[str, "the workload’s name, as the issuer has it"]


class WorkloadBound(WorkloadEvent):
    """From now on the issuer’s word about the workload opens the profile to the agent."""

    code = "agent.workload_bound"
    sentence = "{actor} let the workload {subject} of {issuer} act as the agent {agent}."
    profile: Label


class WorkloadEnded(WorkloadEvent):
    """The workload is the agent no more."""

    code = "agent.workload_ended"
    sentence = "{actor} ended that the workload {subject} of {issuer} acts as the agent {agent}."
    tokens: Annotated[int, "how many of its tokens were still good"]


class WorkloadAdmitted(WorkloadEvent):
    """It proved by its issuer’s word that it is itself, and was given a token for a quarter of an hour."""

    code = "agent.workload_admitted"
    sentence = "The workload {subject} was let in as the agent {agent}, as {issuer} says."
    profile: Label
    scopes: Annotated[str, "what the token opens, as scopes"]
