"""Clients that sign in to Harriet, what people allowed them, what happened on the way; where people sign in."""

from harriet.signin.models.providers import (
    ClaimMapping,
    Domain,
    IdentityProvider,
    ProviderSession,
    SeenAssertion,
    SignInAttempt,
    SubjectToken,
)
from harriet.signin.models.scim import ScimGroup, ScimUser
from harriet.signin.models.server import (
    Application,
    AuthorizationCode,
    ConnectedApp,
    DeviceCode,
    IdToken,
    IssuedToken,
    RefreshToken,
)
from harriet.signin.models.steps import ConnectionStep
from harriet.signin.models.trusted import TrustedIssuer, TrustedProfile, UsedAssertion, WorkloadIdentity

__all__ = [
    "Application",
    "AuthorizationCode",
    "ClaimMapping",
    "ConnectedApp",
    "ConnectionStep",
    "DeviceCode",
    "Domain",
    "IdToken",
    "IdentityProvider",
    "IssuedToken",
    "ProviderSession",
    "RefreshToken",
    "ScimGroup",
    "ScimUser",
    "SeenAssertion",
    "SignInAttempt",
    "SubjectToken",
    "TrustedIssuer",
    "TrustedProfile",
    "UsedAssertion",
    "WorkloadIdentity",
]
