"""The checks by their codes, in the order in which pages list them; and all that they find in a subject."""

from __future__ import annotations

from itertools import islice

from connectors.findings.base import FROM_LOW_TO_CRITICAL, Check, Finding, Subject
from connectors.findings.checks.address import ADDRESS
from connectors.findings.checks.carries_away import CARRIES_AWAY
from connectors.findings.checks.changed_lately import CHANGED_LATELY
from connectors.findings.checks.contradictions import CONTRADICTIONS
from connectors.findings.checks.hidden_text import HIDDEN_TEXT
from connectors.findings.checks.look_alike import LOOK_ALIKE
from connectors.findings.checks.many_tools import MANY_TOOLS
from connectors.findings.checks.no_authentication import NO_AUTHENTICATION
from connectors.findings.checks.no_owner import NO_OWNER
from connectors.findings.checks.other_tools import OTHER_TOOLS
from connectors.findings.checks.shadowed_names import SHADOWED_NAMES
from connectors.findings.checks.shared_secret import SHARED_SECRET
from connectors.findings.checks.told_identity import TOLD_IDENTITY
from connectors.findings.checks.wide_scopes import WIDE_SCOPES

CHECKS = {
    check.code: check
    for check in (
        HIDDEN_TEXT,
        LOOK_ALIKE,
        CONTRADICTIONS,
        CARRIES_AWAY,
        NO_AUTHENTICATION,
        ADDRESS,
        SHARED_SECRET,
        SHADOWED_NAMES,
        OTHER_TOOLS,
        WIDE_SCOPES,
        TOLD_IDENTITY,
        MANY_TOOLS,
        CHANGED_LATELY,
        NO_OWNER,
    )
}
MOST_OF_A_CHECK = 2_000
MOST = 200
"""Findings of a connector, the worst of them."""


def findings_of(subject: Subject, checks: dict[str, Check] = CHECKS) -> list[Finding]:
    """The worst first; what is found at the same place again is said once."""
    found = dict.fromkeys(one for check in checks.values() for one in islice(check.find(subject), MOST_OF_A_CHECK))
    worst_first = sorted(found, key=lambda one: (-FROM_LOW_TO_CRITICAL.index(one.severity), one.code, one.where))
    return worst_first[:MOST]
