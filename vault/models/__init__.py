"""Sealed secrets: the keys that seal them, the credentials, their versions, and what OAuth gave."""

from vault.models.credentials import Credential, CredentialVersion
from vault.models.keys import DataKey, RootKey
from vault.models.oauth import OAuthClient, OAuthGrant, OAuthRequest

__all__ = [
    "Credential",
    "CredentialVersion",
    "DataKey",
    "OAuthClient",
    "OAuthGrant",
    "OAuthRequest",
    "RootKey",
]
