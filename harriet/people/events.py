"""What can happen to organizations, people, groups, devices and tokens, as the audit log says it."""

from typing import Annotated

from audit.actor import Label
from audit.vocabulary.declaration import AuditEvent


class OrganizationCreated(AuditEvent):
    """A new organization, still empty."""

    code = "organization.created"
    sentence = "{actor} created the organization {organization}."
    organization: Annotated[str, "its name"]
    slug: Annotated[str, "its short name, which set-up files use"]


class OwnReviewsAllowed(AuditEvent):
    """An owner let owners and IT admins review connectors that they submitted themselves."""

    code = "organization.own_reviews_allowed"
    sentence = "{actor} let owners and IT admins review what they submitted: {reason}"
    reason: str


class OwnReviewsEnded(AuditEvent):
    """Nobody reviews any more what they submitted themselves."""

    code = "organization.own_reviews_ended"
    sentence = "{actor} ended that owners and IT admins review what they submitted."


class OrganizationChanged(AuditEvent):
    """Its name, hold time or internal hosts, or whether new AI clients wait."""

    code = "organization.changed"
    sentence = "{actor} changed the organization: {change}."
    change: Annotated[str, "each setting with what it was and what it is, as words"]


class PersonAdded(AuditEvent):
    """A person got a membership directly."""

    code = "person.added"
    sentence = "{actor} added {person} as {role}."
    person: Label
    role: Annotated[str, "their role, as the pages call it"]


class PersonInvited(AuditEvent):
    """An invitation link was made."""

    code = "person.invited"
    sentence = "{actor} invited {email} as {role}."
    email: Annotated[str, "whom"]
    role: Annotated[str, "the role that they will have, as the pages call it"]
    groups: Annotated[str, "short names, with commas; empty for none"]


class PersonJoined(AuditEvent):
    """An invitation was accepted."""

    code = "person.joined"
    sentence = "{person} accepted an invitation as {role}."
    person: Label
    role: Annotated[str, "their role, as the pages call it"]


class InvitationDeclined(AuditEvent):
    """Who was invited does not want to join."""

    code = "invitation.declined"
    sentence = "{person} declined the invitation as {role}."
    person: Label
    role: Annotated[str, "the role that they would have had, as the pages call it"]


class AddressProved(AuditEvent):
    """The account was made through a link that somebody else had in hand. Its sessions, tokens and factors ended."""

    code = "person.address_proved"
    sentence = "{person} proved their address by mail and set a new password."
    person: Label


class InvitationWithdrawn(AuditEvent):
    """The link opens nothing any more."""

    code = "invitation.withdrawn"
    sentence = "{actor} withdrew the invitation of {email}."
    email: Annotated[str, "whom it was for"]


class RoleChanged(AuditEvent):
    """A membership's role."""

    code = "person.role_changed"
    sentence = "{actor} changed the role of {person} from {before} to {role}."
    person: Label
    before: Annotated[str, "the role until then, as the pages call it"]
    role: Annotated[str, "the role from now on, as the pages call it"]


class PersonGroupsChanged(AuditEvent):
    """What groups a person is in."""

    code = "person.groups_changed"
    sentence = "{actor} set the groups of {person} to: {groups}."
    person: Label
    groups: Annotated[str, "short names of all groups that they are in now, with commas; “none” for none"]


class GroupMemberAdded(AuditEvent):
    """The organization's directory, or somebody who changed many at once, put a person into a group."""

    code = "group.member_added"
    sentence = "{actor} put {person} into the group {group}."
    person: Label
    group: Annotated[str, "its name"]


class GroupMemberRemoved(AuditEvent):
    """The organization's directory, or somebody who changed many at once, took a person out of a group."""

    code = "group.member_removed"
    sentence = "{actor} took {person} out of the group {group}."
    person: Label
    group: Annotated[str, "its name"]


class PersonDeactivated(AuditEvent):
    """All access ends at once; the membership stays and can be activated again."""

    code = "person.deactivated"
    sentence = "{actor} deactivated {person}; {tokens} tokens and {devices} devices were revoked."
    person: Label
    tokens: Annotated[int, "how many tokens were revoked"]
    devices: Annotated[int, "how many devices were revoked"]


