"""The audit events of connectors, tools and profiles."""

from typing import Annotated

from msgspec import UNSET, UnsetType

from audit.actor import Label
from audit.vocabulary.declaration import SYNC, AuditEvent


class ToolEvent(AuditEvent):
    """Something that happened to a tool, a prompt or resources."""

    connector: Label
    tool: Label


class ConnectorDrafted(AuditEvent):
    """Somebody began to set up a connector; it is a draft."""

    code = "connector.drafted"
    sentence = "{actor} began the connector {connector}."
    connector: Label


class ConnectorChanged(AuditEvent):
    """Name, description or address of a connector changed. A new address invalidates open approvals."""

    code = "connector.changed"
    sentence = "{actor} changed the connector {connector}: {fields}."
    connector: Label
    fields: Annotated[str, "what changed: slug, name, description, icon or address, with commas"]
    url: Annotated[str | UnsetType, "the new address without its query, when that changed"] = UNSET


class SecretKeptForAddress(AuditEvent):
    """An owner confirmed, with both addresses before them, that a saved secret may go to another path of its host."""

    code = "connector.secret_kept"
    sentence = "{actor} let {connector} keep its secret for another address of the same host: {new} instead of {old}."
    connector: Label
    old: Annotated[str, "the address until then, without its query"]
    new: Annotated[str, "the address from now on, without its query"]


class InternalHostAllowed(AuditEvent):
    """A host with a private address joined the organization's list of internal hosts that connectors may reach."""

    code = "connector.internal_host_allowed"
    sentence = "{actor} allowed {host}, inside the company's network, for the connector {connector}."
    connector: Label
    host: Annotated[str, "a name or an address"]


class ConnectorAuthenticationChanged(AuditEvent):
    """The credential of a connector was saved, replaced or removed. Open approvals are invalidated."""

    code = "connector.authentication_changed"
    sentence = "{actor} set how Harriet signs in to {connector}: {type}."
    connector: Label
    type: Annotated[str, "the type of the credential; “none” for none"]


class ConnectorDecidersChanged(AuditEvent):
    """Who decides on a connector's held calls. Approvals that were given before are void."""

    code = "connector.deciders_changed"
    sentence = "{actor} set that on held calls to {connector} {deciders}."
    connector: Label
    deciders: Annotated[str, "who decides, as a clause"]


class ConnectorChecksChanged(AuditEvent):
    """Whether calls are checked against the tools' schemas before they leave, or by the server alone."""

    code = "connector.checks_changed"
    sentence = "{actor} set that the arguments of calls to {connector} are {checks}."
    connector: Label
    checks: Annotated[str, "who checks the arguments, after “are”"]


class ConnectorIdentityChanged(AuditEvent):
    """What a connector tells its server of who calls. Open approvals are invalidated."""

    code = "connector.identity_changed"
    sentence = "{actor} set that {connector} is told who calls: {said}; local accounts are {local}."
    connector: Label
    said: Annotated[str, "which attribute in which header, a signed token, or nothing"]
    local: Annotated[str, "what becomes of calls by people whom no identity provider has asserted"]


class IdentityKeyReplaced(AuditEvent):
    """Another key signs who calls. The one before signs nothing more, and is published for an hour."""

    code = "identity_key.replaced"
    sentence = "{actor} replaced the key that signs who calls: {key} instead of {before}."
    key: Annotated[str, "the id of the new one, as servers read it (kid)"]
    before: Annotated[str, "the id of the one before"]


class ConnectorAccessChanged(AuditEvent):
    """The groups and roles, and whether confirmation is required, that a newly found tool starts with."""

    code = "connector.access_changed"
    sentence = "{actor} set what new tools of {connector} start with: {access}."
    connector: Label
    access: Annotated[str, "groups, roles and confirmation, as words"]


class ConnectorApproversChanged(AuditEvent):
    """Groups may decide on the held calls of single connectors."""

    code = "connector.approvers_changed"
    sentence = (
        "{actor} set who decides on held calls of {connector}, beside the approvers of the organization: {groups}."
    )
    connector: Label
    groups: Annotated[str, "names of the groups, as words"]


