"""What a connected app's token lets it do, by the risk of the tools (RFC 6749 §3.3)."""

from __future__ import annotations

from django.db.models import Q

from connectors.models import Risk, Tool, of_risk

READ = "tools.read"
WRITE = "tools.write"
DANGEROUS = "tools.dangerous"
SCOPES = (READ, WRITE, DANGEROUS)
"""From the least to the most: whoever asks for nothing in particular asks for all."""

_OF_RISK = {Risk.READ_ONLY.value: READ, Risk.DANGEROUS.value: DANGEROUS}


def scope_of(kind: str, risk: str) -> str:
    """The scope that a token needs for it. Prompts and resources are only read."""
    return _OF_RISK.get(risk, WRITE) if kind == Tool.Kind.TOOL else READ


def needing(scope: str) -> Q:
    """Of tools: those for which `scope_of` says this scope."""
    plain = [risk for risk in Risk.values if scope_of(Tool.Kind.TOOL, risk) == scope]
    tools = Q(kind=Tool.Kind.TOOL) & of_risk(*plain)
    return tools | ~Q(kind=Tool.Kind.TOOL) if scope == READ else tools


def in_order(scopes: set[str] | frozenset[str]) -> str:
    """As tokens and challenges have it: the known ones, separated by spaces, always in the same order."""
    return " ".join(scope for scope in SCOPES if scope in scopes)
