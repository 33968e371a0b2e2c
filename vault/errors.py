"""What can go wrong in the vault, in words that never say anything about a secret."""

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