class ConnectorActivated(AuditEvent):
    """A draft became a working connector."""

    code = "connector.activated"
    sentence = "{actor} activated the connector {connector}."
    connector: Label


class ConnectorOwnerChanged(AuditEvent):
    """Somebody else looks after the connector: they hear when its server is down or its tools change."""

    code = "connector.owner_changed"
    sentence = "{actor} handed {connector} over to {owner}."
    connector: Label
    owner: Annotated[str, "mail address of who looks after it now"]
    before: Annotated[str | None, "mail address of who did until then; null for nobody"]


class ConnectorPaused(AuditEvent):
    """Calls to it are refused until it is resumed."""

    code = "connector.paused"
    sentence = "{actor} paused the connector {connector}: {reason}"
    connector: Label
    reason: str


class ConnectorResumed(AuditEvent):
    """Calls to it run again."""

    code = "connector.resumed"
    sentence = "{actor} resumed the connector {connector}."
    connector: Label


class ConnectorDeleted(AuditEvent):
    """A connector, its tools and its credential were deleted for good."""

    code = "connector.deleted"
    sentence = "{actor} deleted the connector {connector} with {tools} tools."
    connector: Label
    tools: Annotated[int, "how many tools, prompts and resources it had"]


class ConnectorHealthChanged(AuditEvent):
    """A server went down, came back, or refuses the organization's credential, which only an admin can mend."""

    code = "connector.health_changed"
    sentence = "{connector} is now: {health}. {reason}"
    connector: Label
    reason: Annotated[str, "what the last call or check showed; empty when it is up"]
    health: Annotated[str, "as the pages call it"]


class ConnectorSynced(AuditEvent):
    """Harriet asked the server for its tools, prompts and resources and compared them with what was accepted."""

    code = "connector.synced"
    together = SYNC
    sentence = "{actor} synced {connector}: {summary}"
    connector: Label
    summary: Annotated[str, "what was found new, changed and gone, in numbers"]
    refused: Annotated[list[str], "what could not be taken and why: the first 20 sentences"]
    mended: Annotated[list[str], "what was not valid and was mended: the first 20 sentences"]


class ConnectorSyncFailed(AuditEvent):
    """The server did not say what it offers."""

    code = "connector.sync_failed"
    together = SYNC
    sentence = "{actor} could not sync {connector}: {reason}"
    connector: Label
    reason: str


class ConnectorTested(AuditEvent):
    """Somebody pressed Test connection."""

    code = "connector.tested"
    sentence = "{actor} tested the connection of {connector}: {result}"
    connector: Label
    result: Annotated[str, "the worst that was found, as a sentence"]


class ToolFound(ToolEvent):
    """A sync found a tool or a prompt under a new name, or resources."""

    code = "tool.found"
    together = SYNC
    sentence = "{connector} offers something new: {tool}. It is disabled."


class ToolRenamed(ToolEvent):
    """A new tool or prompt has the same definition, apart from its name, as one that is gone."""

    code = "tool.renamed"
    together = SYNC
    sentence = "{connector} offers {tool}, which looks like {old} under a new name. It is disabled."
    old: Annotated[str, "the name that the same definition had"]


class ToolQuarantined(ToolEvent):
    """The definition of a tool or prompt differs from the accepted one; nobody can use it until an admin accepts it."""

    code = "tool.quarantined"
    together = SYNC
    sentence = "{connector} changed the definition of {tool}, which is quarantined."


class ToolRestored(ToolEvent):
    """Something that had changed or gone came back with the accepted definition."""

    code = "tool.restored"
    together = SYNC
    sentence = "{connector} offers {tool} as accepted again."


class ToolRemoved(ToolEvent):
    """A tool or a prompt is missing from what the server lists, or it has no resources any more."""

    code = "tool.removed"
    together = SYNC
    sentence = "{connector} no longer offers {tool}."


class ToolChangeAccepted(ToolEvent):
    """An admin read the difference and pinned the new definition."""

    code = "tool.change_accepted"
    sentence = "{actor} accepted the changed definition of {tool} of {connector}."
    pinned: Annotated[str, "SHA-256 of the definition that is accepted now; hex"]
    replaced: Annotated[str, "SHA-256 of the one that was accepted until then; hex"]


