"""A profile with a tool of each risk, for stories about what a client is allowed."""

from __future__ import annotations

from connectors.models import Profile, Risk
from tests.stage.cast import Cast
from tests.stage.connectors import connector, tool
from tests.stage.profiles import profile

_TOOLS = (("find", Risk.READ_ONLY), ("note", Risk.MODERATE), ("wipe", Risk.DANGEROUS))


def profile_by_risk(cast: Cast, url: str = "http://127.0.0.1:9/mcp") -> Profile:
    """Sales has it, and may call all three."""
    crm = connector(cast.acme, url)
    for name, risk in _TOOLS:
        tool(crm, {"name": name, "inputSchema": {"type": "object"}}, cast.sales, risk_override=risk)
    return profile(cast.acme, crm, groups=[cast.sales])