class PersonActivated(AuditEvent):
    """Revoked tokens stay revoked."""

    code = "person.activated"
    sentence = "{actor} activated {person} again."
    person: Label


class PersonRemoved(AuditEvent):
    """The membership is gone, with all access."""

    code = "person.removed"
    sentence = "{actor} removed {person}; {tokens} tokens and {devices} devices were revoked."
    person: Label
    tokens: Annotated[int, "how many tokens were revoked"]
    devices: Annotated[int, "how many devices were revoked"]


class GroupCreated(AuditEvent):
    """A new group."""

    code = "group.created"
    sentence = "{actor} created the group {group}."
    group: Annotated[str, "its name"]
    slug: Annotated[str, "its short name, which set-up files use"]


class GroupRenamed(AuditEvent):
    """Its short name stays."""

    code = "group.renamed"
    sentence = "{actor} renamed the group {before} to {group}."
    before: Annotated[str, "its name until then"]
    group: Annotated[str, "its name from now on"]


class GroupDeleted(AuditEvent):
    """With it go all permissions that it gave."""

    code = "group.deleted"
    sentence = "{actor} deleted the group {group}."
    group: Annotated[str, "its name"]


class DeviceRegistered(AuditEvent):
    """A device that can get a credential."""

    code = "device.registered"
    sentence = "{actor} registered the device {device} of {person}."
    person: Label
    device: Label


class DeviceRevoked(AuditEvent):
    """With all its credentials."""

    code = "device.revoked"
    sentence = "{actor} revoked the device {device} of {person}."
    person: Label
    device: Label


class DeviceRenamed(AuditEvent):
    """Its credentials stay."""

    code = "device.renamed"
    sentence = "{actor} renamed the device {before} of {person} to {device}."
    person: Label
    device: Label
    before: Annotated[str, "its name until then"]


class DeviceTrustChanged(AuditEvent):
    """What a device calls waits for a person more often than its profiles say, or no longer does."""

    code = "device.trust_changed"
    sentence = "{actor} set the trust level of {device} of {person}: {trust}."
    person: Label
    device: Label
    trust: Annotated[str, "the level, or that it is left to the profiles"]


class DeviceInvited(AuditEvent):
    """The person alone can open the invitation, for 24 hours."""

    code = "device.invited"
    sentence = "{actor} invited {person} to set up the device {name}."
    person: Label
    name: Annotated[str, "what the device will be called"]


class DeviceInvitationWithdrawn(AuditEvent):
    """It opens nothing any more."""

    code = "device.invitation_withdrawn"
    sentence = "{actor} withdrew the invitation of {person} to set up the device {name}."
    person: Label
    name: Annotated[str, "what the device was to be called"]


class EnrolmentCodeMade(AuditEvent):
    """A code that a machine is set up with, once, within the hour. Its value is not kept."""

    code = "device.enrolment_code_made"
    sentence = "{person} made a code to set up the device {name}."
    person: Label
    name: Annotated[str, "what the device will be called"]


class DeviceEnrolled(AuditEvent):
    """A machine entered the code that its person made, and got a credential."""

    code = "device.enrolled"
    sentence = "{device} of {person} was set up with a code."
    person: Label
    device: Label


class ServersReported(AuditEvent):
    """What MCP servers are configured on a device, as its person allowed: names and addresses, no values."""

    code = "device.servers_reported"
    sentence = "{device} of {person} reported the MCP servers that are configured on it: {count}."
    person: Label
    device: Label
    count: Annotated[int, "how many"]


class FoundServerDenied(AuditEvent):
    """The control files of every group name it as denied from then on."""

    code = "found_server.denied"
    sentence = "{actor} denied the server {server} ({address}) that was found on devices."
    server: Annotated[str, "what the device that first reported it calls it"]
    address: Annotated[str, "its address or command, without values"]