class ToolChangeRefused(ToolEvent):
    """An admin refused a new definition; it stays in quarantine until the server takes the change back."""

    code = "tool.change_refused"
    sentence = "{actor} refused the changed definition of {tool} of {connector}."
    refused: Annotated[str, "SHA-256 of the definition that was refused; hex"]


class ToolSet(ToolEvent):
    """Somebody changed whether a tool, a prompt or resources are enabled, for whom, how risky, and with
    confirmation."""

    code = "tool.set"
    sentence = "{actor} set {tool} of {connector}: {changes}."
    changes: Annotated[str, "what was set, as words with commas"]


class ToolsChangedTogether(AuditEvent):
    """Somebody changed many tools, prompts or resources of a connector at once, after a preview. Each that changed has
    an event of its own beside it."""

    code = "connector.tools_changed"
    sentence = "{actor} changed tools of {connector} together, {wish}: {summary}"
    connector: Label
    wish: Annotated[str, "what was to be done"]
    summary: Annotated[str, "how many changed, and what was left and why"]


class ToolsSetBack(AuditEvent):
    """Somebody undid a change of many tools: each went back to what it was. Each has an event of its own beside it."""

    code = "connector.tools_set_back"
    sentence = "{actor} undid a change of tools of {connector}, {wish}: {summary}"
    connector: Label
    wish: Annotated[str, "what had been done"]
    summary: Annotated[str, "how many went back, and what was left and why"]


class ToolFails(ToolEvent):
    """Nearly all of the last calls of a tool failed at the server, so calls of it pause; one now and then tries it."""

    code = "tool.fails"
    sentence = "Calls of {tool} of {connector} pause: {failed} of the last {calls} failed at the server."
    failed: Annotated[int, "how many of them failed"]
    calls: Annotated[int, "how many calls were looked at"]


class ToolWorksAgain(ToolEvent):
    """A tool that paused because it failed has answered a call again."""

    code = "tool.works_again"
    sentence = "{tool} of {connector} works again."


class LimitEvent(AuditEvent):
    """Something about how often calls may be made."""

    limit: Annotated[str, "the limit, in words"]
    connector: Label | None = None
    tool: Label | None = None
    person: Label | None = None
    device: Label | None = None


class LimitAdded(LimitEvent):
    """Somebody limited how often calls may be made."""

    code = "limit.added"
    sentence = "{actor} set {limit}."


class LimitChanged(LimitEvent):
    """Somebody changed how often calls may be made, or what happens beyond it."""

    code = "limit.changed"
    sentence = "{actor} changed {before} to {limit}."
    before: Annotated[str, "the limit until then, in words"]


class LimitRemoved(LimitEvent):
    """Somebody took away a limit of how often calls may be made."""

    code = "limit.removed"
    sentence = "{actor} removed {limit}."


class BreakersSet(AuditEvent):
    """Somebody set what happens to calls that repeat themselves, and to tools whose calls fail."""

    code = "limit.breakers_set"
    sentence = "{actor} set what is done about calls that repeat themselves and tools that fail: {changes}."
    changes: Annotated[str, "what was set, as words with commas"]


class ProfileCreated(AuditEvent):
    """A new MCP address exists."""

    code = "profile.created"
    sentence = "{actor} created the profile {profile}."
    profile: Label


class ProfileChanged(AuditEvent):
    """What a profile contains or who has it changed."""

    code = "profile.changed"
    sentence = "{actor} changed the profile {profile}: {changes}."
    profile: Label
    changes: Annotated[str, "what was set, as words with commas"]


class ProfileDeleted(AuditEvent):
    """An MCP address is gone, and the tokens that opened nothing else with it."""

    code = "profile.deleted"
    sentence = "{actor} deleted the profile {profile}; {tokens} tokens bound to it were revoked."
    profile: Label
    tokens: Annotated[int, "how many tokens were revoked"]


class ArgumentRuleSaved(AuditEvent):
    """A rule on the arguments of calls was made or changed: calls that meet it wait, or are refused."""

    code = "connector.rule_saved"
    sentence = "{actor} set for {connector} that calls {effect} when {condition}: “{told}”."
    connector: Label
    tool: Annotated[Label | None, "the one tool that it is of; none for all of the connector's"]
    effect: Annotated[str, "what becomes of such a call, or that the rule is off"]
    condition: Annotated[str, "in CEL"]
    told: Annotated[str, "what people are told"]


