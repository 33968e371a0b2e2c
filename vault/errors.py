"""What can go wrong in the vault, in words that never say anything about a secret."""

from datetime import datetime
from uuid import UUID

from harriet.lib.errors import Problem
from harriet.people.errors import NotFound


class VaultError(Problem):
    """The base of the vault's errors."""


class CannotOpen(VaultError):
    """Sealed bytes are not what was sealed for this place: one sentence, whatever check failed."""

    def __init__(self) -> None:
        super().__init__("A stored secret can't be opened. Run `manage.py vault verify`, then save the secret again.")


class NoDataKey(VaultError):
    """There is nothing to seal with."""

    def __init__(self) -> None:
        super().__init__("The organization has no active data key. Run `manage.py vault verify`.")


class WrongRootKey(VaultError):
    """The root key at hand isn't the one that wrapped what is stored."""


class NoStaticSecret(VaultError):
    """Nothing that is stored goes with a request: the connector signs in by OAuth, and a token is asked for first."""

    def __init__(self) -> None:
        super().__init__("This connector signs in by OAuth: there is no fixed secret to send.")


class CredentialRefused(VaultError):
    """What was entered for a credential can't be saved; `field` says which input."""


class CredentialNotFound(VaultError, NotFound):
    """No credential is saved there."""


class TokenProblem(VaultError):
    """There is no access token to send. Says of whose grant, so that whoever is told can be shown the way on."""

    def __init__(
        self,
        message: str,
        *,
        client_id: UUID,
        connector_id: UUID | None = None,
        reason: str = "",
        retry_at: datetime | None = None,
    ) -> None:
        super().__init__(message)
        self.client_id, self.connector_id, self.reason, self.retry_at = client_id, connector_id, reason, retry_at


class NeedsConsent(TokenProblem):
    """Nobody but the person can mend it, by connecting their account; `reason` is `never_connected`, `disconnected`,
    or the provider's error code."""


class NeedsScopes(NeedsConsent):
    """The server wants more than the person's grant has; the account itself is good."""

    def __init__(
        self,
        message: str,
        *,
        client_id: UUID,
        connector_id: UUID,
        scopes: tuple[str, ...],
        grant_id: UUID,
        since: datetime,
    ) -> None:
        """`since`: when the account was connected that the server refused."""
        super().__init__(message, client_id=client_id, connector_id=connector_id, reason="insufficient_scope")
        self.scopes, self.grant_id, self.since = scopes, grant_id, since


class ScopesLacking(TokenProblem):
    """The server wants more than was granted, and asking whose grant it is would bring nothing. `why` is `granted` (it
    has them, so the server is at fault), `barred` (by an admin), `not_given` (they were asked), `shared`, or `again`
    (it had just been given what it wanted before)."""

    def __init__(
        self, message: str, *, client_id: UUID, connector_id: UUID | None, scopes: tuple[str, ...], why: str
    ) -> None:
        super().__init__(message, client_id=client_id, connector_id=connector_id, reason="insufficient_scope")
        self.scopes, self.why = scopes, why


class NeedsSignIn(NeedsConsent):
    """Nothing of the person's is good that could be exchanged: they sign in once by the company's sign-in."""


class OutcomeUnknown(NeedsConsent):
    """An interrupted renewal lost the tokens: the person has to connect again, through no fault of anybody's."""


class NeedsOperator(TokenProblem):
    """The registration at the provider is refused: an admin has to mend it, and every grant is good again then."""


class NeedsOperatorForOne(NeedsOperator):
    """The same of one grant, where nothing says that the registration is at fault."""


class NotNow(TokenProblem):
    """The provider gives no token at the moment, and nothing is lost: it is tried again by itself."""


class CannotSignIn(VaultError):
    """Nobody can be sent to sign in: the connector's OAuth isn't set up, or its provider isn't fit for it."""


class ConsentFailed(VaultError):
    """Somebody came back from a provider, and nothing was connected. `code` is one of CODES."""

    CODES = (
        *("unknown", "expired", "used", "other_person", "wrong_issuer", "denied", "refused", "no_code"),
        *("not_exchanged", "unusable", "account"),
    )

    def __init__(self, sentence: str, *, code: str, connector_id: UUID | None = None) -> None:
        super().__init__(sentence)
        assert code in self.CODES
        self.code = code
        self.connector_id = connector_id
        """Which connector it was for, once that is known to be this person's own way."""


class AccountNotAllowed(VaultError):
    """Somebody signed in at a provider with an account that may not be connected here."""

    def __init__(self, message: str, *, domain: str = "") -> None:
        super().__init__(message)
        self.domain = domain
