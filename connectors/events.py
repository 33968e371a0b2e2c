"""The audit events of connectors, tools and profiles."""

from audit.codes import define

CONNECTOR_DRAFTED = define(
    "connector.drafted",
    "{actor} began the connector {connector}.",
    "Somebody began to set up a connector; it is a draft.",
)
CONNECTOR_CHANGED = define(
    "connector.changed",
    "{actor} changed the connector {connector}: {fields}.",
    "Name, description or address of a connector changed. A new address invalidates open approvals.",
)
SECRET_KEPT_FOR_ADDRESS = define(
    "connector.secret_kept",
    "{actor} let {connector} keep its secret for another address of the same host: {new} instead of {old}.",
    "An owner confirmed, with both addresses before them, that a saved secret may go to another path of its host.",
)
INTERNAL_HOST_ALLOWED = define(
    "connector.internal_host_allowed",
    "{actor} allowed {host}, inside the company's network, for the connector {connector}.",
    "A host with a private address joined the organization's list of internal hosts that connectors may reach.",
)
CONNECTOR_AUTHENTICATION_CHANGED = define(
    "connector.authentication_changed",
    "{actor} set how Harriet signs in to {connector}: {type}.",
    "The credential of a connector was saved, replaced or removed. Open approvals are invalidated.",
)
CONNECTOR_CHECKS_CHANGED = define(
    "connector.checks_changed",
    "{actor} set that the arguments of calls to {connector} are {checks}.",
    "Whether calls are checked against the tools' schemas before they leave, or by the server alone.",
)
CONNECTOR_ACCESS_CHANGED = define(
    "connector.access_changed",
    "{actor} set what new tools of {connector} start with: {access}.",
    "The groups and roles, and whether confirmation is required, that a newly found tool starts with.",
)
CONNECTOR_APPROVERS_CHANGED = define(
    "connector.approvers_changed",
    "{actor} set who decides on held calls of {connector}, beside the approvers of the organization: {groups}.",
    "Groups may decide on the held calls of single connectors.",
)
CONNECTOR_ACTIVATED = define(
    "connector.activated", "{actor} activated the connector {connector}.", "A draft became a working connector."
)
CONNECTOR_PAUSED = define(
    "connector.paused",
    "{actor} paused the connector {connector}: {reason}",
    "Calls to it are refused until it is resumed.",
)
CONNECTOR_RESUMED = define("connector.resumed", "{actor} resumed the connector {connector}.", "Calls to it run again.")
CONNECTOR_DELETED = define(
    "connector.deleted",
    "{actor} deleted the connector {connector} with {tools} tools.",
    "A connector, its tools and its credential were deleted for good.",
)
CONNECTOR_HEALTH_CHANGED = define(
    "connector.health_changed",
    "{connector} is now: {health}. {reason}",
    "A server went down, came back, or refuses the organization's credential, which only an admin can mend.",
)
CONNECTOR_SYNCED = define(
    "connector.synced",
    "{actor} synced {connector}: {summary}",
    "Harriet asked the server for its tools, prompts and resources and compared them with what was accepted.",
)
CONNECTOR_SYNC_FAILED = define(
    "connector.sync_failed",
    "{actor} could not sync {connector}: {reason}",
    "The server did not say what it offers.",
)
CONNECTOR_TESTED = define(
    "connector.tested", "{actor} tested the connection of {connector}: {result}", "Somebody pressed Test connection."
)
TOOL_FOUND = define(
    "tool.found",
    "{connector} offers something new: {tool}. It is disabled.",
    "A sync found a tool or a prompt under a new name, or resources.",
)
TOOL_RENAMED = define(
    "tool.renamed",
    "{connector} offers {tool}, which looks like {old} under a new name. It is disabled.",
    "A new tool or prompt has the same definition, apart from its name, as one that is gone.",
)
TOOL_QUARANTINED = define(
    "tool.quarantined",
    "{connector} changed the definition of {tool}, which is quarantined.",
    "The definition of a tool or prompt differs from the accepted one; nobody can use it until an admin accepts it.",
)
TOOL_RESTORED = define(
    "tool.restored",
    "{connector} offers {tool} as accepted again.",
    "Something that had changed or gone came back with the accepted definition.",
)
TOOL_REMOVED = define(
    "tool.removed",
    "{connector} no longer offers {tool}.",
    "A tool or a prompt is missing from what the server lists, or it has no resources any more.",
)
TOOL_CHANGE_ACCEPTED = define(
    "tool.change_accepted",
    "{actor} accepted the changed definition of {tool} of {connector}.",
    "An admin read the difference and pinned the new definition.",
)
TOOL_CHANGE_REFUSED = define(
    "tool.change_refused",
    "{actor} refused the changed definition of {tool} of {connector}.",
    "An admin refused a new definition; it stays in quarantine until the server takes the change back.",
)
TOOL_SET = define(
    "tool.set",
    "{actor} set {tool} of {connector}: {changes}.",
    "Somebody changed whether a tool, a prompt or resources are enabled, for whom, how risky, and with confirmation.",
)
PROFILE_CREATED = define("profile.created", "{actor} created the profile {profile}.", "A new MCP address exists.")
PROFILE_CHANGED = define(
    "profile.changed",
    "{actor} changed the profile {profile}: {changes}.",
    "What a profile contains or who has it changed.",
)
PROFILE_DELETED = define(
    "profile.deleted",
    "{actor} deleted the profile {profile}; {tokens} tokens bound to it were revoked.",
    "An MCP address is gone, and the tokens that opened nothing else with it.",
)
