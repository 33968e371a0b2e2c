"""Proves that the root key at hand is the one that wraps what is stored; on the first start it is registered."""

from __future__ import annotations

from vault.actions.register_root_key import register_root_key
from vault.errors import WrongRootKey
from vault.keys.canary import opens_canary
from vault.keys.registry import root_key
from vault.models import DataKey, RootKey

_ADVICE = "Put the right key file back into the keys folder; nothing was changed."


def check_root_key() -> None:
    """Run before serving. Raises WrongRootKey, and KeyProblem when there is none."""
    provider = root_key()
    label = provider.describe().label
    stored = {row.label: row for row in RootKey.objects.all()}
    if not stored and not DataKey.objects.exists():
        register_root_key(provider)
    elif label not in stored:
        raise WrongRootKey(_wrong_key(label, sorted(stored)))
    elif not opens_canary(provider, bytes(stored[label].canary)):
        raise WrongRootKey(f"The root key {label} does not open the canary that was stored with it. {_ADVICE}")


def _wrong_key(found: str, expected: list[str]) -> str:
    names = " or ".join(expected) or "a root key that is not registered any more"
    return f"Wrong root key: this database's secrets are wrapped by {names}, the keys folder holds {found}. {_ADVICE}"
