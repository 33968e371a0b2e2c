"""What the vault writes into the audit log."""

from typing import Annotated

from audit.actor import Label
from audit.vocabulary.declaration import AuditEvent

_Provider = Annotated[str, "the registration at it, as the pages call it"]
_Registration = Annotated[str, "its id"]
_Grant = Annotated[str, "the connection's id"]
_Whose = Annotated[str | None, "mail address of the person whose grant it is; null for one of the organization"]


class CredentialSaved(AuditEvent):
    """A secret was entered or replaced. Carries how it is sent and the SHA-256 of the sealed bytes, never the value."""

    code = "credential.saved"
    sentence = "{actor} saved the secret of {connector} (version {version})."
    connector: Label
    credential: Annotated[str, "its id"]
    version: Annotated[int, "counts the secrets that were entered, from 1"]
    key_version: Annotated[int, "the version of the data key that sealed it"]
    digest: Annotated[str, "SHA-256 of the sealed bytes; hex"]
    sent: Annotated[dict[str, str], "its type and where it is put in a request, never the value"]


class CredentialSwitchedBack(AuditEvent):
    """A replacement was undone within a day: the secret before it is used again, under a new version number."""

    code = "credential.switched_back"
    sentence = "{actor} switched the secret of {connector} back to version {old}, which is version {version} now."
    connector: Label
    old: Annotated[int, "the version that is used again"]
    version: Annotated[int, "the number that it has now"]


class CredentialOldForgotten(AuditEvent):
    """A replaced secret was kept for a day, so that it could be switched back to; then its sealed bytes were erased."""

    code = "credential.old_forgotten"
    sentence = "{actor} erased version {version} of the secret of {connector}, which had been replaced a day ago."
    connector: Label
    version: Annotated[int, "the version that was erased"]


class CredentialTakenOut(AuditEvent):
    """A secret is used no more, and nothing came in its place. It is kept for a day, like one that was replaced."""

    code = "credential.taken_out"
    sentence = "{actor} took the secret of {connector} out of use, which is kept for a day."
    connector: Label
    credential: Annotated[str, "its id"]


class CredentialDeleted(AuditEvent):
    """A credential and all its versions were removed from the vault."""

    code = "credential.deleted"
    sentence = "{actor} deleted the secret of {connector}."
    connector: Label
    credential: Annotated[str, "its id"]


class CredentialScheduleChanged(AuditEvent):
    """Owner or rotation schedule of a credential changed; the secret did not."""

    code = "credential.schedule_changed"
    sentence = "{actor} changed who looks after the secret of {connector} and when it is rotated."
    connector: Label
    credential: Annotated[str, "its id"]
    owner: Annotated[str | None, "mail address of who looks after it; null for nobody"]
    rotate_every_days: Annotated[int | None, "days; null for no schedule"]


class CredentialReminded(AuditEvent):
    """A rotation reminder went out by mail and in the app."""

    code = "credential.reminded"
    sentence = "{actor} reminded {recipients} that the secret of {connector} is due for rotation on {due}."
    connector: Label
    credential: Annotated[str, "its id"]
    recipients: Annotated[str, "mail addresses, with commas"]
    due: Annotated[str, "the day, as in 2026-05-31"]


class OAuthClientSaved(AuditEvent):
    """Harriet was registered at an authorization server, or its registration there changed. Never carries a secret."""

    code = "oauth.client_saved"
    sentence = "{actor} saved how Harriet is registered at {issuer}, as {provider}."
    provider: Annotated[str, "the registration, as the pages call it"]
    registration: _Registration
    issuer: Annotated[str, "the authorization server, as it calls itself"]
    client_id: Annotated[str, "Harriet's name there"]
    origin: Annotated[str, "typed by an admin, registered by Harriet, or by its client metadata document"]
    signs_in: Annotated[str, "how it proves at the token endpoint who it is"]


class DataKeyCreated(AuditEvent):
    """A data key was generated and wrapped by the root key."""

    code = "data_key.created"
    sentence = "{actor} created version {version} of the organization's data key."
    version: Annotated[int, "counts the data keys of the organization, from 1"]


class RootKeyRegistered(AuditEvent):
    """The first root key of the installation was recorded, with a canary that only it opens."""

    code = "root_key.registered"
    sentence = "{actor} registered the root key {label}."
    label: Annotated[str, "which root key, as the pages call it"]


class OAuthConnected(AuditEvent):
    """Somebody connected an account of theirs, or Harriet got tokens of its own. Carries what was allowed, no token."""

    code = "oauth.connected"
    sentence = "{actor} connected an account at {provider}."
    provider: _Provider
    registration: _Registration
    grant: _Grant
    whose: _Whose
    account: Annotated[str, "as the provider calls it; empty where it didn't say"]
    resource: Annotated[str, "the server that the tokens are for; empty where the provider knows no resources"]
    scopes: Annotated[str, "what was granted, separated by spaces"]
    generation: Annotated[int, "counts the tokens of the grant"]