class FoundServerPromoted(AuditEvent):
    """A draft of a connector was begun with its name and address."""

    code = "found_server.promoted"
    sentence = "{actor} began a connector from the server {server} ({address}) that was found on devices."
    server: Annotated[str, "what the device that first reported it calls it"]
    address: Annotated[str, "its address, without values"]


class FoundServerReopened(AuditEvent):
    """It is neither denied nor being made a connector any more."""

    code = "found_server.reopened"
    sentence = "{actor} took back the decision about the server {server} ({address}) that was found on devices."
    server: Annotated[str, "what the device that first reported it calls it"]
    address: Annotated[str, "its address or command, without values"]


class ControlFilesPublished(AuditEvent):
    """Whoever has the address can read them: names and addresses, nothing that opens anything."""

    code = "control_files.published"
    sentence = "{actor} published the control files of the group {group} at an address."
    group: Annotated[str, "its name"]


class ControlFilesWithdrawn(AuditEvent):
    """The address answers no more."""

    code = "control_files.withdrawn"
    sentence = "{actor} took the control files of the group {group} from their address."
    group: Annotated[str, "its name"]


class RegistryChanged(AuditEvent):
    """Who may read the list of approved servers that AI clients show."""

    code = "organization.registry_changed"
    sentence = "{actor} changed who may read the registry from “{before}” to “{readers}”."
    before: Annotated[str, "who could until then, in words"]
    readers: Annotated[str, "who can from now on, in words"]


class DeviceCredentialIssued(AuditEvent):
    """A bearer token for one person on one device. Its value is not kept."""

    code = "token.device_credential_issued"
    sentence = "{actor} issued the credential {token} for {device} of {person}."
    person: Label
    device: Label
    token: Annotated[str, "its name"]


class DeviceCredentialOffered(AuditEvent):
    """The person alone can open it, signed in, for seven days; it is made then, and shown to nobody else."""

    code = "token.device_credential_offered"
    sentence = "{actor} prepared the credential {token} for {device} of {person}."
    person: Label
    device: Label
    token: Annotated[str, "the name that it will have"]


class ScimTokenIssued(AuditEvent):
    """A token with which the organization's directory manages people and groups."""

    code = "token.scim_issued"
    sentence = "{actor} issued the SCIM token {token}; {earlier} earlier ones end within {overlap_days} days."
    token: Annotated[str, "its name"]
    earlier: Annotated[int, "how many tokens were there already"]
    overlap_days: Annotated[int, "for how many days those go on at most"]


class IntegrationKeyIssued(AuditEvent):
    """A bearer token that belongs to no person. Its value is not kept."""

    code = "token.integration_key_issued"
    sentence = "{actor} issued the shared integration key {token} with the groups: {groups}."
    token: Annotated[str, "its name"]
    groups: Annotated[str, "short names, with commas"]


class PersonalTokenIssued(AuditEvent):
    """A bearer token for the REST API with the person's own powers. Its value is not kept."""

    code = "token.personal_token_issued"
    sentence = "{actor} issued the API token {token} of {person}."
    person: Label
    token: Annotated[str, "its name"]


class TokenRevoked(AuditEvent):
    """It opens nothing any more."""

    code = "token.revoked"
    sentence = "{actor} revoked the token {token}."
    person: Label | None
    device: Label | None
    token: Annotated[str, "its name"]


class PersonRenamed(AuditEvent):
    """A person changed what they are called; their address stays."""

    code = "person.renamed"
    sentence = "{person} is now called {name}; before: {before}."
    person: Label
    name: Annotated[str, "from now on"]
    before: Annotated[str, "until then; empty for none"]


class IdentityAsserted(AuditEvent):
    """From now on this subject at the identity provider is this person here; or their address there changed."""

    code = "person.identity_asserted"
    sentence = "Known to {issuer} as {subject}: {person}."
    person: Label
    issuer: Annotated[str, "the identity provider, as it calls itself"]
    subject: Annotated[str, "the provider's own lasting name for the person"]


class SessionsEnded(AuditEvent):
    """A person signed out of browsers other than the one that they did it in."""

    code = "person.sessions_ended"
    sentence = "{person} signed out of {count} other browsers."
    person: Label
    count: Annotated[int, "how many"]


