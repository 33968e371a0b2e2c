"""Clients that sign in to Harriet, what people allowed them, and what happened on the way."""

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

__all__ = [
    "Application",
    "AuthorizationCode",
    "ConnectedApp",
    "ConnectionStep",
    "DeviceCode",
    "IdToken",
    "IssuedToken",
    "RefreshToken",
]
