"""What can happen to organizations, people, groups, devices and tokens, as the audit log says it."""

from audit.codes import define

ORGANIZATION_CREATED = define(
    "organization.created", "{actor} created the organization {organization}.", "A new organization, still empty."
)
ORGANIZATION_CHANGED = define(
    "organization.changed", "{actor} changed the organization: {change}.", "Its name, hold time or internal hosts."
)
PERSON_ADDED = define("person.added", "{actor} added {person} as {role}.", "A person got a membership directly.")
PERSON_INVITED = define("person.invited", "{actor} invited {email} as {role}.", "An invitation link was made.")
PERSON_JOINED = define("person.joined", "{person} accepted an invitation as {role}.", "An invitation was accepted.")
INVITATION_DECLINED = define(
    "invitation.declined", "{person} declined the invitation as {role}.", "Who was invited does not want to join."
)
ADDRESS_PROVED = define(
    "person.address_proved",
    "{person} proved their address by mail and set a new password.",
    "The account was made through a link that somebody else had in hand. Its sessions, tokens and factors ended.",
)
INVITATION_WITHDRAWN = define(
    "invitation.withdrawn", "{actor} withdrew the invitation of {email}.", "The link opens nothing any more."
)
ROLE_CHANGED = define(
    "person.role_changed", "{actor} changed the role of {person} from {before} to {role}.", "A membership's role."
)
PERSON_GROUPS_CHANGED = define(
    "person.groups_changed", "{actor} set the groups of {person} to: {groups}.", "What groups a person is in."
)
PERSON_DEACTIVATED = define(
    "person.deactivated",
    "{actor} deactivated {person}; {tokens} tokens were revoked.",
    "All access ends at once; the membership stays and can be activated again.",
)
PERSON_ACTIVATED = define("person.activated", "{actor} activated {person} again.", "Revoked tokens stay revoked.")
PERSON_REMOVED = define(
    "person.removed",
    "{actor} removed {person}; {tokens} tokens and {devices} devices were revoked.",
    "The membership is gone, with all access.",
)
GROUP_CREATED = define("group.created", "{actor} created the group {group}.", "A new group.")
GROUP_RENAMED = define("group.renamed", "{actor} renamed the group {before} to {group}.", "Its short name stays.")
GROUP_DELETED = define(
    "group.deleted", "{actor} deleted the group {group}.", "With it go all permissions that it gave."
)
DEVICE_REGISTERED = define(
    "device.registered", "{actor} registered the device {device} of {person}.", "A device that can get a credential."
)
DEVICE_REVOKED = define(
    "device.revoked", "{actor} revoked the device {device} of {person}.", "With all its credentials."
)
DEVICE_CREDENTIAL_ISSUED = define(
    "token.device_credential_issued",
    "{actor} issued the credential {token} for {device} of {person}.",
    "A bearer token for one person on one device. Its value is not kept.",
)
DEVICE_CREDENTIAL_OFFERED = define(
    "token.device_credential_offered",
    "{actor} prepared the credential {token} for {device} of {person}.",
    "The person alone can open it, signed in, for seven days; it is made then, and shown to nobody else.",
)
INTEGRATION_KEY_ISSUED = define(
    "token.integration_key_issued",
    "{actor} issued the shared integration key {token} with the groups: {groups}.",
    "A bearer token that belongs to no person. Its value is not kept.",
)
PERSONAL_TOKEN_ISSUED = define(
    "token.personal_token_issued",
    "{actor} issued the API token {token} of {person}.",
    "A bearer token for the REST API with the person's own powers. Its value is not kept.",
)
TOKEN_REVOKED = define("token.revoked", "{actor} revoked the token {token}.", "It opens nothing any more.")
SETUP_LINK_MADE = define(
    "setup_link.made", "{actor} made a set-up link.", "It makes the first owner; it works once, for 24 hours."
)
SETUP_LINK_USED = define("setup_link.used", "{person} used the set-up link.", "The installation has its first owner.")