class OperatorNamed(AuditEvent):
    """Operators see every organization's counts and health, nothing that an organization holds."""

    code = "operator.named"
    sentence = "{actor} named {person} an operator of this installation."
    person: Label


class SetupLinkMade(AuditEvent):
    """It makes the first owner; it works once, for 24 hours."""

    code = "setup_link.made"
    sentence = "{actor} made a set-up link."


class SetupLinkUsed(AuditEvent):
    """The installation has its first owner."""

    code = "setup_link.used"
    sentence = "{person} used the set-up link."
    person: Label


class AgentEvent(AuditEvent):
    """Something about an agent, which acts without a person."""

    agent: Annotated[str, "its name"]
    person: Annotated[Label | None, "who answers for it"]


class AgentCreated(AgentEvent):
    """It can do nothing until it has a credential."""

    code = "agent.created"
    sentence = "{actor} made the agent {agent}, for which {person} answers, with the groups: {groups}."
    groups: Annotated[str, "short names, with commas; “none” for none"]
    purpose: Annotated[str, "what it is for, as its maker wrote it"]


class AgentChanged(AgentEvent):
    """Its name, purpose or groups."""

    code = "agent.changed"
    sentence = "{actor} changed the agent {agent}; its groups are now: {groups}."
    groups: Annotated[str, "short names, with commas; “none” for none"]
    purpose: Annotated[str, "what it is for, as somebody wrote it"]
    before: Annotated[str, "its name until then"]


class AgentCredentialIssued(AgentEvent):
    """A bearer token for the gateway. Its value is not kept."""

    code = "agent.credential_issued"
    sentence = "{actor} issued the credential {token} of the agent {agent}."
    token: Annotated[str, "its name"]


class AgentPaused(AgentEvent):
    """It does nothing until it is resumed; its credentials stay."""

    code = "agent.paused"
    sentence = "{actor} paused the agent {agent}. {reason}"
    reason: Annotated[str, "a sentence that says why; empty when nobody gave one"]


class AgentResumed(AgentEvent):
    """Its credentials work again."""

    code = "agent.resumed"
    sentence = "{actor} let the agent {agent} go on; {person} answers for it."


class AgentTransferred(AgentEvent):
    """Another person answers for it from now on."""

    code = "agent.transferred"
    sentence = "{actor} made {person} answer for the agent {agent} instead of {before}."
    before: Annotated[str, "the address of who did until then, or “nobody”"]


class AgentEnded(AgentEvent):
    """For good, with all its credentials."""

    code = "agent.ended"
    sentence = "{actor} ended the agent {agent}; {tokens} credentials were revoked."
    tokens: Annotated[int, "how many credentials were revoked"]


class StopEvent(AuditEvent):
    """Something about an emergency stop."""

    what: Annotated[str, "what is stopped, as words"]
    reason: Annotated[str, "why, for the log"]


class StopStarted(StopEvent):
    """Within a second nothing of it runs any more: calls, streams and runs under way end, approvals freeze."""

    code = "stop.started"
    sentence = "EMERGENCY STOP: {actor} stopped {what}. {reason}"
    told: Annotated[str, "the line for the people whose calls are refused; empty when there is none"]
    ends: Annotated[str, "what was under way as far as it was seen, as words; empty when nobody looked"]


class StopEased(StopEvent):
    """A stage of its release: some of it runs again, and the rest stays stopped."""

    code = "stop.eased"
    sentence = "{actor} released a part of the emergency stop of {what}: {stage}. {reason}"
    stage: Annotated[str, "what runs again, as words"]


class StopReleased(StopEvent):
    """All of it may run again. What the stop ended does not go on by itself."""

    code = "stop.released"
    sentence = "{actor} released the emergency stop of {what}. {reason}"


class StopDrilled(StopEvent):
    """A drill: it was looked what a stop would have ended, and nothing was touched."""

    code = "stop.drilled"
    sentence = "DRILL: {actor} looked what an emergency stop of {what} would end, and stopped nothing. {reason}"
    ends: Annotated[str, "what was under way, as words"]
