"""The roles, such as auditor: what each may open and do. One row each: name, powers and sentence, lowest last."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from django.db import models


class Power(StrEnum):
    """Read as: “You may not …”."""

    MANAGE_ORGANIZATION = "manage the organization"
    MANAGE_PEOPLE = "manage people and groups"
    MANAGE_CONNECTORS = "manage connectors"
    MANAGE_CREDENTIALS = "manage credentials"
    MANAGE_PROFILES = "manage profiles"
    MANAGE_TOKENS = "manage devices and tokens"
    DECIDE_ACTIONS = "decide on pending actions"
    REVIEW_CONNECTORS = "review connectors"
    VIEW_AUDIT = "read the audit log"
    VIEW_SETTINGS = "see company settings"
    VIEW_RECORDS = "read the records"


ALL = frozenset(Power)
NONE: frozenset[Power] = frozenset()


class Role(models.TextChoices):
    """The value, which rows and the API keep; the powers; what it is for; the name that people read."""

    OWNER = "owner", ALL, "Owners may do everything.", "Owner"
    MCP_ADMIN = (
        "mcp_admin",
        ALL - {Power.MANAGE_ORGANIZATION},
        "IT admins manage everything but the organization itself.",
        "IT admin",
    )
    REVIEWER = (
        "reviewer",
        frozenset({Power.REVIEW_CONNECTORS, Power.VIEW_SETTINGS}),
        "Reviewers decide on connectors before anybody uses them.",
        "Reviewer",
    )
    APPROVER = (
        "approver",
        frozenset({Power.DECIDE_ACTIONS, Power.VIEW_SETTINGS}),
        "Approvers decide on calls that wait.",
        "Approver",
    )
    AUDITOR = (
        "auditor",
        frozenset({Power.VIEW_AUDIT, Power.VIEW_SETTINGS, Power.VIEW_RECORDS}),
        "Auditors read the audit log and the records.",
        "Auditor",
    )
    MEMBER = "member", NONE, "Members use tools.", "Member"

    powers: frozenset[Power]
    purpose: str

    def __new__(cls, value: str, powers: frozenset[Power] = NONE, purpose: str = "") -> Self:
        """Defaults, because `Role("owner")` finds a row by its value alone."""
        role = str.__new__(cls, value)
        role._value_, role.powers, role.purpose = value, powers, purpose
        return role


ROLE_CHOICES = [(role.value, role.label) for role in reversed(Role)]
"""As forms offer them: what most people are comes first."""
ROLE_HELP = " ".join(role.purpose for role in reversed(Role))


def roles_with(power: Power) -> list[Role]:
    return [role for role in Role if power in role.powers]
