"""Connectors, their tools and pinned definitions, who may call them, and profiles."""

from connectors.models.argument_rules import ArgumentRule
from connectors.models.autonomous_scopes import AutonomousScope
from connectors.models.bulk import BulkChange
from connectors.models.connectors import (
    IN_SERVICE,
    TROUBLES,
    Connector,
    ConnectorGroupPermission,
    ConnectorPermission,
)
from connectors.models.identity_keys import IdentityKey
from connectors.models.limits import AtLimit, Breakers, CallLimit, LimitCount
from connectors.models.profiles import Profile
from connectors.models.resources import ResourceAddresses
from connectors.models.reviews import Assessment, Review, ReviewComment
from connectors.models.syncs import LONGEST_SYNC, SyncRun
from connectors.models.tools import CALLABLE, EVERYONE, Risk, Tool, ToolPermission, ToolVersion, of_risk

__all__ = [
    "CALLABLE",
    "EVERYONE",
    "IN_SERVICE",
    "LONGEST_SYNC",
    "TROUBLES",
    "ArgumentRule",
    "Assessment",
    "AtLimit",
    "AutonomousScope",
    "Breakers",
    "BulkChange",
    "CallLimit",
    "Connector",
    "ConnectorGroupPermission",
    "ConnectorPermission",
    "IdentityKey",
    "LimitCount",
    "Profile",
    "ResourceAddresses",
    "Review",
    "ReviewComment",
    "Risk",
    "SyncRun",
    "Tool",
    "ToolPermission",
    "ToolVersion",
    "of_risk",
]