class OAuthNotConnected(AuditEvent):
    """Somebody came back from a provider and nothing was connected: what they brought was not theirs, not the
    provider's, not good any more, or a no."""

    code = "oauth.not_connected"
    sentence = "{actor} came back from {provider} without a connection: {reason}."
    provider: _Provider
    registration: _Registration
    reason: Annotated[
        str,
        "used, expired or other_person (of the way back); wrong_issuer; denied or refused (by the provider); no_code, "
        "not_exchanged or unusable (of what it gave)",
    ]


class OAuthConsentNeeded(AuditEvent):
    """A provider doesn't renew a grant any more: its person has to connect again."""

    code = "oauth.consent_needed"
    sentence = "At {provider} a connection is accepted no longer: its person has to connect again."
    provider: _Provider
    registration: _Registration
    grant: _Grant
    whose: _Whose
    reason: Annotated[str, "the provider's error code"]
    generation: Annotated[int, "of the tokens that were refused"]


class OAuthOutcomeUnknown(AuditEvent):
    """A renewal was interrupted after its request had left and before its answer was safe, and what there is from
    before is refused now: the new tokens are lost, and the person has to connect again."""

    code = "oauth.outcome_unknown"
    sentence = "An interrupted renewal at {provider} lost a connection: its person has to connect again."
    provider: _Provider
    registration: _Registration
    grant: _Grant
    whose: _Whose
    reason: Annotated[str, "the provider's error code"]
    generation: Annotated[int, "of the tokens that were refused"]


class OAuthScopesNeeded(AuditEvent):
    """A server refused a call because the grant lacks scopes. Whoever can give them was told, once for these."""

    code = "oauth.scopes_needed"
    sentence = "More than was granted at {provider} is wanted: {missing}."
    provider: _Provider
    registration: _Registration
    grant: _Grant
    whose: _Whose
    missing: Annotated[str, "scopes that the server wants and the grant lacks, separated by spaces"]
    barred: Annotated[str, "those of them that an admin lets nobody be asked for, separated by spaces; mostly empty"]


class OAuthScopesNarrowed(AuditEvent):
    """A provider renewed a grant and gave less than it had granted before."""

    code = "oauth.scopes_narrowed"
    sentence = "Less than before was granted at {provider}: {missing} is missing."
    provider: _Provider
    registration: _Registration
    grant: _Grant
    whose: _Whose
    missing: Annotated[str, "scopes that were granted and aren't any more, separated by spaces"]


class OAuthClientRefused(AuditEvent):
    """A provider refuses Harriet's registration, or what it asks for: an admin has to look; nobody's grant is lost."""

    code = "oauth.client_refused"
    sentence = "Harriet itself is refused at {provider}: {reason}."
    provider: _Provider
    registration: _Registration
    reason: Annotated[str, "the provider's error code, or one of Harriet's"]


class OAuthClientMended(AuditEvent):
    """A provider that had refused Harriet's registration renews grants again."""

    code = "oauth.client_mended"
    sentence = "Connections at {provider} are renewed again."
    provider: _Provider
    registration: _Registration


class OAuthDisconnected(AuditEvent):
    """A grant's tokens were erased here. Whether the provider ended them too is told where that was asked."""

    code = "oauth.disconnected"
    sentence = "{actor} disconnected an account at {provider}."
    provider: _Provider
    registration: _Registration
    grant: _Grant
    whose: _Whose
    account: Annotated[str, "as the provider calls it; empty where it didn't say"]


class OAuthRevokedThere(AuditEvent):
    """A provider was asked to take back what it had given (RFC 7009), after that had ended here."""

    code = "oauth.revoked_there"
    sentence = "{actor} asked {provider} to take back what it had given: {observed}."
    provider: _Provider
    registration: _Registration
    grant: Annotated[str, "the connection's id; empty for an account that was refused"]
    whose: _Whose
    observed: Annotated[str, "confirmed, no_way (the provider has none), refused or no_answer"]


class OAuthAccountRefused(AuditEvent):
    """Somebody came back from a provider with an account that may not be connected here. Nothing of it was kept."""

    code = "oauth.account_refused"
    sentence = "{actor} could not connect an account at {provider}: its domain may not be connected."
    provider: _Provider
    registration: _Registration
    domain: Annotated[str, "of the account's address; empty where the provider didn't say one"]


class OAuthDomainsChanged(AuditEvent):
    """Which accounts may be connected through one registration changed. What is connected already stays."""

    code = "oauth.domains_changed"
    sentence = "{actor} set which accounts may be connected at {provider}: {domains}."
    provider: _Provider
    registration: _Registration
    domains: Annotated[str, "with commas; “any” when every account may"]