class ArgumentRuleDeleted(AuditEvent):
    """A rule on the arguments of calls is gone."""

    code = "connector.rule_deleted"
    sentence = "{actor} deleted the rule “{rule}” of {connector}, by which calls waited when {condition}."
    connector: Label
    rule: Annotated[str, "what people were told"]
    condition: Annotated[str, "in CEL"]


class ScopeMade(AuditEvent):
    """An autonomous profile lets calls run without a person, until a day."""

    code = "profile.scope_made"
    sentence = "{actor} let {covers} run unasked in the profile {profile} until {until}: {why}"
    profile: Label
    scope: Annotated[str, "its name"]
    covers: Annotated[str, "tools and risk classes, and the condition"]
    until: Annotated[str, "a day and a time in UTC"]
    why: Annotated[str, "in the words of whoever made it"]


class ScopeEnded(AuditEvent):
    """A scope of an autonomous profile was ended before its time."""

    code = "profile.scope_ended"
    sentence = "{actor} ended the scope {scope} of the profile {profile}."
    profile: Label
    scope: Annotated[str, "its name"]


class ReviewSubmitted(AuditEvent):
    """A connector waits for a reviewer, bound to its definition of this moment. Unless it was approved before, it
    serves no calls until then."""

    code = "review.submitted"
    sentence = "{actor} submitted {connector} for review ({score} of 100, {band}): {cause}"
    connector: Label
    cause: Annotated[str, "why it is reviewed: it is new, or what changed"]
    score: Annotated[int, "from 0 to 100"]
    band: Annotated[str, "Low, Medium, High or Critical"]
    digest: Annotated[str, "SHA-256 of the definition"]


class ReviewChanged(AuditEvent):
    """A connector was changed while it waited for review; what is approved is what there is now, or nothing."""

    code = "review.changed"
    sentence = "{connector} changed while it waits for review ({score} of 100, {band}): {changes}."
    connector: Label
    changes: Annotated[str, "what changed, with commas"]
    score: Annotated[int, "from 0 to 100"]
    band: Annotated[str, "Low, Medium, High or Critical"]
    digest: Annotated[str, "SHA-256 of the definition"]


class ReviewApproved(AuditEvent):
    """Somebody approved a connector as they saw it: its tools can be called."""

    code = "review.approved"
    sentence = "{actor} approved {connector} in review ({score} of 100, {band}), {whose} work."
    connector: Label
    score: Annotated[int, "from 0 to 100"]
    band: Annotated[str, "Low, Medium, High or Critical"]
    digest: Annotated[str, "SHA-256 of the definition"]
    whose: Annotated[str, "“their own” where the reviewer submitted or changed it, else “somebody else’s”"]


class ReviewOverridden(AuditEvent):
    """An owner approved a connector although it is Critical."""

    code = "review.overridden"
    sentence = "{actor} approved {connector} although it is Critical ({score} of 100): {reason}"
    connector: Label
    reason: str
    score: Annotated[int, "from 0 to 100"]
    digest: Annotated[str, "SHA-256 of the definition"]


class ReviewBlocked(AuditEvent):
    """Somebody blocked a connector in review: nobody calls it."""

    code = "review.blocked"
    sentence = "{actor} blocked {connector} in review: {reason}"
    connector: Label
    reason: str


class ReviewChangesRequested(AuditEvent):
    """Somebody sent a connector back from review."""

    code = "review.changes_requested"
    sentence = "{actor} requested changes of {connector} in review: {wanted}"
    connector: Label
    wanted: Annotated[str, "what is to be changed"]


class ReviewCommented(AuditEvent):
    """Somebody said something on a review."""

    code = "review.commented"
    sentence = "{actor} commented on the review of {connector}: {said}"
    connector: Label
    said: Annotated[str, "the comment"]


class ConnectorPulled(AuditEvent):
    """A connector that was approved is out of service until it was reviewed again."""

    code = "connector.pulled"
    sentence = "{connector} was taken out of service until it is reviewed again: {reason}"
    connector: Label
    reason: str
